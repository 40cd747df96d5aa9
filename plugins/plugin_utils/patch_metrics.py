# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host stands to its patches, as text that node exporter's textfile collector reads: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import patch_verdict
from .patch_verdict import COMPLIANT, DAY_S, UNKNOWN

PREFIX = "groundcrew_"
# Name and help. What is not known of a host has no sample: 0 would say that all is well.
GAUGES = (
    ("patch_unknown", "Whether something that this report tells of could not be read; what rests on it is absent."),
    ("patch_report_timestamp_seconds", "When this host was read, in seconds since 1970."),
    ("patch_compliant", "Whether the host keeps the rule of its patch report."),
    ("patch_pending_updates", "Packages that an update would change now."),
    ("patch_held_updates", "Packages whose update is held, phased, kept back or left out by policy."),
    ("patch_age_seconds", "For how long the oldest pending security update has been known."),
    ("patch_open_cves", "CVEs that pending and held updates would close."),
    ("patch_lists_age_seconds", "The age of the lists of packages that this report rests on."),
    ("patch_last_run_timestamp_seconds", "When packages were last changed by a run, in seconds since 1970."),
    ("patch_stale_units", "Units that run replaced code."),
    ("patch_unfinished", "Things that an interrupted update left unfinished."),
    ("reboot_pending", "Whether a reboot is due."),
)


def patch_metrics(result: Mapping[str, Any], when: str, max_age_days: float | str = 30) -> str:
    """Return the text for a result of package_updates_info that was read at `when`, one that tells nothing included."""
    # ansible-core 2.16 makes a string of any number that has gone through a variable of a play.
    verdict = patch_verdict.judge(result, when, float(max_age_days))
    values = {"patch_report_timestamp_seconds": _plain(_epoch(when)), "patch_unknown": {"": 1.0}}
    if verdict.state != UNKNOWN:
        values["patch_compliant"] = {"": float(verdict.state == COMPLIANT)}
    if not patch_verdict.silent(result):
        values.update(_values(result))
        complete = all(values.get(name) for name in ("patch_age_seconds", "patch_open_cves", "reboot_pending"))
        values["patch_unknown"] = {"": float(bool(result["unknown"]) or verdict.state == UNKNOWN or not complete)}
    return "".join(_lines(name, told, values.get(name) or {}) for name, told in GAUGES)


def _values(result: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    age, cves, reboot = result["patch_age_days"], result["cves"]["open"], result["reboot"]["needed"]
    stale = len({*result["restart"]["due"], *result["restart"]["left"]})
    foretold = patch_verdict.foretold(result)
    return {
        "patch_pending_updates": _by_security(result["plan"]) if foretold else {},
        "patch_held_updates": _by_security(result["held"]) if foretold else {},
        "patch_age_seconds": _plain(None if age is None or not foretold else age * DAY_S),
        "patch_open_cves": _plain(None if cves is None or not foretold else len(cves)),
        "patch_lists_age_seconds": _plain(result["lists_age_s"]),
        "patch_last_run_timestamp_seconds": _plain(_epoch(result["last_patched"])),
        # Processes that may not be looked into could be stale: beside them, none that was seen is not none.
        "patch_stale_units": _plain(None if result["unknown"] and not stale else stale),
        "patch_unfinished": _plain(len(result["interrupted"])),
        "reboot_pending": _plain(None if reboot is None else bool(reboot)),
    }


def _by_security(updates: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    security = sum(1 for one in updates if one["security"])
    return {'{security="false"}': float(len(updates) - security), '{security="true"}': float(security)}


def _plain(value: float | None) -> dict[str, float]:
    return {} if value is None else {"": float(value)}


def _epoch(text: str) -> float | None:
    found = patch_verdict.moment(text)
    return None if found is None else found.timestamp()


def _lines(name: str, told: str, samples: Mapping[str, float]) -> str:
    if not samples:
        return ""
    full = f"{PREFIX}{name}"
    head = f"# HELP {full} {told}\n# TYPE {full} gauge\n"
    return head + "".join(f"{full}{labels} {value:.15g}\n" for labels, value in samples.items())
