# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Plan a call of hardening: one transaction for what is safe, and a last one, with a proof, for what can cut access.

Order in each: packages, files, modes and mounts, units, what reads the files, the manifests of the layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._host import checks
from .._transaction import steps
from .._transaction.steps import Plan, Step
from ..packages.plan import plan as packages_plan
from ..service_config import diff
from . import assess
from .part import UNITS, Part, brought, taken_back
from .registry import ACCESS
from .rule import Rule
from .state import Have
from .want import Want, port_of

WITHIN_S = 30
STARTS = ("start", "restart")


def plan(want: Want, rules: Sequence[Rule], have: Have) -> list[Plan]:
    """Return the transactions of one call."""
    return _bring(want, rules, have) if want.present else _take_back(want, rules, have)


def _bring(want: Want, rules: Sequence[Rule], have: Have) -> list[Plan]:
    """The packages of all layers belong to the first transaction."""
    parts = {layer: brought(layer, [rule for rule in rules if rule.layer == layer], have) for layer in want.layers}
    found = assess.findings(rules, have)
    summary = {
        **_new_port(want, have),
        "score": assess.score(found),
        "left_out": {one.rule.id: one.skip for one in found if one.skip},
        "kept": sorted(path for part in parts.values() for path in part.kept),
        "layers": [layer for layer, part in parts.items() if any(part[:4])],
    }
    packages = packages_plan(have.packages_want, have.packages) if have.packages else Plan("packages")
    safe = [part for layer, part in parts.items() if layer not in ACCESS]
    access = [part for layer, part in parts.items() if layer in ACCESS]
    return [
        _transaction("hardening", packages, safe, have, summary),
        _transaction("hardening of access", Plan("none"), access, have, summary, want.proof_within_s),
    ]


def _take_back(want: Want, rules: Sequence[Rule], have: Have) -> list[Plan]:
    """Back to what was there before; what somebody edited since stays."""
    parts = {
        layer: taken_back(layer, [rule for rule in rules if rule.layer == layer], have, force=want.force)
        for layer in want.layers
    }
    summary = {
        **_new_port(want, have),
        "score": assess.score(assess.findings(rules, have)),
        "left_out": {name: why for part in parts.values() for name, why in part.left_out.items()},
        "kept": sorted(path for part in parts.values() for path in part.kept),
        "layers": [layer for layer, part in parts.items() if any(part[:4])],
    }
    safe = [part for layer, part in parts.items() if layer not in ACCESS]
    access = [part for layer, part in parts.items() if layer in ACCESS]
    # What a unit of ours is stopped with goes after it.
    none = Plan("none")
    packages = packages_plan(have.packages_want, have.packages) if have.packages else none
    return [
        _transaction("hardening taken back", none if access else packages, safe, have, summary, last=True),
        _transaction(
            "hardening of access taken back",
            packages if access else none,
            access,
            have,
            summary,
            want.proof_within_s,
            last=True,
        ),
    ]


def _new_port(want: Want, have: Have) -> dict[str, int]:
    """Where the SSH server will listen, if that is new: the proof, and all that follows, has to go there."""
    now = [int(port) for port in have.facts.sshd.get("port", ())]
    port = port_of(want, have.managed)
    return {"new_port": port} if port and now and port not in now else {}


def _transaction(
    name: str,
    packages: Plan,
    parts: Iterable[Part],
    have: Have,
    summary: Mapping[str, Any],
    proof_within_s: float = 0,
    *,
    last: bool = False,
) -> Plan:
    """With `last` packages go when everything else is back."""
    every = list(parts)
    edits = [step for part in every for step in part.edits]
    units = [step for part in every for step in part.units]
    # What ends comes before the files that it ends with, when it all goes.
    reload = [steps.unit("", "daemon-reload")] if any(step.target.startswith(UNITS) for step in edits) else []
    read = _once(step for part in every for step in part.then)
    # A file is tested before a unit starts with it: the tester says what is wrong.
    tests = [step for step in read if step.kind == "argv"]
    middle = [*units, *edits, *reload, *tests] if last else [*edits, *reload, *tests, *units]
    then = [step for step in read if step.kind == "unit" and _applies(step, have, packages.steps, middle, last=last)]
    own = [step for part in every for step in part.packages]
    record = [step for part in every for step in part.record]
    first, second = ((), (*packages.steps, *own)) if last else (packages.steps, ())
    taken = [*first, *middle, *then, *second, *record]
    watched = tuple(dict.fromkeys(step.target for step in (*units, *then) if step.kind == "unit" and step.target))
    return Plan(
        name,
        tuple(taken),
        checks=(*packages.checks, *(checks.unit(one) for one in _running(units, then, have))) if taken else (),
        within_s=WITHIN_S,
        diff=(*packages.diff, *_diff(have, edits)),
        units=watched,
        summary=summary,
        proof_within_s=proof_within_s if taken else 0,
    )


def _applies(step: Step, have: Have, packages: Sequence[Step], middle: Sequence[Step], *, last: bool) -> bool:
    """A unit that does not run reads its files when it starts; one that comes with a package runs by then."""
    state = have.units[step.target]
    starts = any(one.kind == "unit" and one.target == step.target and one.args["action"] in STARTS for one in middle)
    ends = any(one.kind == "unit" and one.target == step.target and one.args["action"] == "stop" for one in middle)
    comes = state.load == "not-found" and bool(packages) and not last
    return (state.is_active and not ends) or (comes and not starts)


def _once(planned: Iterable[Step]) -> list[Step]:
    """The same step need not be taken twice."""
    found: list[Step] = []
    for step in planned:
        if step not in found:
            found.append(step)
    return found


def _running(units: Iterable[Step], then: Iterable[Step], have: Have) -> list[str]:
    """Return the units that must run afterwards."""
    started = [step.target for step in units if step.args["action"] in STARTS]
    read = [step.target for step in then if step.kind == "unit" and step.target]
    return list(dict.fromkeys([*started, *(name for name in read if have.units[name].is_active)]))


def _diff(have: Have, edits: Iterable[Step]) -> tuple[Mapping[str, str], ...]:
    return tuple(
        diff.of_content(have.files[step.target], step.args.get("content"), link=None, sensitive=_is_secret(step, have))
        for step in edits
        if step.kind in ("write", "remove") and step.target in have.files
    )


def _is_secret(step: Step, have: Have) -> bool:
    """What only its owner may read, such as a password for other hosts, is not shown when it goes."""
    return step.kind == "remove" and not have.files[step.target].mode & 0o077
