# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide which silences to create, renew or expire: pure.

A silence is ours when its owner is ours and, where the run has an id, its comment ends with that id: two runs that
silence the same alerts each keep their own, so the end of one does not wake the alerts of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .._errors import BadInput
from .._transaction.paths import stamp
from .state import Matcher, Silence


class Want(NamedTuple):
    state: str
    matchers: frozenset[Matcher]
    owner: str
    comment: str
    duration_s: int
    extend: bool = True
    run_id: str | None = None

    @property
    def full_comment(self) -> str:
        return f"{self.comment} [run {self.run_id}]" if self.run_id else self.comment


class Changes(NamedTuple):
    """Silences to write (a body with an `id` renews that one) and ids to expire; `kept` serves as it is."""

    put: tuple[dict[str, Any], ...] = ()
    expire: tuple[Silence, ...] = ()
    kept: Silence | None = None

    @property
    def changed(self) -> bool:
        return bool(self.put or self.expire)


def plan(want: Want, silences: Sequence[Silence], now: float) -> Changes:
    """Return what brings the silences into the wanted state at the time `now`.

    Raise BadInput when the want would silence everything or expire what belongs to others.
    """
    ours = [silence for silence in silences if _is_ours(want, silence)]
    if want.state == "absent":
        if not want.matchers and not want.run_id:
            raise BadInput("state absent needs matchers, or the run_id whose silences shall end")
        return Changes(expire=tuple(ours))
    if not want.matchers:
        raise BadInput("a silence needs at least one matcher, such as {name: instance, value: app1}")
    if want.duration_s <= 0:
        raise BadInput(f"duration_s is {want.duration_s}: a silence must last at least one second")
    longest = max(ours, key=lambda silence: silence.ends, default=None)
    if longest is None:
        return Changes(put=(_body(want, now),))
    # Renewing at half time keeps a second run of the same playbook without a change.
    if want.extend and longest.ends - now < want.duration_s / 2:
        return Changes(put=({**_body(want, now), "id": longest.id, "startsAt": stamp(longest.starts)},))
    return Changes(kept=longest)


def _is_ours(want: Want, silence: Silence) -> bool:
    if silence.owner != want.owner or (want.matchers and silence.matchers != want.matchers):
        return False
    return not want.run_id or silence.comment.endswith(f"[run {want.run_id}]")


def _body(want: Want, now: float) -> dict[str, Any]:
    return {
        "matchers": [matcher.told() for matcher in sorted(want.matchers)],
        "startsAt": stamp(now),
        "endsAt": stamp(now + want.duration_s),
        "createdBy": want.owner,
        "comment": want.full_comment,
    }
