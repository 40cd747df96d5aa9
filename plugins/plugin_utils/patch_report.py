# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How patches stand on many hosts as one: the worst hosts first, and what several of them have in common."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import patch_runs, patch_verdict
from .patch_verdict import COMPLIANT, OVERDUE, UNKNOWN

FORMAT = 1
PRIORITIES = ("", "low", "medium", "high", "critical")


def patch_report(
    results: Mapping[str, Mapping[str, Any]], asked: Sequence[str], when: str, max_age_days: float | str = 30
) -> dict[str, Any]:
    """Return what a page needs of the results of package_updates_info by host, read at `when`.

    Whoever of `asked` has no result, or one that tells nothing, is unknown. `hosts` has the unknown ones first, then
    those that are not compliant, then the others; among equals the one whose security updates wait the longest.
    """
    # ansible-core 2.16 makes a string of any number that has gone through a variable of a play.
    limit = float(max_age_days)
    hosts = [_host(name, results.get(name, {}), when, limit) for name in asked]
    hosts.sort(key=_badness)
    read = [host for host in hosts if host["read"]]
    cves = _cves(read)
    return {
        "format": FORMAT,
        "when": when,
        "max_age_days": limit,
        "rule": patch_verdict.rule(limit),
        "fleet": _fleet(hosts, read, cves),
        "hosts": hosts,
        "cves": cves,
        "held": _shared(read, lambda host: [(one["name"], one["why"]) for one in host["held"]]),
        "left": _shared(read, lambda host: list(host["restart"]["left"].items())),
        "runs": patch_runs.grouped({host["name"]: host["history"] for host in read}),
    }


def _host(name: str, result: Mapping[str, Any], when: str, max_age_days: float) -> dict[str, Any]:
    verdict = patch_verdict.judge(result, when, max_age_days)
    told = {"name": name, "state": verdict.state, "why": list(verdict.why), "read": not patch_verdict.silent(result)}
    return {**told, **_told(result)} if told["read"] else told


def _told(result: Mapping[str, Any]) -> dict[str, Any]:
    updates = sorted(result["plan"], key=lambda one: (not one["security"], -(one["age_days"] or 0), one["name"]))
    foretold = patch_verdict.foretold(result)
    due, left = result["restart"]["due"], result["restart"]["left"]
    # A unit that is due is on replaced code as much as one that is left.
    on_old_code = {**dict.fromkeys(due, "a restart is due"), **left}
    return {
        "release": result["release"],
        "manager": result["manager"],
        "foretold": foretold,
        "age_days": result["patch_age_days"] if foretold else None,
        "security": sum(1 for one in [*updates, *result["held"]] if one["security"]),
        "updates": updates,
        "cves_open": result["cves"]["open"] if foretold else None,
        "cves_source": result["cves"]["source"],
        "restart": {"due": due, "after": result["restart"]["after"], "left": on_old_code},
        **{key: result[key] for key in ("held", "reboot", "space", "way_back", "interrupted", "unknown", "history")},
        **{key: result[key] for key in ("no_longer_needed", "last_patched", "last_boot", "lists_age_s")},
    }


def _badness(host: Mapping[str, Any]) -> tuple[Any, ...]:
    state = (UNKNOWN, OVERDUE, COMPLIANT).index(host["state"])
    if not host["read"]:
        return (state, 0, host["name"])
    age = host["age_days"] or 0
    return (state, 1, -age, -len(host["cves_open"] or ()), -host["security"], -len(host["updates"]), host["name"])


def _fleet(
    hosts: Sequence[Mapping[str, Any]], read: Sequence[Mapping[str, Any]], cves: Sequence[Any]
) -> dict[str, Any]:
    ages = {host["name"]: host["age_days"] for host in read if host["age_days"] is not None}
    states = [host["state"] for host in hosts]
    return {
        "hosts": len(hosts),
        "read": len(read),
        "compliant": states.count(COMPLIANT),
        "not_compliant": states.count(OVERDUE),
        "unknown": states.count(UNKNOWN),
        "age_days_known": len(ages),
        "age_days_max": max(ages.values(), default=None),
        "age_days_max_host": max(ages, key=lambda name: ages[name], default=""),
        "age_days_median": statistics.median(ages.values()) if ages else None,
        "cves_open": len(cves),
        "cves_known": sum(1 for host in read if host["cves_open"] is not None),
        "cves_hosts": sum(1 for host in read if host["cves_open"]),
        "updates": sum(len(host["updates"]) for host in read),
        "security": sum(host["security"] for host in read),
        "reboots": sum(1 for host in read if host["reboot"]["needed"]),
        "reboots_unknown": sum(1 for host in read if host["reboot"]["needed"] is None),
        "unfinished": sum(1 for host in read if host["interrupted"]),
    }


def _cves(hosts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each open CVE with its hosts, the most urgent and the most widespread first."""
    found: dict[str, dict[str, Any]] = {}
    for host in hosts:
        for cve in host["cves_open"] or ():
            found.setdefault(cve, {"id": cve, "priority": "", "packages": [], "hosts": []})["hosts"].append(
                host["name"]
            )
        for update in host["updates"]:
            for one in (found[cve] for cve in update["cves"] or () if cve in found):
                one["priority"] = max(one["priority"], update["priority"], key=PRIORITIES.index)
                one["packages"] = sorted({*one["packages"], update["name"]})
    return sorted(found.values(), key=lambda one: (-PRIORITIES.index(one["priority"]), -len(one["hosts"]), one["id"]))


def _shared(hosts: Iterable[Mapping[str, Any]], told: Any) -> list[dict[str, Any]]:
    """Return each name and reason that a host tells with all hosts that tell the same, the most widespread first."""
    found: dict[tuple[str, str], list[str]] = {}
    for host in hosts:
        for what in told(host):
            found.setdefault(what, []).append(host["name"])
    shared = [{"name": name, "why": why, "hosts": names} for (name, why), names in found.items()]
    return sorted(shared, key=lambda one: (-len(one["hosts"]), one["name"], one["why"]))
