# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Whether a host has to be rebooted, and why: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .._errors import BadInput

ALWAYS, IF_NEEDED, NEVER = "always", "if_needed", "never"
REBOOTED, SETTLED = "rebooted", "settled"


class Wish(NamedTuple):
    """When to reboot. `max_uptime_days` 0 is no schedule; `why` is said by who asks for it."""

    mode: str
    why: str = ""
    max_uptime_days: float = 0


class Decision(NamedTuple):
    """`due` is None where something that was asked for could not be read and nothing else speaks for a reboot.

    `state` is what the module reboot is to bring about: `settled` only looks after an earlier reboot.
    """

    due: bool | None
    why: str
    state: str = REBOOTED


def decide(wish: Wish, memory: Mapping[str, Any], updates: Mapping[str, Any]) -> Decision:
    """Return the decision from what memory_info and package_updates_info have found, {} for what was not asked."""
    if wish.mode not in (ALWAYS, IF_NEEDED, NEVER):
        raise BadInput(f"mode is {wish.mode!r}: give {ALWAYS}, {IF_NEEDED} or {NEVER}")
    if wish.mode == NEVER:
        return Decision(due=False, why="no reboot is wanted: the mode is never")
    if wish.mode == ALWAYS:
        return Decision(due=True, why=wish.why or "it was asked for")
    reasons, unknown = _reasons(wish, memory, updates)
    if reasons:
        return Decision(due=True, why="; ".join([*filter(None, [wish.why]), *reasons]))
    unsettled = memory.get("unsettled")
    if unsettled:
        why = f"nobody has seen the end of the reboot that began {unsettled['when']} ({unsettled['why']})"
        return Decision(due=True, why=why, state=SETTLED)
    if unknown:
        return Decision(due=None, why="; ".join(unknown))
    return Decision(due=False, why=f"no reboot is due: {_calm(memory)}")


def _reasons(wish: Wish, memory: Mapping[str, Any], updates: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return what speaks for a reboot, and what could not be judged."""
    reasons, unknown = _of_updates(updates)
    days = memory.get("uptime", {}).get("days", 0)
    if wish.max_uptime_days and days >= wish.max_uptime_days:
        reasons.append(f"it has been up for {days:.1f} days, and {wish.max_uptime_days:g} are the most")
    if memory.get("low"):
        reasons.append(memory["low_why"])
    forecast = memory.get("forecast")
    if forecast and forecast["within_horizon"]:
        reasons.append(forecast["why"])
    elif forecast and forecast["within_horizon"] is None and not forecast["early"]:
        unknown.append(f"no forecast: {forecast['why']}")
    return reasons, unknown


def _of_updates(updates: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    found = updates.get("reboot")
    if not found or found["needed"] is False:
        return [], []
    said = list(found["why"])
    if found["needed"]:
        return said or ["an update needs it"], []
    return [], said or list(updates.get("unknown") or ["whether an update needs a reboot could not be read"])


def _calm(memory: Mapping[str, Any]) -> str:
    forecast = memory.get("forecast")
    told = [f"up for {memory.get('uptime', {}).get('days', 0):.1f} days", memory.get("low_why", "")]
    return ", ".join(filter(None, [*told, forecast["why"] if forecast else ""]))
