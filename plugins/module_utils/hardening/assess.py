# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Hold every rule against the host: what is, what should be, and the score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..kernel_settings.plan import plan as kernel_plan
from ..kernel_settings.state import Have as Kernel
from .kinds import mode, mount, text, unit
from .rule import File, KernelModule, Line, Look, Mode, Mount, Package, Rule, Sshd, Sysctl, Thing, Unit
from .state import Asked, Have, kernel_want

TEXTS = (File, Line, KernelModule, Sshd)


class Finding(NamedTuple):
    """A rule and how the host stands to it. A skipped one counts neither for nor against."""

    rule: Rule
    look: Look

    @property
    def skip(self) -> str:
        return self.rule.skip or self.look.skip


def asked(layers: Sequence[str], rules: Iterable[Rule], *, present: bool) -> Asked:
    """Return what has to be read for these rules; packages are asked for only if the layers shall be there."""
    things = [rule.thing for rule in rules if not rule.skip]
    follow = [step.target for thing in things if isinstance(thing, (File, Line)) for step in thing.then]
    return Asked(
        tuple(layers),
        frozenset(text.path(thing) for thing in things if isinstance(thing, TEXTS)),
        frozenset(thing.path for thing in things if isinstance(thing, Mode)),
        frozenset(
            name
            for name in (*(thing.name for thing in things if isinstance(thing, Unit)), *follow, text.SSHD_READS.target)
            if "." in name
        ),
        {thing.name: thing.effect for thing in things if isinstance(thing, Unit) and thing.effect},
        tuple(thing.name for thing in things if isinstance(thing, Package) and thing.present and present),
        tuple(thing.name for thing in things if isinstance(thing, Package) and not thing.present and present),
        {thing.key: thing.value for thing in things if isinstance(thing, Sysctl)},
    )


def findings(rules: Sequence[Rule], have: Have) -> list[Finding]:
    """Return how the host stands to each rule."""
    settings = {rule.thing.key: rule.thing.value for rule in rules if isinstance(rule.thing, Sysctl) and not rule.skip}
    kernel = kernel_plan(kernel_want(settings), have.kernel).summary["settings"] if settings and have.kernel else {}
    return [Finding(rule, _look(rule, have, kernel)) for rule in rules]


def score(found: Iterable[Finding]) -> int:
    """Return the weighted share of rules that are kept, in whole percent; what is skipped does not count.

    It is 100 only where each of them is kept.
    """
    counted = [one for one in found if not one.skip]
    whole = sum(one.rule.weight for one in counted)
    return 100 * sum(one.rule.weight for one in counted if one.look.ok) // whole if whole else 100


def told(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain data: what is, what should be, why, how to mend it."""
    rule = finding.rule
    return {
        "id": rule.id,
        "layer": rule.layer,
        "title": rule.title,
        "why": rule.why,
        "refs": list(rule.refs),
        "weight": rule.weight,
        "is": finding.look.now,
        "should": finding.look.should,
        "ok": finding.look.ok and not finding.rule.skip,
        "left_out": finding.skip,
        "mend": "" if finding.look.ok else _mend(rule),
    }


def _look(rule: Rule, have: Have, kernel: Mapping[str, Any]) -> Look:
    thing = rule.thing
    if rule.skip:
        return Look("not looked at", "", ok=False)
    if isinstance(thing, Sysctl) and have.kernel:
        return _look_sysctl(thing, have.kernel, kernel[thing.key])
    return _look_thing(thing, have)


def _look_thing(thing: Thing, have: Have) -> Look:
    if isinstance(thing, TEXTS):
        return text.look(thing, have)
    if isinstance(thing, Mode):
        return mode.look(thing, have.files[thing.path], have.facts.groups)
    if isinstance(thing, Unit):
        return unit.look(thing, have.units[thing.name])
    if isinstance(thing, Mount):
        return mount.look(thing, have)
    if isinstance(thing, Package):
        version = have.installed.get(thing.name)
        return Look(
            version or "not installed",
            "installed" if thing.present else "not installed",
            bool(version) == thing.present,
        )
    raise TypeError(f"{thing!r} is no thing that can be looked at")


def _look_sysctl(thing: Sysctl, kernel: Kernel, told: Mapping[str, Any]) -> Look:
    """A running value that no file of ours holds is gone with the next boot."""
    listed = f"{thing.key} = {thing.value}\n".encode() in (kernel.own.content or b"")
    now = kernel.keys[thing.key].value
    kept = now == thing.value
    if told["skipped"]:
        return Look(now or "not known", thing.value, kept and listed, told["skipped"] if listed or kept else "")
    return Look(f"{now} until the next boot" if kept and not listed else str(now), thing.value, kept and listed)


def _mend(rule: Rule) -> str:
    thing = rule.thing
    if isinstance(thing, TEXTS):
        return text.mend(thing)
    if isinstance(thing, Mode):
        return mode.mend(thing)
    if isinstance(thing, Unit):
        return unit.mend(thing)
    if isinstance(thing, Mount):
        return mount.mend(thing)
    if isinstance(thing, Package):
        return f"apt-get {'install' if thing.present else 'purge'} {thing.name}"
    return f"sysctl -w '{thing.key}={thing.value}', and the same in a file of /etc/sysctl.d"
