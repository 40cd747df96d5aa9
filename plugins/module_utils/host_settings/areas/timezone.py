# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The time zone: the link /etc/localtime, and /etc/timezone on hosts that have it (Debian 13 no longer does)."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from typing import Any

from ..._errors import BadInput
from ..._host import confines, files
from ..area import Asked, Content, Have, LinkTo, Part, Wanted, paths_of, settle

AREA = "timezone"
LOCALTIME, TIMEZONE = "/etc/localtime", "/etc/timezone"
ZONES = "/usr/share/zoneinfo"
ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
MOUNTED = "it is a mount of its own, as in a container, whose engine gives it"


def parse(params: Mapping[str, Any]) -> str | None:
    """Return the zone's name, "" to go back, None where it is not asked for."""
    zone: str | None = params["timezone"]
    if zone and not ZONE.fullmatch(zone):
        raise BadInput(f"timezone {zone!r} is no name of a zone: write it like Europe/Berlin")
    return zone


def reads(want: str, past: Mapping[str, Any]) -> Asked:
    """Return what the plan has to know of the host."""
    return Asked(
        (LOCALTIME, TIMEZONE, *paths_of(past)),
        (),
        {
            "zone": lambda: os.path.isfile(f"{ZONES}/{want}"),
            "zones": lambda: _zones(want),
            "mounts": confines.mount_points,
        },
    )


def plan(want: str, have: Have) -> Part:
    """Return the link and the file; raise BadInput for a zone that the host does not know."""
    wanted: dict[str, Wanted] = {}
    if want:
        _refuse(want, have)
        wanted[LOCALTIME] = LinkTo(_target(want, have))
        if have.files[TIMEZONE].exists:
            wanted[TIMEZONE] = Content(f"{want}\n".encode())
    mounted = [path for path in wanted if path in have.seen["mounts"]]
    settled = settle(AREA, {path: one for path, one in wanted.items() if path not in mounted}, have)
    return Part(
        settled,
        facts={"paths": list(settled.paths)} if settled.paths else {},
        skipped=dict.fromkeys(mounted, MOUNTED),
    )


def _target(want: str, have: Have) -> str:
    """A link that leads there by another way is left as it is."""
    now = have.files[LOCALTIME]
    path = f"{ZONES}/{want}"
    there = os.path.normpath(os.path.join(os.path.dirname(LOCALTIME), now.target or ""))
    return now.target if now.kind == files.LINK and now.target and there == path else path


def _refuse(want: str, have: Have) -> None:
    known = have.seen["zones"]
    if have.seen["zone"] or (have.rehearsal and not known):
        return
    if not known:
        raise BadInput(f"timezone {want} cannot be set, since {ZONES} is missing: install the package tzdata")
    near = difflib.get_close_matches(want, known, 3)
    meant = f"did you mean {', '.join(near)}? " if near else ""
    raise BadInput(f"timezone {want} is not known here: {meant}See `timedatectl list-timezones`")


def _zones(want: str) -> tuple[str, ...]:
    """Return the names of all zones where they are needed to tell of a wrong one."""
    if not want or os.path.isfile(f"{ZONES}/{want}"):
        return ()
    return tuple(
        os.path.relpath(f"{folder}/{name}", ZONES)
        for folder, _folders, names in os.walk(ZONES)
        for name in sorted(names)
        if name[:1].isupper()
    )
