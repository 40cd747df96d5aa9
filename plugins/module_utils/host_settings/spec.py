# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The options of the module host_settings; its documentation says what they are."""

from __future__ import annotations

from typing import Any

from .._argspec import PROOF_OPTIONS, RUN_OPTIONS

STATE = {"type": "str", "choices": ["present", "absent"], "default": "present"}
NAMED = {"type": "str", "required": True}
WORDS = {"type": "list", "elements": "str"}


def _several(**options: Any) -> dict[str, Any]:
    return {"type": "list", "elements": "dict", "options": options}


SPEC: dict[str, Any] = {
    "hostname": {"type": "str"},
    "hosts": _several(address=NAMED, names={**WORDS, "required": True}),
    "timezone": {"type": "str"},
    "locale": {"type": "str"},
    "locales": WORDS,
    "swap": _several(path={"type": "path", "required": True}, size_mb={"type": "int"}, state=STATE),
    "journald": {"type": "dict"},
    "limits": _several(
        domain=NAMED,
        type={"type": "str", "choices": ["soft", "hard", "-"], "required": True},
        item=NAMED,
        value={"type": "str", "required": True},
    ),
    "logrotate": _several(name=NAMED, paths={**WORDS, "required": True}, options={**WORDS, "default": []}),
    "timers": _several(
        name=NAMED,
        command={"type": "str"},
        on_calendar={"type": "str"},
        user={"type": "str", "default": "root"},
        randomized_delay_s={"type": "int", "default": 0},
        persistent={"type": "bool", "default": True},
        state=STATE,
    ),
    "time_servers": WORDS,
    "mounts": _several(
        point={"type": "path", "required": True},
        what={"type": "str"},
        type={"type": "str"},
        options={**WORDS, "default": []},
        state=STATE,
    ),
    "force": {"type": "bool", "default": False},
    **RUN_OPTIONS,
    **PROOF_OPTIONS,
}
