# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide what has to be restarted, and whether the host has to boot anew: pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .._host.kernel import Kernel
from .._host.stale import Process, Scan

REBOOT = "it cannot be restarted on a running system: reboot when it suits"
JOB = "it is a job, which ends by itself"
SYSTEMD = "it is systemd itself: `systemctl daemon-reexec`, or reboot when it suits"
SESSION = "it is somebody's session: it ends with the session, or with a reboot"
FOREIGN = "no unit of systemd's has it: restart it by hand"
CONTAINERS = "it would stop every container: drain the host first"
# Units whose restart cuts off logins, consoles, the network or other people's containers.
NEVER = (
    ("init.scope", SYSTEMD),
    ("dbus*.service", REBOOT),
    ("systemd-logind.service", REBOOT),
    ("polkit.service", REBOOT),
    ("getty@*.service", SESSION),
    ("*-getty@*.service", SESSION),
    ("user@*.service", SESSION),
    ("session-*.scope", SESSION),
    ("gdm*.service", SESSION),
    ("lightdm.service", SESSION),
    ("sddm.service", SESSION),
    ("NetworkManager.service", REBOOT),
    ("networking.service", REBOOT),
    ("wpa_supplicant*.service", REBOOT),
    ("docker.service", CONTAINERS),
    ("containerd.service", CONTAINERS),
)
# A kernel's own package, not one that only names the current one.
IMAGE = ("linux-image-[0-9]*", "kernel-core", "kernel")


class Stale(NamedTuple):
    """The units that run replaced code: those to restart, and those to leave, each with the reason."""

    restart: tuple[str, ...]
    left: Mapping[str, str]


class Reboot(NamedTuple):
    """Whether a reboot is due (None: nobody could tell) and why; `after` says why an update will make one due."""

    needed: bool | None
    why: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def sort(stale: Iterable[Process], lone: Mapping[str, int], keep_running: Sequence[str]) -> Stale:
    """Return which units with replaced code can be restarted, and which are left and why.

    `lone` has the main process of each unit whose restart leaves its other processes alone, 0 for one without.
    """
    restart, left = set(), {}
    for process in stale:
        reason = reason_to_leave(process.unit, keep_running)
        if reason:
            left[process.unit or f"process {process.pid}"] = reason
        elif lone.get(process.unit) == 0:
            left[process.unit] = JOB
        elif lone.get(process.unit, process.pid) == process.pid:
            restart.add(process.unit)
        else:
            left[f"sessions of {process.unit}"] = SESSION
    return Stale(tuple(sorted(restart)), left)


def foretell(units: Iterable[str], keep_running: Sequence[str]) -> Stale:
    """Return the same for units that run code which an update is going to replace."""
    known = sorted(unit for unit in units if unit)
    left = {unit: reason_to_leave(unit, keep_running) for unit in known}
    return Stale(
        tuple(unit for unit in known if not left[unit]), {unit: reason for unit, reason in left.items() if reason}
    )


def reason_to_leave(unit: str, keep_running: Sequence[str]) -> str:
    """Return why the unit is not restarted, "" where it is; a process without unit is nobody's to restart."""
    if not unit:
        return FOREIGN
    for pattern in keep_running:
        if fnmatch.fnmatchcase(unit, pattern):
            return f"keep_running names it ({pattern})"
    for pattern, reason in NEVER:
        if fnmatch.fnmatchcase(unit, pattern):
            return reason
    return "" if unit.endswith(".service") else SESSION


def judge(kernel: Kernel, scan: Scan, left: Mapping[str, str], *, own_word: bool | None) -> Reboot:
    """Return whether a reboot is due; `own_word` is what the package manager itself says, None where it says nothing."""
    stale = {process.unit: process.files for process in scan.stale}
    why = [kernel.outdated] if kernel.outdated else []
    why += kernel.flagged
    why += [
        f"{unit} runs replaced code ({', '.join(stale[unit])})"
        for unit, reason in left.items()
        if reason == REBOOT and unit in stale
    ]
    why += ["the package manager itself says so"] if own_word and not why else []
    if why:
        return Reboot(True, tuple(why))
    return Reboot(None if scan.unknown else False)


def judge_after(names: Iterable[str], left: Mapping[str, str]) -> tuple[str, ...]:
    """Return why the update of these packages will make a reboot due; `left` as `foretell` tells it."""
    kernels = [name for name in names if is_kernel(name)]
    why = [f"a kernel comes: {', '.join(sorted(kernels))}"] if kernels else []
    return (*why, *(f"{unit} will run replaced code" for unit, reason in left.items() if reason == REBOOT))


def is_kernel(name: str) -> bool:
    """Tell whether the package is a kernel itself."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in IMAGE)
