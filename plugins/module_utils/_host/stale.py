# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Find processes that still run code which an upgrade has replaced on the disk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from . import processes
from .run import require

# Code lives here. Deleted mappings elsewhere are caches, shared memory and temporary files of the process's own.
CODE = ("/usr/", "/lib", "/bin/", "/sbin/", "/opt/")
DELETED = " (deleted)"
MAPPING = re.compile(r"^[0-9a-f]+-[0-9a-f]+ (?P<mode>\S+) \S+ \S+ \d+ +(?P<path>/.*)$")


class Process(NamedTuple):
    """A process with mapped files that are gone from the disk. `unit` is "" where systemd has none for it."""

    pid: int
    unit: str
    files: tuple[str, ...]


class Scan(NamedTuple):
    """The processes found, and the units of those that may not be looked into: these are unknown, not clean.

    Root may look into all of them, except in a container without the capability SYS_PTRACE. `mapped` has the units that
    run code of a file, by its path as `plain` tells it.
    """

    stale: tuple[Process, ...]
    unknown: tuple[str, ...]
    mapped: Mapping[str, frozenset[str]] = {}


def scan(code: tuple[str, ...] = CODE) -> Scan:
    """Look into the memory maps of every process for files below `code`."""
    stale, unknown = [], set()
    mapped: dict[str, set[str]] = {}
    for pid in processes.own():
        try:
            unit = unit_of(_read(f"/proc/{pid}/cgroup"))
            try:
                maps = _read(f"/proc/{pid}/maps").splitlines()
                files = deleted_code(maps, code)
                for path in living_code(maps, code):
                    mapped.setdefault(path, set()).add(unit)
            except PermissionError:
                unknown.add(unit or f"process {pid}")
                continue
        except (FileNotFoundError, ProcessLookupError):
            continue
        if files:
            stale.append(Process(pid, unit, files))
    return Scan(tuple(stale), tuple(sorted(unknown)), {path: frozenset(units) for path, units in mapped.items()})


def users(mapped: Mapping[str, frozenset[str]], paths: Iterable[str]) -> frozenset[str]:
    """Return the units that run code of any of these files."""
    return frozenset().union(*(mapped.get(plain(path), ()) for path in paths))


def plain(path: str) -> str:
    """Return the path as the kernel tells it where /bin, /lib and /sbin are links into /usr."""
    return f"/usr{path}" if path.startswith(("/bin/", "/lib", "/sbin/")) else path


def deleted_code(maps: Iterable[str], code: tuple[str, ...] = CODE) -> tuple[str, ...]:
    """Return the paths below `code` of executable mappings whose file is gone, from lines of /proc/PID/maps."""
    paths = _code(line for line in maps if line.endswith(DELETED))
    return tuple(sorted(path for path in (path[: -len(DELETED)] for path in paths) if path.startswith(code)))


def living_code(maps: Iterable[str], code: tuple[str, ...] = CODE) -> set[str]:
    """Return the paths below `code` of executable mappings whose file is there."""
    return {plain(path) for path in _code(line for line in maps if not line.endswith(DELETED)) if path.startswith(code)}


def _code(maps: Iterable[str]) -> set[str]:
    found = (MAPPING.match(line) for line in maps if "x" in line[:48])
    return {one["path"] for one in found if one and "x" in one["mode"]}


def unit_of(cgroup: str) -> str:
    """Return the unit that /proc/PID/cgroup names, a login session's scope or a user's manager included.

    In a container the path begins with what the machine outside calls it, so that it counts from the last slice of
    the system's own.
    """
    for line in cgroup.splitlines():
        controllers, path = line.split(":", 2)[1:]
        if controllers not in ("", "name=systemd"):
            continue
        parts = path.split("/")
        roots = [number for number, part in enumerate(parts) if part in ("system.slice", "user.slice", "init.scope")]
        units = [part for part in parts[roots[-1] :] if part.endswith((".service", ".scope"))] if roots else []
        if units:
            return units[0]
    return ""


def main_pids_of_lone(units: Sequence[str]) -> dict[str, int]:
    """Return the main process of each unit whose restart leaves its other processes alone (KillMode=process).

    Of sshd and cron only the main process is renewed by a restart; sessions and jobs end by themselves. A unit that is a
    job itself (Type=oneshot), such as a backup, has none (0): its restart would break it off and do it once more.
    """
    if not units:
        return {}
    done = require(["systemctl", "show", "--property", "KillMode,MainPID,Type", "--", *units])
    blocks = (dict(line.split("=", 1) for line in block.splitlines()) for block in done.out.strip().split("\n\n"))
    return {
        name: 0 if block.get("Type") == "oneshot" else int(block["MainPID"])
        for name, block in zip(units, blocks)
        if block.get("Type") == "oneshot" or block.get("KillMode") == "process"
    }


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
