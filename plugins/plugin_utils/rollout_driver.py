# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ansible-playbook drives a rollout, and whether it still lives."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from typing import Any


def identify(pid: int) -> dict[str, Any]:
    """Return who the process is: node, pid and start time, since pids come round again."""
    return {"node": platform.node(), "pid": pid, "started": _started(pid)}


def lives(driver: Mapping[str, Any]) -> bool:
    """Return whether the driver runs now. One on another machine cannot be seen and counts as alive."""
    if driver["node"] != platform.node():
        return True
    return bool(driver["started"]) and _started(int(driver["pid"])) == driver["started"]


def _started(pid: int) -> str:
    """Return when the process started, in words that only serve to be compared; "" when there is none."""
    if os.path.isdir("/proc/self"):
        return _started_by_proc(pid)
    listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip()


def _started_by_proc(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            # The name may hold spaces and brackets, so count from its end: field 3 is the state, field 22 the start.
            fields = stat.read().rpartition(")")[2].split()
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot:
            boot_id = boot.read().strip()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else f"{boot_id}:{fields[19]}"
