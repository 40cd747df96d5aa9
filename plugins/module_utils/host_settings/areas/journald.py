# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""How much the journal may keep, and how: a drop-in of journald.conf(5)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from ..._errors import BadInput
from ..._host import checks
from ..._transaction import steps
from ..area import Asked, Have, Part, Wanted, conf, one_line, paths_of, settle

AREA = "journald"
PATH = "/etc/systemd/journald.conf.d/90-groundcrew.conf"
UNIT = "systemd-journald.service"
SIZE, TIME, COUNT, BOOL, LEVEL = "size", "time", "count", "bool", "level"
_SPAN = r"[0-9]+ ?(us|ms|s|sec|m|min|h|hr|d|day|days|w|week|weeks|month|months|y|year|years)?"
FORMS = {
    SIZE: (re.compile(r"[0-9]+[KMGTPE]?"), "a size such as 500M"),
    TIME: (re.compile(rf"{_SPAN}( {_SPAN})*|0|infinity"), "a time such as 30s or 1month"),
    COUNT: (re.compile(r"[0-9]+"), "a number"),
    BOOL: (re.compile(r"yes|no|true|false|on|off|1|0"), "yes or no"),
    LEVEL: (re.compile(r"emerg|alert|crit|err|warning|notice|info|debug|[0-7]"), "a level such as warning"),
}
KEYS = {
    **dict.fromkeys(
        (f"{where}{what}" for where in ("System", "Runtime") for what in ("MaxUse", "KeepFree", "MaxFileSize")), SIZE
    ),
    **dict.fromkeys(("SystemMaxFiles", "RuntimeMaxFiles", "RateLimitBurst"), COUNT),
    **dict.fromkeys(("MaxRetentionSec", "MaxFileSec", "SyncIntervalSec", "RateLimitIntervalSec"), TIME),
    **dict.fromkeys(("ForwardToSyslog", "ForwardToKMsg", "ForwardToConsole", "ForwardToWall", "Seal"), BOOL),
    **dict.fromkeys(("MaxLevelStore", "MaxLevelSyslog", "MaxLevelKMsg", "MaxLevelConsole", "MaxLevelWall"), LEVEL),
    "LineMax": SIZE,
    "Storage": "storage",
    "Compress": "compress",
    "SplitMode": "split",
}
FORMS["storage"] = (re.compile(r"volatile|persistent|auto|none"), "volatile, persistent, auto or none")
FORMS["split"] = (re.compile(r"uid|none"), "uid or none")
FORMS["compress"] = (re.compile(rf"{FORMS[BOOL][0].pattern}|{FORMS[SIZE][0].pattern}"), "yes, no or a size such as 512")


def parse(params: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the settings, None where they are not asked for; raise BadInput, since journald itself would only log it."""
    if params["journald"] is None:
        return None
    return {str(key): _value(str(key), value) for key, value in params["journald"].items()}


def _value(key: str, value: object) -> str:
    if key not in KEYS:
        near = ", ".join(difflib.get_close_matches(key, KEYS, 3))
        raise BadInput(
            f"journald setting {key} is none of journald.conf(5) that is taken here: give {near or 'another'}"
        )
    text = ("yes" if value else "no") if isinstance(value, bool) else one_line(f"journald setting {key}", value)
    form, told = FORMS[KEYS[key]]
    if not form.fullmatch(text):
        raise BadInput(f"journald setting {key} is {text!r}: give {told}")
    return text


def reads(_want: dict[str, str], past: Mapping[str, Any]) -> Asked:
    """Return what the plan has to know of the host."""
    return Asked((PATH, *paths_of(past)))


def plan(want: dict[str, str], have: Have) -> Part:
    """Return the drop-in, and the restart that makes journald read it; it loses no message by that."""
    lines = ["[Journal]", *(f"{key}={value}" for key, value in want.items())]
    wanted: dict[str, Wanted] = {PATH: conf(lines)} if want else {}
    settled = settle(AREA, wanted, have)
    restart = PATH in settled.changed
    return Part(
        settled,
        after=(steps.unit(UNIT, "restart"),) if restart else (),
        checks=(checks.unit(UNIT),) if restart else (),
        facts={"paths": list(settled.paths)} if wanted else {},
    )
