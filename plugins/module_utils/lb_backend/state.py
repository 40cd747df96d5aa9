# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What HAProxy tells of its servers."""

from __future__ import annotations

import csv
from typing import NamedTuple

from .._errors import Unreadable

SHOW_STAT = "show stat -1 4 -1"
SHOW_STATE = "show servers state"

# HAProxy's own bits of srv_admin_state. A server that follows another one (`track`) has bits of its own for that.
FORCED_MAINTENANCE = 0x01
FORCED_DRAIN = 0x08

ENABLED, DRAINED, MAINTENANCE = "enabled", "drained", "maintenance"


class Server(NamedTuple):
    """A server in one backend: `state` is what was asked of it, `status` what HAProxy makes of it now."""

    backend: str
    name: str
    state: str
    status: str
    sessions: int
    queued: int
    check: str = ""
    weight: int = 1

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
        }


def parse(stat: str, servers_state: str) -> tuple[Server, ...]:
    """Return the servers that `show stat -1 4 -1` and `show servers state` tell of, in HAProxy's order."""
    admin = _admin_states(servers_state)
    rows = csv.DictReader(stat.lstrip("# ").splitlines())
    try:
        return tuple(
            Server(
                backend=row["pxname"],
                name=row["svname"],
                state=_state(admin.get((row["pxname"], row["svname"]), 0)),
                status=row["status"],
                sessions=int(row["scur"] or 0),
                queued=int(row["qcur"] or 0),
                check=" ".join(filter(None, (row["check_status"], row["check_desc"], row["last_chk"]))),
                weight=int(row["weight"] or 0),
            )
            for row in rows
        )
    except (KeyError, ValueError, TypeError) as error:
        raise Unreadable(f"HAProxy's answer to `{SHOW_STAT}` is not understood ({error!r}): {stat[:200]!r}") from error


def _admin_states(servers_state: str) -> dict[tuple[str, str], int]:
    lines = servers_state.splitlines()
    header = next((line for line in lines if line.startswith("# be_id")), "")
    names = header.lstrip("# ").split()
    found = {}
    for line in lines[lines.index(header) + 1 :] if header else ():
        row = dict(zip(names, line.split()))
        if "srv_admin_state" in row:
            found[row["be_name"], row["srv_name"]] = int(row["srv_admin_state"])
    return found


def _state(admin: int) -> str:
    if admin & FORCED_MAINTENANCE:
        return MAINTENANCE
    return DRAINED if admin & FORCED_DRAIN else ENABLED
