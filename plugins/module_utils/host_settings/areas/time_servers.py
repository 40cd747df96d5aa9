# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Where the clock is set by: a file of chrony's sources. What its own config names besides stays."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..._errors import BadInput
from ..._host import checks, confines
from ..._transaction import steps
from ..area import Asked, Have, Part, Wanted, conf, no_doubles, paths_of, settle

AREA = "time_servers"
PATH = "/etc/chrony/sources.d/groundcrew.sources"
PROGRAM = "/usr/sbin/chronyd"
UNIT = "chrony.service"
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?")
NO_CLOCK = "the clock is the machine's, as in a container: the file is written, and chrony does not run here"


def parse(params: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the servers, None where they are not asked for; raise BadInput for what is no name or address."""
    if params["time_servers"] is None:
        return None
    for name in params["time_servers"]:
        if not NAME.fullmatch(name):
            raise BadInput(f"time server {name!r} is no host name or address: write it like ntp.example.com")
    no_doubles("time server", params["time_servers"])
    return tuple(params["time_servers"])


def reads(_want: tuple[str, ...], past: Mapping[str, Any]) -> Asked:
    """Return what the plan has to know of the host."""
    looks: dict[str, Callable[[], Any]] = {
        "chrony": lambda: os.access(PROGRAM, os.X_OK),
        "may set the clock": lambda: confines.may(confines.SYS_TIME),
    }
    return Asked((PATH, *paths_of(past)), (UNIT,), looks)


def plan(want: tuple[str, ...], have: Have) -> Part:
    """Return the file, and the restart that makes chrony read it."""
    if want and not have.seen["chrony"] and not have.rehearsal:
        raise BadInput(f"time servers {', '.join(want)} need chrony: install the package chrony first")
    wanted: dict[str, Wanted] = {PATH: conf(f"server {name} iburst" for name in want)} if want else {}
    settled = settle(AREA, wanted, have, brought=not have.seen["chrony"])
    # Debian's unit does not start where the clock cannot be set, unless somebody told it -x.
    runs = have.seen["may set the clock"] or have.units[UNIT].is_active
    restart = PATH in settled.changed and runs
    return Part(
        settled,
        after=(steps.unit(UNIT, "restart"),) if restart else (),
        checks=(checks.unit(UNIT),) if restart else (),
        facts={"paths": list(settled.paths)} if wanted else {},
        skipped={} if runs or not want else {UNIT: NO_CLOCK},
    )
