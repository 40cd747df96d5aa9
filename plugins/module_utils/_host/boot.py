# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read which boot of a host this is, what of it has to come back after the next one, and what speaks against ending it."""

from __future__ import annotations

import json
import os
import time
from typing import NamedTuple

from .run import require, run

# What a boot starts by itself; a mount that somebody made by hand would be missed for nothing.
KINDS = (".service", ".socket", ".timer", ".path")
# Enabled for the next boot too: what is enabled below /run is gone by then.
LASTING = ("enabled", "generated")
SETTLING = ("initializing", "starting")


class Boot(NamedTuple):
    """One boot of the host. `id` is another one after each reboot; `since` is in wall-clock seconds."""

    id: str
    since: float
    up_s: float


class Inhibitor(NamedTuple):
    """A program that asks for no reboot now. `mode` is block, or delay: then it only wants a few seconds."""

    who: str
    why: str
    mode: str


def current() -> Boot:
    """Return the boot that we are in."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        kernel = file.read().strip()
    with open("/proc/1/stat", encoding="utf-8", errors="replace") as file:
        ticks = parse_start(file.read())
    up_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return Boot(f"{kernel} {ticks}", time.time() - up_s, up_s)


def parse_start(stat: str) -> int:
    """Return when a process started, from /proc/PID/stat, in ticks since the kernel's boot.

    In a container the kernel's boot id outlives a reboot, and the clock of its boot goes on: the first process does not.
    """
    return int(stat.rpartition(")")[2].split()[19])


def to_come_back() -> tuple[str, ...]:
    """Return the units that are active now and enabled, so that the next boot has to bring them back."""
    done = require(["systemctl", "show", "--property", "Id,ActiveState,UnitFileState", "--", *(f"*{k}" for k in KINDS)])
    return parse_units(done.out)


def parse_units(out: str) -> tuple[str, ...]:
    """Return the names of units that are active and enabled, from the blocks of `systemctl show`."""
    blocks = (dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in out.split("\n\n"))
    return tuple(
        sorted(
            {
                block["Id"]
                for block in blocks
                if block.get("ActiveState") in ("active", "reloading") and block.get("UnitFileState") in LASTING
            }
        )
    )


def failed() -> tuple[str, ...]:
    """Return the units that systemd calls failed."""
    done = require(["systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager"])
    return tuple(sorted(line.split()[0] for line in done.out.splitlines() if line.strip()))


def is_settled() -> bool:
    """Whether systemd has come to the end of its boot: nothing more is going to start by itself."""
    # It ends with 1 for every state but "running".
    return run(["systemctl", "is-system-running"], timeout_s=10).out.strip() not in (*SETTLING, "")


def jobs() -> tuple[str, ...]:
    """Return the units that still wait to be started or stopped."""
    done = run(["systemctl", "list-jobs", "--plain", "--no-legend", "--no-pager"], timeout_s=10)
    return tuple(line.split()[1] for line in done.out.splitlines() if len(line.split()) >= 2)


def inhibitors() -> tuple[Inhibitor, ...] | None:
    """Return who asks for no reboot; None where logind does not answer, so that nobody could have asked it."""
    manager = ["org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"]
    done = run(["busctl", "--json=short", "call", *manager, "ListInhibitors"], timeout_s=10)
    return parse_inhibitors(done.out) if done.rc == 0 else None


def parse_inhibitors(out: str) -> tuple[Inhibitor, ...]:
    """Return the inhibitors of a shutdown from logind's answer; those of sleep and of keys do not matter here."""
    rows = json.loads(out)["data"][0]
    return tuple(Inhibitor(row[1], row[2], row[3]) for row in rows if "shutdown" in row[0].split(":"))
