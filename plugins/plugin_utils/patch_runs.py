# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledgers of many hosts as one history of runs: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def grouped(histories: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return the runs that hosts tell of in their histories, which have the newest entry first; the newest run first.

    A run has many entries on a host, such as packages and restarts: its result there is that of the last one. An entry
    without a run id stands for itself.
    """
    runs: dict[tuple[str, ...], dict[str, list[Mapping[str, Any]]]] = {}
    for host, entries in histories.items():
        for entry in entries:
            key = (entry["run_id"],) if entry["run_id"] else ("", host, entry["when"])
            runs.setdefault(key, {}).setdefault(host, []).append(entry)
    told = [_run(key[0], of_host) for key, of_host in runs.items()]
    return sorted(told, key=lambda one: (one["when"], one["run_id"]), reverse=True)


def _run(run_id: str, of_host: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    entries = [entry for found in of_host.values() for entry in found]
    results: dict[str, list[str]] = {}
    for host, found in sorted(of_host.items()):
        results.setdefault(str(found[0]["result"]), []).append(host)
    return {
        "run_id": run_id,
        "when": min(entry["when"] for entry in entries),
        "who": _distinct(entries, "who"),
        "reason": _distinct(entries, "reason"),
        "what": _distinct(entries, "what"),
        "results": results,
        "hosts": sorted(of_host),
        "packages": sorted({name for entry in entries for name in entry["packages"] or {}}),
    }


def _distinct(entries: Sequence[Mapping[str, Any]], key: str) -> str:
    return ", ".join(dict.fromkeys(str(entry[key]) for entry in entries if entry[key]))
