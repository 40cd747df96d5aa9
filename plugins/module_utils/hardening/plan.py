# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Plan a call of hardening: one transaction for what is safe, and a last one, with a proof, for what can cut access.

Order in each: packages, files, modes and mounts, units, what reads the files, the manifests of the layers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .. import _managed
from .._host import checks
from .._managed import Managed
from .._transaction import steps
from .._transaction.steps import FILE_KINDS, Plan, Step
from ..kernel_settings.plan import plan as kernel_plan
from ..packages.plan import plan as packages_plan
from ..service_config import diff
from . import assess
from .kinds import mode, mount, text, unit
from .layers import kernel as kernel_layer
from .registry import ACCESS
from .rule import Mode, Mount, Package, Rule, Sshd, Sysctl, Unit
from .state import FSTAB, MANIFEST, Have, kernel_want
from .want import Want, port_of

WITHIN_S = 30
UNITS = "/etc/systemd/system/"


class Part(NamedTuple):
    """What one layer contributes to its transaction."""

    packages: tuple[Step, ...] = ()
    edits: tuple[Step, ...] = ()
    units: tuple[Step, ...] = ()
    then: tuple[Step, ...] = ()
    record: tuple[Step, ...] = ()
    kept: tuple[str, ...] = ()
    left_out: Mapping[str, str] = {}


def plan(want: Want, rules: Sequence[Rule], have: Have) -> list[Plan]:
    """Return the transactions of one call."""
    return _bring(want, rules, have) if want.present else _take_back(want, rules, have)


def _bring(want: Want, rules: Sequence[Rule], have: Have) -> list[Plan]:
    """The packages of all layers belong to the first transaction."""
    parts = {layer: _layer(layer, [rule for rule in rules if rule.layer == layer], have) for layer in want.layers}
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
        layer: _release(layer, [rule for rule in rules if rule.layer == layer], have, force=want.force)
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


def _layer(layer: str, rules: Sequence[Rule], have: Have) -> Part:
    """Return what the layer needs done. What left its rules goes back to what it was."""
    managed = have.managed[layer]
    things = [rule.thing for rule in rules if not rule.skip]
    of_text, then = text.steps_for([one for one in things if isinstance(one, assess.TEXTS)], have.files)
    of_mode = mode.steps_for([one for one in things if isinstance(one, Mode)], have.files, have.facts.groups)
    mounted = mount.steps_for([one for one in things if isinstance(one, Mount)], have)
    edits = [*_folders(of_text, have), *of_text, *of_mode, *mounted]
    units = unit.steps_for([one for one in things if isinstance(one, Unit)], have.units)
    wanted = _paths(things)
    left = [path for path in managed.files if path not in wanted and not _is_folder_of(path, wanted)]
    back, kept, remaining = _managed.release(managed, have.files, left)
    after = _managed.adopt(remaining, [step for step in edits if step.kind in FILE_KINDS], have.files)
    facts = _facts(managed.facts, units, things, have)
    kernel = _kernel(things, have) if layer == "kernel" else ()
    return Part(
        (),
        (*kernel, *back, *edits),
        tuple(units),
        tuple(then),
        _managed.record(MANIFEST.format(layer=layer), managed, Managed(after.files, facts)),
        kept,
    )


def _release(layer: str, rules: Sequence[Rule], have: Have, *, force: bool) -> Part:
    managed = have.managed[layer]
    back, kept, remaining = _managed.release(managed, have.files, force=force)
    moved = {step.target for step in back}
    then = [
        step
        for rule in rules
        if isinstance(rule.thing, assess.TEXTS) and text.path(rule.thing) in moved
        for step in text.then(rule.thing)
        # What is gone cannot be tested.
        if text.path(rule.thing) not in step.args.get("argv", ())
    ]
    gone = [os.path.basename(step.target) for step in back if step.kind == "remove" and step.target.startswith(UNITS)]
    # Somebody's own fstab is the word on how things are mounted.
    remounts = [] if FSTAB in kept else mount.back(managed.facts.get("mounts", {}), have)
    units = unit.back(managed.facts.get("units", {}), have.units, gone)
    kernel: tuple[Step, ...] = ()
    left_out = {}
    if layer == "kernel" and have.kernel:
        planned = kernel_plan(kernel_want({}, force=force), have.kernel)
        kernel, kept = planned.steps, (*kept, *planned.summary["kept"])
        reverted = planned.summary["reverted"]
        left_out = {kernel_layer.name(key): one["skipped"] for key, one in reverted.items() if one["skipped"]}
    return Part(
        tuple(_packages_back(managed.facts, have)),
        (*kernel, *back, *remounts),
        tuple(units),
        tuple(then),
        _managed.record(MANIFEST.format(layer=layer), managed, remaining._replace(facts={})),
        kept,
        left_out,
    )


def _kernel(things: Iterable[Any], have: Have) -> tuple[Step, ...]:
    settings = {one.key: one.value for one in things if isinstance(one, Sysctl)}
    return kernel_plan(kernel_want(settings), have.kernel).steps if have.kernel else ()


def _packages_back(facts: Mapping[str, Any], have: Have) -> list[Step]:
    """What we had removed comes back; what we had installed is the business of packages."""
    theirs = {name: "" for name in facts.get("removed", ()) if name not in have.installed}
    return [steps.package("install", theirs)] if theirs else []


def _facts(past: Mapping[str, Any], units: Sequence[Step], things: Sequence[Any], have: Have) -> dict[str, Any]:
    """Return what is remembered beside files: units as they were, packages that came and went."""
    listed = [one for one in things if isinstance(one, Package)]
    gone = [one.name for one in listed if not one.present and one.name in have.installed]
    found: dict[str, Any] = {
        "units": {**unit.before(units, have.units), **past.get("units", {})},
        "mounts": {**mount.added([one for one in things if isinstance(one, Mount)], have), **past.get("mounts", {})},
        "packages": sorted(one.name for one in listed if one.present),
        "removed": sorted({*past.get("removed", ()), *gone}),
    }
    if any(isinstance(one, Sshd) and one.keyword == "Port" for one in things):
        found["port"] = past.get("port") or int(have.facts.sshd.get("port", ("22",))[0])
    return {key: value for key, value in found.items() if value}


def _paths(things: Iterable[Any]) -> frozenset[str]:
    return frozenset(
        text.path(one) if isinstance(one, assess.TEXTS) else one.path if isinstance(one, Mode) else FSTAB
        for one in things
        if isinstance(one, (*assess.TEXTS, Mode, Mount))
    )


def _is_folder_of(path: str, wanted: Iterable[str]) -> bool:
    return any(one.startswith(f"{path}/") for one in wanted)


def _folders(planned: Iterable[Step], have: Have) -> list[Step]:
    """A directory that is missing is made, and the one above it where that is missing too."""
    missing: dict[str, None] = {}
    for step in planned:
        folder = os.path.dirname(step.target)
        for one in (os.path.dirname(folder), folder):
            if step.kind == "write" and not have.files[one].exists:
                missing[one] = None
    return [steps.directory(one) for one in missing]


def _applies(step: Step, have: Have, packages: Sequence[Step], middle: Sequence[Step], *, last: bool) -> bool:
    """A unit that does not run reads its files when it starts; one that comes with a package runs by then."""
    state = have.units[step.target]
    starts = any(one.kind == "unit" and one.target == step.target and one.args["action"] == "start" for one in middle)
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
    started = [step.target for step in units if step.args["action"] == "start"]
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
