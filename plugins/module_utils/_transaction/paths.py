# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Where the collection keeps its state on a host, and the clock that its time limits are measured by."""

from __future__ import annotations

import datetime as dt
import time
from typing import NamedTuple


class Paths(NamedTuple):
    """The state directory and what is installed beside it; tests give another `base`."""

    base: str = "/var/lib/groundcrew"
    command: str = "/usr/local/sbin/groundcrew"
    systemd: str = "/etc/systemd/system"

    @property
    def journal(self) -> str:
        return f"{self.base}/journal"

    @property
    def undo(self) -> str:
        return f"{self.base}/undo"

    @property
    def archives(self) -> str:
        return f"{self.base}/archives"

    @property
    def code(self) -> str:
        return f"{self.base}/code"

    @property
    def units(self) -> str:
        return f"{self.base}/units"

    @property
    def managed(self) -> str:
        return f"{self.base}/managed"

    @property
    def ledger(self) -> str:
        return f"{self.base}/ledger.jsonl"

    @property
    def lock(self) -> str:
        return f"{self.base}/lock"

    @property
    def flock(self) -> str:
        return f"{self.base}/flock"

    @property
    def quarantine(self) -> str:
        return f"{self.base}/quarantine"


HOST = Paths()


def now() -> str:
    """Return the wall clock in UTC, for people to read: never for measuring."""
    return stamp(time.time())


def stamp(seconds: float) -> str:
    """Return a moment of the wall clock in UTC, as it stands in ledgers and results."""
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def boottime() -> float:
    """Return the seconds since boot, time asleep included: the clock of all our time limits, no one can set it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """Return the kernel's name of this boot: a `boottime` is only comparable within one."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def remaining(ends: float, boot: str, *, ttl_s: float) -> float:
    """Return the seconds until `ends`, which was told in boot `boot`.

    After a reboot the old clock is gone: the whole of `ttl_s` is counted from the new boot, so that a run which
    reboots its host keeps its lock and a dead one still loses it.
    """
    return (ends if boot == boot_id() else ttl_s) - boottime()
