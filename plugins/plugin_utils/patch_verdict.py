# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge how one host stands to its patches, by what package_updates_info told of it: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

COMPLIANT, OVERDUE, UNKNOWN = "compliant", "not compliant", "unknown"
DAY_S = 86400
# An error of a module can be a page long; the first lines of it tell the cause.
LONGEST_REASON = 400
# A run that is cut off can leave hundreds of packages; the first of them tell which run it was.
MOST_NAMES = 5


class Verdict(NamedTuple):
    """How a host stands, and a sentence for each reason; a compliant host needs none."""

    state: str
    why: tuple[str, ...] = ()


def rule(max_age_days: float) -> str:
    """Return the rule that `judge` goes by, for whoever reads a report."""
    days = f"{max_age_days:g} days"
    return (
        f"A host is compliant when no security update has been waiting for more than {days}, nothing is left unfinished, "
        f"and no reboot is due on a host that has been up for more than {days}. "
        f"What could not be read, and lists of packages older than {days}, make it unknown, never compliant."
    )


def judge(result: Mapping[str, Any], when: str, max_age_days: float) -> Verdict:
    """Return how a host stood at `when` by that result; a reason to be overdue outweighs what is not known."""
    silence = silent(result)
    if silence:
        return Verdict(UNKNOWN, (silence,))
    overdue, missing = _overdue(result, when, max_age_days), _missing(result, max_age_days)
    if overdue:
        return Verdict(OVERDUE, (*overdue, *missing))
    return Verdict(UNKNOWN, tuple(missing)) if missing else Verdict(COMPLIANT)


def silent(result: Mapping[str, Any]) -> str:
    """Return why a host told nothing, "" where it did."""
    said = " ".join(str(result.get("msg", "")).split())[:LONGEST_REASON]
    if result.get("unreachable"):
        return f"unreachable: {said}" if said else "unreachable"
    if result.get("failed") or not isinstance(result.get("plan"), list):
        return f"not read: {said}" if said else "not read"
    return ""


def foretold(result: Mapping[str, Any]) -> bool:
    """Tell whether an answer's plan is all that is pending; where a repair has to come first nobody can tell."""
    return not result["repair_first"]


def moment(text: str) -> datetime | None:
    """Return the time that an ISO 8601 text names, as UTC where it names no zone; None where it names none."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _overdue(result: Mapping[str, Any], when: str, max_age_days: float) -> list[str]:
    told = []
    age = result.get("patch_age_days")
    if age is not None and age > max_age_days:
        told.append(f"a security update has been waiting for {age:.1f} days")
    if result["reboot"]["needed"]:
        booted, now = moment(result.get("last_boot", "")), moment(when)
        up = None if booted is None or now is None else (now - booted).total_seconds() / DAY_S
        if up is None:
            told.append("a reboot is due, and when the host last booted is not known")
        elif up > max_age_days:
            told.append(f"a reboot is due, and the host has been up for {up:.1f} days")
    if result["interrupted"]:
        told.append(f"unfinished: {_some(result['interrupted'])}")
    return told


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _missing(result: Mapping[str, Any], max_age_days: float) -> list[str]:
    told = []
    if result.get("patch_age_days") is None:
        told.append("how long security updates have been waiting is not known")
    if result["reboot"]["needed"] is None:
        told.append("whether a reboot is due is not known")
    lists = result.get("lists_age_s")
    if lists is None:
        told.append("how old its lists of packages are is not known")
    elif lists > max_age_days * DAY_S:
        told.append(f"its lists of packages are {lists / DAY_S:.1f} days old")
    return told
