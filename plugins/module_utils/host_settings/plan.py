# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Put the parts of all areas together: one transaction, and a second one for what can only go when the first stands.

Order: what stops, all files, daemon-reload, what starts, the manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .. import _managed
from .._managed import Managed
from .._transaction import steps
from .._transaction.steps import FILE_KINDS, Plan, Step
from ..service_config import diff
from .area import Have, Part
from .registry import AREAS
from .state import MANIFEST

NAME = "host settings"
WITHIN_S = 30


def plan(want: Mapping[str, Any], have: Have) -> list[Plan]:
    """Return the transactions of one call; raise BadInput where an area cannot be as wanted on this host."""
    return assemble(parts(want, have), have)


def parts(want: Mapping[str, Any], have: Have) -> dict[str, Part]:
    """Return what each area that is asked for contributes, by its name."""
    return {area.name: area.plan(want[area.name], have) for area in AREAS if area.name in want}


def assemble(found: Mapping[str, Part], have: Have) -> list[Plan]:
    """Return the transactions that the parts make together."""
    every = list(found.values())
    of_files = _join(every, lambda part: (*part.edits, *part.settled.steps))
    reload = (steps.unit("", "daemon-reload"),) if any(part.reload for part in every) else ()
    taken = (*_join(every, lambda part: part.before), *of_files, *reload, *_join(every, lambda part: part.after))
    meanwhile = _managed_after(found, have, whole=False)
    first = Plan(
        NAME,
        (*taken, *_managed.record(MANIFEST, have.managed, meanwhile)),
        checks=tuple(check for part in every for check in part.checks),
        within_s=WITHIN_S,
        diff=_diff(have, of_files),
        units=tuple(dict.fromkeys(step.target for step in taken if step.kind == "unit" and step.target)),
        summary=_summary(found),
    )
    last = _join(every, lambda part: part.last)
    if not last:
        return [first]
    return [first, Plan(f"{NAME}: what is left over", (*last, *_forget(meanwhile, found, have)))]


def _forget(meanwhile: Managed, found: Mapping[str, Part], have: Have) -> tuple[Step, ...]:
    return _managed.record(MANIFEST, meanwhile, _managed_after(found, have, whole=True))


def _join(every: Iterable[Part], steps_of: Callable[[Part], Sequence[Step]]) -> tuple[Step, ...]:
    return tuple(step for part in every for step in steps_of(part))


def _managed_after(found: Mapping[str, Part], have: Have, *, whole: bool) -> Managed:
    """Return the manifest once the parts stand; with `whole` what comes last stands too."""
    gone = {path for part in found.values() for path in part.settled.gone}
    managed = Managed({path: kept for path, kept in have.managed.files.items() if path not in gone})
    ours = [
        step
        for part in found.values()
        for step in part.settled.steps
        if step.kind in FILE_KINDS and step.target not in gone
    ]
    facts = dict(have.managed.facts)
    for name, part in found.items():
        facts[name] = part.facts if whole or part.meanwhile is None else part.meanwhile
    return _managed.adopt(managed, ours, have.files)._replace(facts={name: one for name, one in facts.items() if one})


def _summary(found: Mapping[str, Part]) -> dict[str, Any]:
    changed = [
        name
        for name, part in found.items()
        if part.settled.steps or part.edits or part.before or part.after or part.last
    ]
    return {
        "areas": changed,
        # Ansible takes a result that has `skipped` for a task that was not run.
        "left_out": {what: why for part in found.values() for what, why in part.skipped.items()},
        "kept": sorted(path for part in found.values() for path in part.settled.kept),
    }


def _diff(have: Have, of_files: Iterable[Step]) -> tuple[Mapping[str, str], ...]:
    told = []
    for step in of_files:
        if step.kind in ("write", "remove", "link") and step.target in have.files:
            content, to = step.args.get("content"), step.args.get("to")
            told.append(diff.of_content(have.files[step.target], content, link=to, sensitive=False))
    return tuple(told)
