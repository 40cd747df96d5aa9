# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""How a host stands with its memory: the figures, what ate it, its boots, and when it runs out."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from .. import _reboots
from .._errors import CommandFailed, FleetError
from .._host import boot, memory
from .._host.boot import Boot
from .._host.memory import PSS, RSS, Process
from .._http import Server
from .._transaction import ledger
from .._transaction.paths import Paths, stamp
from . import prometheus
from .forecast import UNKNOWN, Forecast, forecast

MIB = 1024 * 1024
DAY_S = 86400
TOP = 10
JOURNAL_LINES = 20
BOOTS = 10


class Question(NamedTuple):
    """What to ask Prometheus: bytes used (`query`) over the last `window_s`. Without a capacity it is all of the memory."""

    server: Server
    query: str
    window_s: float
    step_s: float
    capacity_query: str = ""
    capacity_bytes: float = 0


class Want(NamedTuple):
    """What is asked for: limits (None: none), evidence, and a forecast."""

    available_mib: float | None = None
    available_percent: float | None = None
    evidence: bool = True
    question: Question | None = None
    horizon_s: float = DAY_S


def read(want: Want, paths: Paths) -> dict[str, Any]:
    """Return the module's result. What could not be read is told in `unknown`, by a sentence each."""
    unknown: list[str] = []
    now = boot.current()
    figures = _figures(memory.meminfo())
    pressure = memory.pressure()
    if pressure is None:
        unknown.append("the kernel tells no pressure (PSI)")
    low, why = judge(figures, want)
    told: dict[str, Any] = {
        "memory": figures,
        "pressure": pressure,
        "uptime": {"days": round(now.up_s / DAY_S, 3), "seconds": round(now.up_s), "since": stamp(now.since)},
        **_history(paths, now, unknown),
        "low": low,
        "low_why": why,
        "forecast": None,
        "evidence": evidence(unknown) if want.evidence else None,
    }
    if want.question:
        total = figures["total_mib"] * MIB
        told["forecast"] = foresee(want.question, want.horizon_s, now, total, unknown)
    return {**told, "unknown": unknown}


def evidence(unknown: list[str]) -> dict[str, Any]:
    """Return what ate the memory; what could not be read is added to `unknown`."""
    running = memory.processes()
    by_size = sum(one.measure == RSS for one in running)
    if by_size:
        unknown.append(f"{by_size} of {len(running)} processes are told by RSS, since their PSS may not be read")
    slab = memory.slab()
    if slab is None:
        unknown.append("the slab cannot be read: only root may")
    said, errors = memory.said_of_memory(JOURNAL_LINES), memory.kernel_errors(JOURNAL_LINES)
    if said is None or errors is None:
        unknown.append("the journal of the kernel cannot be read")
    return {
        "processes": [_told(one) for one in running[:TOP]],
        "units": _units(running, unknown),
        "slab": [{"name": name, "mib": _mib(size)} for name, size in (slab or [])[:TOP]],
        "oom_kills": memory.oom_kills(),
        "oom_lines": said or [],
        "kernel_errors": errors or [],
    }


def judge(figures: dict[str, float], want: Want) -> tuple[bool, str]:
    """Return whether available memory is below a limit, and a sentence about it; no limit is never undercut."""
    have, share = figures["available_mib"], figures["available_percent"]
    broken = [
        f"{limit:g} {unit}"
        for limit, unit, found in ((want.available_mib, "MiB", have), (want.available_percent, "%", share))
        if limit is not None and found < limit
    ]
    if broken:
        return True, f"{have:g} MiB ({share:g} %) of memory are available, less than {' and '.join(broken)}"
    return False, f"{have:g} MiB ({share:g} %) of memory are available"


def sum_by_unit(running: Sequence[Process]) -> list[dict[str, Any]]:
    """Return what the processes of each unit have together, the biggest first; "" is what belongs to none."""
    found: dict[str, list[Process]] = {}
    for one in running:
        found.setdefault(one.unit, []).append(one)
    told = [
        {
            "unit": unit,
            "mib": _mib(sum(one.size for one in members)),
            "measure": PSS if all(one.measure == PSS for one in members) else RSS,
            "processes": len(members),
        }
        for unit, members in found.items()
    ]
    return sorted(told, key=lambda one: (-one["mib"], one["unit"]))


def boots(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the reboots that the ledger tells of, the latest first: when, why, and how long the boot before had lasted."""
    return [
        {"when": one.get("when"), "why": one.get("why", ""), "days_up": one.get("days_up"), "result": one.get("result")}
        for one in reversed(entries)
        if one.get("what") == _reboots.ENDED
    ][:BOOTS]


def _figures(found: dict[str, int]) -> dict[str, float]:
    total, available = found["MemTotal"], found.get("MemAvailable", found["MemFree"])
    swap = found.get("SwapTotal", 0)
    return {
        "total_mib": _mib(total),
        "available_mib": _mib(available),
        "used_mib": _mib(total - available),
        "available_percent": round(100 * available / total, 1),
        "slab_mib": _mib(found.get("Slab", 0)),
        "swap_total_mib": _mib(swap),
        "swap_used_mib": _mib(swap - found.get("SwapFree", 0)),
    }


def _history(paths: Paths, now: Boot, unknown: list[str]) -> dict[str, Any]:
    try:
        pending = _reboots.read(paths)
        entries = ledger.entries(paths)
        readable = not os.path.exists(paths.base) or os.access(paths.base, os.R_OK | os.X_OK)
    except PermissionError:
        readable = False
    if not readable:
        unknown.append("the ledger cannot be read: only root may")
        return {"boots": [], "unsettled": None}
    return {"boots": boots(entries), "unsettled": pending and _unsettled(pending, now)}


def _unsettled(pending: _reboots.Pending, now: Boot) -> dict[str, Any]:
    happened = pending.boot != now.id
    return {"when": pending.when, "why": pending.why, "run_id": pending.run_id, "happened": happened}


def _units(running: Sequence[Process], unknown: list[str]) -> list[dict[str, Any]]:
    top = sum_by_unit(running)[:TOP]
    try:
        counted = memory.accounted([one["unit"] for one in top if one["unit"]])
    except CommandFailed as error:
        counted = {}
        unknown.append(f"systemd cannot be asked for the memory of units: {error}")
    return [{**one, "accounted_mib": _mib(counted[one["unit"]]) if one["unit"] in counted else None} for one in top]


def foresee(question: Question, horizon_s: float, now: Boot, total: float, unknown: list[str]) -> dict[str, Any]:
    """Return the forecast in the module's words; `total` is the capacity where the question names none, in bytes."""
    capacity, found = _ask(question, now, total)
    if found.state == UNKNOWN:
        unknown.append(f"no forecast: {found.why}")
    within = None if found.state == UNKNOWN else found.seconds is not None and found.seconds <= horizon_s
    return {
        "state": found.state,
        "why": found.why,
        "seconds": None if found.seconds is None else round(found.seconds),
        "within_horizon": within,
        "early": found.early,
        "mib_per_hour": round(found.slope * 3600 / MIB, 3),
        "floor_mib": _mib(found.floor),
        "capacity_mib": _mib(capacity),
        "samples": found.samples,
    }


def _ask(question: Question, now: Boot, total: float) -> tuple[float, Forecast]:
    clock = time.time()
    capacity = question.capacity_bytes or total
    try:
        if question.capacity_query:
            capacity = prometheus.value(question.server, question.capacity_query)
        samples = prometheus.samples(
            question.server, question.query, start=clock - question.window_s, end=clock, step_s=question.step_s
        )
    except FleetError as error:
        return capacity, Forecast(UNKNOWN, str(error))
    return capacity, forecast(samples, capacity=capacity, now=clock, step_s=question.step_s, since=now.since)


def _told(one: Process) -> dict[str, Any]:
    return {"pid": one.pid, "name": one.name, "unit": one.unit, "mib": _mib(one.size), "measure": one.measure}


def _mib(size: float) -> float:
    return round(size / MIB, 1)
