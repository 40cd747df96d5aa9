# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Units that an area writes, enables and starts, and takes away again: timers, mounts, swaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .._host import checks
from .._host.systemd import UnitState
from .._transaction import steps
from .._transaction.steps import Step
from .area import Content, Have, Part, Settled, settle

FOLDER = "/etc/systemd/system"
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.")
# What is enabled and started; a service is only what a timer starts.
RUN = (".timer", ".mount", ".swap")


class UnitFile(NamedTuple):
    """A unit and its text; `on_change` is what a running one gets when its text changes."""

    name: str
    text: str
    on_change: str = "restart"

    @property
    def path(self) -> str:
        return f"{FOLDER}/{self.name}"


def escape(path: str) -> str:
    r"""Return `path` as systemd-escape --path writes it. For instance /srv/a-b gives srv-a\x2db."""
    found = ["-" if letter == "/" else _letter(letter) for letter in path.strip("/")]
    if found and found[0] == ".":
        found[0] = r"\x2e"
    return "".join(found) or "-"


def _letter(letter: str) -> str:
    return letter if letter in PLAIN else "".join(rf"\x{byte:02x}" for byte in letter.encode())


def names_in(paths: Sequence[str]) -> tuple[str, ...]:
    """Return the units of these files that run by themselves."""
    return tuple(path.rsplit("/", 1)[1] for path in paths if path.startswith(f"{FOLDER}/") and path.endswith(RUN))


def plan_units(area: str, wanted: Sequence[UnitFile], have: Have) -> Part:
    """Return the files, what stops before they change, and what is enabled and started after."""
    settled = _with_services(settle(area, {one.path: Content(one.text.encode()) for one in wanted}, have))
    leaving = [name for name in names_in(settled.gone) if f"{FOLDER}/{name}" not in settled.kept]
    before = [step for name in leaving for step in _end(name, have.units.get(name, UnitState(name)))]
    running = [one for one in wanted if one.name.endswith(RUN)]
    after = [step for one in running for step in _begin(one, have, settled.changed)]
    touched = dict.fromkeys(step.target for step in after)
    return Part(
        settled,
        before=tuple(before),
        reload=bool(settled.changed),
        after=tuple(after),
        checks=tuple(checks.unit(name) for name in touched),
        facts={"paths": list(settled.paths)} if wanted else {},
    )


def _with_services(settled: Settled) -> Settled:
    """A timer that somebody edited stays, and needs the service that it starts."""
    needed = {path[: -len("timer")] + "service" for path in settled.kept if path.endswith(".timer")}
    stay = needed & {step.target for step in settled.steps if step.kind == "remove"}
    return settled._replace(
        steps=tuple(step for step in settled.steps if step.target not in stay),
        kept=tuple(sorted({*settled.kept, *stay})),
        changed=settled.changed - stay,
    )


def _end(name: str, state: UnitState) -> list[Step]:
    disable = [steps.unit(name, "disable")] if state.is_enabled else []
    return disable + ([steps.unit(name, "stop")] if state.is_active else [])


def _begin(unit: UnitFile, have: Have, changed: frozenset[str]) -> list[Step]:
    state = have.units.get(unit.name, UnitState(unit.name))
    enable = [] if state.is_enabled else [steps.unit(unit.name, "enable")]
    if not state.is_active:
        return [*enable, steps.unit(unit.name, "start")]
    return [*enable, steps.unit(unit.name, unit.on_change)] if unit.path in changed else enable
