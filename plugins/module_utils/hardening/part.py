# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What one layer contributes to its transaction: what brings it about, and what takes it back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .. import _managed
from .._managed import Managed
from .._transaction import steps
from .._transaction.steps import FILE_KINDS, Step
from ..kernel_settings.plan import plan as kernel_plan
from . import assess
from .kinds import mode, mount, text, unit
from .layers import kernel as kernel_layer
from .rule import Line, Mode, Mount, Package, Rule, Sshd, Sysctl, Unit
from .state import FSTAB, MANIFEST, Have, kernel_want

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


def brought(layer: str, rules: Sequence[Rule], have: Have) -> Part:
    """Return what the layer needs done. What left its rules goes back to what it was."""
    managed = have.managed[layer]
    things = [rule.thing for rule in rules if not rule.skip]
    # A line that is wanted no more is gone where all of them are set in what stood there first.
    bases = _managed.originals(managed, have.files)
    of_text, then = text.steps_for([one for one in things if isinstance(one, assess.TEXTS)], have.files, bases)
    of_mode = mode.steps_for([one for one in things if isinstance(one, Mode)], have.files, have.facts.groups)
    mounts, unlike = _others(managed.facts, things)
    mounted = mount.steps_for([one for one in things if isinstance(one, Mount)], have, bases.get(FSTAB))
    edits = [*_folders(of_text, have), *of_text, *of_mode, *mounted, *mount.back(mounts, have)]
    units = unit.steps_for([one for one in things if isinstance(one, Unit)], have.units)
    then_back = unit.back(unlike, have.units, ())
    wanted = _paths(things)
    left = [path for path in managed.files if path not in wanted and not _is_folder_of(path, wanted)]
    back, kept, remaining = _managed.release(managed, have.files, left)
    of_files = [step for step in edits if step.kind in FILE_KINDS]
    after = _managed.adopt(remaining, of_files, have.files, shared=_shared(things, have))
    facts = _facts(managed.facts, units, things, have)
    kernel = _kernel(things, have) if layer == "kernel" else ()
    return Part(
        (),
        (*kernel, *back, *edits),
        (*units, *then_back),
        tuple(then),
        _managed.record(MANIFEST.format(layer=layer), managed, Managed(after.files, facts)),
        kept,
    )


def _others(past: Mapping[str, Any], things: Iterable[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the mounts and the units that were ours and are wanted no more, each as it is remembered."""
    every = list(things)
    points = {one.point for one in every if isinstance(one, Mount)}
    names = {one.name for one in every if isinstance(one, Unit)}
    return (
        {point: ours for point, ours in past.get("mounts", {}).items() if point not in points},
        {name: was for name, was in past.get("units", {}).items() if name not in names},
    )


def taken_back(layer: str, rules: Sequence[Rule], have: Have, *, force: bool) -> Part:
    """Return what takes the layer back to what was there before; what somebody edited since stays, unless `force`."""
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
    mounts, unlike = _others(past, things)
    known = {name: was for name, was in past.get("units", {}).items() if name not in unlike}
    ours = {point: one for point, one in past.get("mounts", {}).items() if point not in mounts}
    found: dict[str, Any] = {
        "units": {**unit.before(units, have.units), **known},
        "mounts": {**mount.added([one for one in things if isinstance(one, Mount)], have), **ours},
        "packages": sorted(one.name for one in listed if one.present),
        "removed": sorted({*past.get("removed", ()), *gone}),
    }
    if any(isinstance(one, Sshd) and one.keyword == "Port" for one in things):
        found["port"] = past.get("port") or int(have.facts.sshd.get("port", ("22",))[0])
    return {key: value for key, value in found.items() if value}


def _shared(things: Iterable[Any], have: Have) -> frozenset[str]:
    """Files in which others have their lines too; the PAM stack has the modules of other packages."""
    return frozenset({FSTAB, *have.facts.pam, *(one.path for one in things if isinstance(one, Line))})


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
