# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What an update looks at: the versions that apt offers, and the units that run replaced code."""

from __future__ import annotations

from typing import NamedTuple

from .._host import apt, stale
from .._host.apt import Updates
from .._host.stale import Scan


class Have(NamedTuple):
    updates: Updates
    scan: Scan
    lone: dict[str, int]


class Want(NamedTuple):
    """`only` empty means all packages; `keep_running` are patterns of units that are never restarted."""

    only: tuple[str, ...] = ()
    restart: bool = True
    keep_running: tuple[str, ...] = ()
    within_s: float = 60


def read(want: Want) -> Have:
    """Look at the host; its lists of packages must be fresh."""
    scan = stale.scan()
    units = sorted({process.unit for process in scan.stale if process.unit.endswith(".service")})
    return Have(apt.updates(want.only), scan, stale.main_pids_of_lone(units))
