# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What HAProxy tells of its servers."""

from __future__ import annotations

import csv
from typing import NamedTuple

from .._errors import Unreadable

# Rows of every backend and server, and of nothing else.
SHOW_STAT = "show stat -1 6 -1"
BACKEND = "BACKEND"
SHOW_STATE = "show servers state"

# HAProxy's own bits of srv_admin_state. A server that follows another one (`track`) has bits of its own for that.
FORCED_MAINTENANCE = 0x01
FORCED_DRAIN = 0x08
# Its bit of srv_check_state, whether the check runs at the moment or not.
CHECK_CONFIGURED = 0x02

ENABLED, DRAINED, MAINTENANCE = "enabled", "drained", "maintenance"
PRESENT, ABSENT = "present", "absent"


class Server(NamedTuple):
    """A server in one backend: `state` is what was asked of it, `status` what HAProxy makes of it now.

    `weight` is what counts now; `asked_weight` was set at run time, `own_weight` stands in the configuration.
    """

    backend: str
    name: str
    state: str
    status: str
    sessions: int
    queued: int
    check: str = ""
    weight: int = 1
    asked_weight: int = 1
    own_weight: int = 1
    address: str = ""
    sticky: bool = False
    checked: bool = False

    @property
    def serving(self) -> bool:
        """It gets new requests: UP, also while it goes down (`UP 1/2`), or it is not checked at all."""
        return self.status.startswith(("UP", "no check")) and self.weight > 0

    @property
    def up(self) -> bool:
        """UP without reserve: `UP 1/2` is a server that HAProxy doubts."""
        return self.status == "UP" or self.status.startswith("no check")

    @property
    def idle(self) -> bool:
        return self.sessions == 0 and self.queued == 0

    def told(self) -> dict[str, object]:
        return {
            "backend": self.backend,
            "state": self.state,
            "status": self.status,
            "sessions": self.sessions,
            "queued": self.queued,
            "weight": self.asked_weight,
        }


class Asked(NamedTuple):
    """What was asked of a server, as `show servers state` tells it."""

    admin: int = 0
    weight: int = 1
    own_weight: int = 1
    checks: int = 0


def rows_of(stat: str) -> list[dict[str, str]]:
    """Return the rows of `show stat` by their columns' names; raise Unreadable where HAProxy said something else."""
    rows = list(csv.DictReader(stat.lstrip("# ").splitlines()))
    if not stat.startswith("# pxname,svname,"):
        raise Unreadable(f"HAProxy's answer to `{SHOW_STAT}` is not understood: {stat[:200]!r}")
    return rows


def parse(stat: str, servers_state: str) -> tuple[Server, ...]:
    """Return the servers that `show stat` and `show servers state` tell of, in HAProxy's order."""
    asked = _asked(servers_state)
    rows = [row for row in rows_of(stat) if row["svname"] != BACKEND]
    try:
        return tuple(_server(row, asked.get((row["pxname"], row["svname"]), Asked())) for row in rows)
    except (KeyError, ValueError, TypeError) as error:
        raise Unreadable(f"HAProxy's answer to `{SHOW_STAT}` is not understood ({error!r}): {stat[:200]!r}") from error


def _server(row: dict[str, str], asked: Asked) -> Server:
    return Server(
        backend=row["pxname"],
        name=row["svname"],
        state=_state(asked.admin),
        status=row["status"],
        sessions=int(row["scur"] or 0),
        queued=int(row["qcur"] or 0),
        check=" ".join(filter(None, (row["check_status"], row["check_desc"], row["last_chk"]))),
        weight=int(row["weight"] or 0),
        asked_weight=asked.weight,
        own_weight=asked.own_weight,
        address=row.get("addr") or "",
        sticky=bool(row.get("cookie")),
        checked=bool(asked.checks & CHECK_CONFIGURED),
    )


def _asked(servers_state: str) -> dict[tuple[str, str], Asked]:
    lines = servers_state.splitlines()
    header = next((line for line in lines if line.startswith("# be_id")), "")
    names = header.lstrip("# ").split()
    found = {}
    for line in lines[lines.index(header) + 1 :] if header else ():
        row = dict(zip(names, line.split()))
        if "srv_check_state" in row:
            numbers = (
                int(row[column]) for column in ("srv_admin_state", "srv_uweight", "srv_iweight", "srv_check_state")
            )
            found[row["be_name"], row["srv_name"]] = Asked(*numbers)
    return found


def _state(admin: int) -> str:
    if admin & FORCED_MAINTENANCE:
        return MAINTENANCE
    return DRAINED if admin & FORCED_DRAIN else ENABLED
