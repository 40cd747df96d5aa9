# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read where a host's memory is: meminfo, pressure, processes, slab, units, and what the kernel says of it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from .run import require, run
from .stale import unit_of

PSS, RSS = "pss", "rss"
PAGE = os.sysconf("SC_PAGE_SIZE")
# Reading a huge process's share takes its memory lock for a while; what comes later is told by its resident size.
PATIENCE_S = 10.0
OOM = "[Oo]ut of memory|oom[-_ ]kill|OOM killer|page allocation failure"
# A kernel line is short; one that is not is no use either.
LINE_LENGTH = 300


class Process(NamedTuple):
    """What a process has in memory, in bytes. `measure` is pss, its fair share, or rss where only that may be read.

    `name` is the kernel's, 15 letters: arguments may hold secrets and are never read.
    """

    pid: int
    name: str
    unit: str
    size: int
    measure: str


def meminfo() -> dict[str, int]:
    """Return the figures of /proc/meminfo, in bytes."""
    return parse_meminfo(_read("/proc/meminfo"))


def parse_meminfo(text: str) -> dict[str, int]:
    rows = (line.split() for line in text.splitlines())
    return {row[0].rstrip(":"): int(row[1]) * (1024 if row[2:] == ["kB"] else 1) for row in rows if len(row) >= 2}


def pressure() -> dict[str, float] | None:
    """Return the share of time, in percent, that some or all work stood still for want of memory; None where unknown."""
    try:
        return parse_pressure(_read("/proc/pressure/memory"))
    except OSError:
        return None


def parse_pressure(text: str) -> dict[str, float]:
    """Return some_avg10 … full_avg300 of lines such as `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`."""
    pairs = ((line.split()[0], word.partition("=")) for line in text.splitlines() for word in line.split()[1:])
    return {f"{kind}_{name}": float(value) for kind, (name, _equals, value) in pairs if name.startswith("avg")}


def processes() -> list[Process]:
    """Return every process that has memory of its own, the biggest first; one that ends meanwhile is left out."""
    deadline = time.monotonic() + PATIENCE_S
    found = [one for pid in _pids() if (one := _process(pid, share=time.monotonic() < deadline))]
    return sorted(found, key=lambda one: (-one.size, one.pid))


def _process(pid: int, *, share: bool) -> Process | None:
    try:
        resident = int(_read(f"/proc/{pid}/statm").split()[1]) * PAGE
        if not resident:
            return None
        size, measure = _size(pid, resident, share=share)
        return Process(pid, _read(f"/proc/{pid}/comm").strip(), unit_of(_read(f"/proc/{pid}/cgroup")), size, measure)
    except (FileNotFoundError, ProcessLookupError):
        return None


def _size(pid: int, resident: int, *, share: bool) -> tuple[int, str]:
    if share:
        try:
            return parse_pss(_read(f"/proc/{pid}/smaps_rollup")), PSS
        except (PermissionError, FileNotFoundError, ValueError):
            # Another user's without SYS_PTRACE, or a kernel before 4.14.
            pass
    return resident, RSS


def parse_pss(text: str) -> int:
    """Return the bytes of the line `Pss:`; raise ValueError where there is none."""
    line = re.search(r"^Pss:\s+(\d+) kB$", text, re.MULTILINE)
    if not line:
        raise ValueError("no line Pss")
    return int(line[1]) * 1024


def slab() -> list[tuple[str, int]] | None:
    """Return the kernel's own caches with their bytes, the biggest first; None where they may not be read."""
    try:
        return parse_slab(_read("/proc/slabinfo"))
    except OSError:
        return None


def parse_slab(text: str) -> list[tuple[str, int]]:
    """Return name and bytes (objects times their size) of each line of /proc/slabinfo that has any."""
    rows = (line.split() for line in text.splitlines() if not line.startswith(("#", "slabinfo")))
    sizes = ((row[0], int(row[2]) * int(row[3])) for row in rows if len(row) > 3)
    return sorted(((name, size) for name, size in sizes if size), key=lambda one: (-one[1], one[0]))


def accounted(units: Sequence[str]) -> Mapping[str, int]:
    """Return the memory that each unit's control group counts, page cache included; none where systemd counts none."""
    if not units:
        return {}
    done = require(["systemctl", "show", "--property", "Id,MemoryCurrent", "--", *units])
    return parse_accounted(done.out)


def parse_accounted(out: str) -> dict[str, int]:
    blocks = (dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in out.split("\n\n"))
    return {block["Id"]: int(block["MemoryCurrent"]) for block in blocks if block.get("MemoryCurrent", "").isdigit()}


def oom_kills() -> int | None:
    """Return how many processes the kernel has killed for want of memory since its boot; None where it does not count."""
    found = re.search(r"^oom_kill (\d+)$", _read("/proc/vmstat"), re.MULTILINE)
    return int(found[1]) if found else None


def said_of_memory(lines: int) -> list[str] | None:
    """Return the last `lines` lines of this boot that kernel and systemd said of a lack of memory; None where unreadable."""
    return _journal(["_TRANSPORT=kernel", "+", "_PID=1", "--grep", OOM], lines)


def kernel_errors(lines: int) -> list[str] | None:
    """Return the last `lines` errors of the kernel in this boot; None where its journal cannot be read."""
    return _journal(["_TRANSPORT=kernel", "--priority", "err"], lines)


def _journal(matches: Sequence[str], lines: int) -> list[str] | None:
    argv = ["journalctl", "--boot", "--quiet", "--no-pager", "-o", "short-iso", "-n", str(lines), *matches]
    done = run(argv, timeout_s=PATIENCE_S)
    # It ends with 1 and says nothing where no line fits.
    if done.rc not in (0, 1) or done.err.strip():
        return None
    return [line[:LINE_LENGTH] for line in done.out.splitlines()]


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
