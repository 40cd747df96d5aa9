# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Units that shall run, and units that shall not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..._host.systemd import UnitState
from ..._transaction import steps
from ..._transaction.steps import Step
from ..rule import Look, Unit

# journald takes it when it starts, and systemd starts no socket of a service that runs: the next boot brings it back.
BOOT_ONLY = frozenset({"systemd-journald-audit.socket"})
ENABLED, MASKED = "enabled", "masked"


def look(thing: Unit, state: UnitState) -> Look:
    """Return how the thing is, and how it should be."""
    if thing.want == MASKED:
        off = state.load in ("not-found", "masked") and not state.is_active
        return Look("is not there" if state.load == "not-found" else state.enabled or state.active, MASKED, off)
    now = f"{state.enabled or state.load}, {state.active}"
    return Look(now, "enabled, active", state.is_enabled and state.is_active)


def mend(thing: Unit) -> str:
    """Return what a person would do by hand."""
    return f"systemctl {'enable' if thing.want == ENABLED else 'mask'} --now {thing.name}"


def steps_for(things: Iterable[Unit], have: Mapping[str, UnitState]) -> list[Step]:
    """Return the steps that bring the things about."""
    planned: list[Step] = []
    for thing in things:
        state = have[thing.name]
        if look(thing, state).ok:
            continue
        if thing.want == MASKED:
            planned += [steps.unit(thing.name, "stop")] if state.is_active else []
            planned.append(steps.unit(thing.name, "mask"))
        else:
            planned += [] if state.is_enabled else [steps.unit(thing.name, "enable")]
            # To start what is active would do nothing.
            planned += [] if state.is_active else [steps.unit(thing.name, "restart" if thing.effect else "start")]
    return planned


def before(planned: Iterable[Step], have: Mapping[str, UnitState]) -> dict[str, dict[str, Any]]:
    """Return how the units of the steps are now, for the way back."""
    names = dict.fromkeys(step.target for step in planned)
    return {name: {"enabled": have[name].enabled, "active": have[name].is_active} for name in names}


def back(facts: Mapping[str, Mapping[str, Any]], have: Mapping[str, UnitState], gone: Collection[str]) -> list[Step]:
    """Return the steps that make the units what they were before us; those of `gone` were ours and only end."""
    planned: list[Step] = []
    for name, was in facts.items():
        state = have[name]
        if state.load == MASKED and was["enabled"] != MASKED:
            planned.append(steps.unit(name, "unmask"))
        if state.is_active and not was["active"]:
            planned.append(steps.unit(name, "stop"))
        if state.enabled == ENABLED and (was["enabled"] != ENABLED or name in gone):
            planned.append(steps.unit(name, "disable"))
        if was["enabled"] == ENABLED and state.enabled not in (ENABLED, MASKED):
            planned.append(steps.unit(name, "enable"))
        if was["active"] and not state.is_active and name not in BOOT_ONLY:
            planned.append(steps.unit(name, "start"))
    return planned
