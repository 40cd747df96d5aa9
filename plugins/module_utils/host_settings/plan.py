# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Put the parts of all areas together: one transaction, one for what can only go when that stands, and a last one, with
a proof, for what can cut access.

Order in each: what stops, all files, daemon-reload, what starts, the manifest.
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
from .registry import ACCESS, AREAS
from .state import MANIFEST

NAME = "host settings"
WITHIN_S = 30


def plan(want: Mapping[str, Any], have: Have, *, proof_within_s: float = 0) -> list[Plan]:
    """Return the transactions of one call; raise BadInput where an area cannot be as wanted on this host."""
    return assemble(parts(want, have), have, proof_within_s=proof_within_s)


def parts(want: Mapping[str, Any], have: Have) -> dict[str, Part]:
    """Return what each area that is asked for contributes, by its name."""
    return {area.name: area.plan(want[area.name], have) for area in AREAS if area.name in want}


def assemble(found: Mapping[str, Part], have: Have, *, proof_within_s: float = 0) -> list[Plan]:
    """Return the transactions that the parts make together."""
    safe = {name: part for name, part in found.items() if name not in ACCESS}
    access = {name: part for name, part in found.items() if name in ACCESS}
    meanwhile = _managed_after(have.managed, safe, have, whole=False)
    stands = _managed_after(have.managed, safe, have, whole=True)
    after = _managed_after(stands, access, have, whole=True)
    plans = [
        _transaction(NAME, safe, have, _managed.record(MANIFEST, have.managed, meanwhile)),
        _left_over(safe, _managed.record(MANIFEST, meanwhile, stands)),
        _transaction(f"{NAME} of access", access, have, _managed.record(MANIFEST, stands, after)),
    ]
    plans[-1] = plans[-1]._replace(proof_within_s=proof_within_s)
    taken = [one for one in plans if one.steps] or plans[:1]
    return [one._replace(summary=_summary(found)) for one in taken]


def _transaction(name: str, found: Mapping[str, Part], have: Have, record: Sequence[Step]) -> Plan:
    every = list(found.values())
    of_files = _join(every, lambda part: (*part.edits, *part.settled.steps))
    reload = (steps.unit("", "daemon-reload"),) if any(part.reload for part in every) else ()
    taken = (*_join(every, lambda part: part.before), *of_files, *reload, *_join(every, lambda part: part.after))
    return Plan(
        name,
        (*taken, *record),
        checks=tuple(check for part in every for check in part.checks),
        within_s=WITHIN_S,
        diff=_diff(have, of_files),
        units=tuple(dict.fromkeys(step.target for step in taken if step.kind == "unit" and step.target)),
    )


def _left_over(found: Mapping[str, Part], record: Sequence[Step]) -> Plan:
    return Plan(f"{NAME}: what is left over", (*_join(found.values(), lambda part: part.last), *record))


def _join(every: Iterable[Part], steps_of: Callable[[Part], Sequence[Step]]) -> tuple[Step, ...]:
    return tuple(step for part in every for step in steps_of(part))


def _managed_after(now: Managed, found: Mapping[str, Part], have: Have, *, whole: bool) -> Managed:
    """Return the manifest `now` is once the parts stand; with `whole` what comes last stands too."""
    gone = {path for part in found.values() for path in part.settled.gone}
    managed = Managed({path: kept for path, kept in now.files.items() if path not in gone})
    ours = [
        step
        for part in found.values()
        for step in part.settled.steps
        if step.kind in FILE_KINDS and step.target not in gone
    ]
    facts = dict(now.facts)
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
