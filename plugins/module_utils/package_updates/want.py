# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What is wanted of a host's packages: which updates its policy lets through, or the very plan that was approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput
from .._host.updates import PRIORITIES
from .patch_set import Versions

LATEST, UNDONE = "latest", "undone"
KEEP, TAKE, REFUSE = "keep", "take", "refuse"
AS_IT_IS = "give the plan of package_updates_info as it is"


class Planned(NamedTuple):
    """One change of a plan that somebody has approved: "" is not installed."""

    name: str
    before: str
    after: str


class Want(NamedTuple):
    """`only` empty means all packages; `plan` and `patch_set` None that the policy alone decides.

    `patch_set` has newly needed packages too. `keep_running` are patterns of units that are never restarted. `undo` is
    the run, or the transaction, that is to be taken back, `run_id` the one that we are part of.
    """

    state: str = LATEST
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    security_only: bool = False
    min_priority: str = ""
    min_age_days: float = 0
    removals: bool = False
    plan: tuple[Planned, ...] | None = None
    patch_set: Versions | None = None
    config_files: str = KEEP
    require_way_back: bool = False
    security_tracker: str = ""
    restart: bool = True
    keep_running: tuple[str, ...] = ()
    within_s: float = 60
    undo: str = ""
    undo_unknown_ok: bool = False
    run_id: str = ""


def parse(given: Mapping[str, Any], patch_set: Versions | None = None) -> Want:
    """Return the want that a module's options tell. Raise BadInput naming the option that cannot be."""
    if given.get("min_age_days", 0) < 0:
        raise BadInput(f"min_age_days: {given['min_age_days']} is no age: give days from 0 on")
    plan = given.get("plan")
    return Want(
        state=given.get("state", LATEST),
        only=tuple(given["only"]),
        exclude=tuple(given["exclude"]),
        security_only=given["security_only"],
        min_priority=given["min_priority"] or "",
        min_age_days=given["min_age_days"],
        removals=given["allow_removals"],
        plan=None if plan is None else _planned(plan),
        patch_set=patch_set,
        config_files=given["config_files"],
        require_way_back=given["require_way_back"],
        security_tracker=given["security_tracker"] or "",
        restart=given["restart"],
        keep_running=tuple(given["keep_running"]),
        within_s=given.get("within_s", 60),
        undo=given.get("undo") or "",
        undo_unknown_ok=given.get("undo_unknown_ok", False),
        run_id=given["run_id"] or "",
    )


def _planned(plan: Sequence[Mapping[str, Any]]) -> tuple[Planned, ...]:
    lacking = sorted({key for one in plan for key in ("name", "from", "to") if key not in one})
    if lacking:
        raise BadInput(f"plan: an entry has no {', '.join(lacking)}: {AS_IT_IS}")
    names = [one["name"] for one in plan]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"plan: {', '.join(twice)} stands in it more than once: {AS_IT_IS}")
    empty = sorted(one["name"] for one in plan if not one["from"] and not one["to"])
    if empty:
        raise BadInput(f"plan: {', '.join(empty)} has neither from nor to: {AS_IT_IS}")
    return tuple(Planned(one["name"], one["from"] or "", one["to"] or "") for one in plan)


def rank(priority: str) -> int:
    """Return how urgent the priority is, -1 for one that is not known."""
    return PRIORITIES.index(priority) if priority in PRIORITIES else -1
