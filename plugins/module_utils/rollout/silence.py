# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The silence of a host's alerts during its turn: where it is asked for, and what the Alertmanagers' answers come to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput


class Answered(NamedTuple):
    """`by`: the hosts whose Alertmanager did what was asked. `others`: the rest of those asked, each with its reason."""

    by: tuple[str, ...]
    others: dict[str, str]


def understand(given: Mapping[str, Any] | None, host: str, known: Collection[str]) -> dict[str, Any]:
    """Return the silence that is asked for `host`, with all its options; its hosts are empty when none is.

    `known` are the hosts of the inventory. Raise BadInput for what no Alertmanager could take.
    """
    if not given:
        return {"hosts": [], "url": "", "matchers": [], "duration_s": 0}
    unknown = [name for name in given["hosts"] if name not in known]
    if unknown:
        raise BadInput(f"silence: host {unknown[0]!r} is not in the inventory. Name hosts that run Alertmanager")
    if not given["hosts"]:
        raise BadInput("silence: it names no hosts. Name those that run Alertmanager, or give {} for no silence")
    if given["duration_s"] <= 0:
        raise BadInput(
            f"silence: duration_s {given['duration_s']!r} is no time. Give the seconds after which it ends by itself"
        )
    return {**given, "matchers": given["matchers"] or [{"name": "host", "value": host}]}


def judge(answers: Sequence[Mapping[str, Any]]) -> Answered:
    """Return who did what was asked, from the results of alertmanager_silence, one a host."""
    named = [(_asked(answer), answer) for answer in answers]
    return Answered(
        tuple(name for name, answer in named if "expired" in answer),
        {name: _why(answer) for name, answer in named if "expired" not in answer},
    )


def _asked(answer: Mapping[str, Any]) -> str:
    item = answer[answer.get("ansible_loop_var", "item")]
    return str(item["at"] if isinstance(item, Mapping) else item)


def _why(answer: Mapping[str, Any]) -> str:
    return " ".join(str(answer.get("msg") or answer.get("module_stderr") or "no answer").split())
