# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Which version comes next on a branch. Pure: tags and commits are arguments."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput
from . import semver
from .semver import MAJOR, MINOR, NONE, PATCH, Version

_IDENTIFIER = re.compile(r"[0-9A-Za-z-]*[A-Za-z-][0-9A-Za-z-]*")
_LINE = re.compile(r"(?:.*/)?v?([0-9]+)\.([0-9]+)(?:\.([0-9]+|x))?")
# A branch of nobody, and a detached head, must not claim the number of a release.
DETACHED = "detached"


class Channel(NamedTuple):
    """What versions a branch gets: `pre` is the pre-release's name, "" for releases; `patch_only` holds it to its line.

    `numbering` says where the number of a pre-release comes from: `commits` since the last release, or `tags` so far.
    `line` is the version in the branch's own name, None where there is none.
    """

    branch: str
    pre: str = ""
    patch_only: bool = False
    numbering: str = "commits"
    line: Version | None = None


class Step(NamedTuple):
    """The next version, the bump that leads there, and what somebody should know about it, in sentences."""

    next: Version
    bump: str
    notes: tuple[str, ...] = ()


def channels(told: Sequence[Mapping[str, Any]]) -> tuple[Channel, ...]:
    """Return the channels as the user gave them; raise BadInput for a pre-release that SemVer does not allow."""
    found = tuple(
        Channel(one["branch"], one.get("pre") or "", bool(one.get("patch_only")), one.get("count") or "commits")
        for one in told
    )
    for one in found:
        if one.pre and not _IDENTIFIER.fullmatch(one.pre):
            raise BadInput(
                f"channels: pre {one.pre!r} of {one.branch} must be letters, digits and dashes, and no mere number"
            )
    return found


def channel_of(branch: str, known: Sequence[Channel]) -> Channel:
    """Return the first channel whose pattern fits; a branch of none gets pre-releases of its own name."""
    for one in known:
        if branch and fnmatch.fnmatchcase(branch, one.branch):
            return one if one.patch_only else one._replace(line=_line(branch))
    name = re.sub(r"[^0-9A-Za-z-]+", "-", branch).strip("-") or DETACHED
    return Channel(branch, pre=name if _IDENTIFIER.fullmatch(name) else f"branch-{name}")


def after(
    base: Version | None,
    *,
    bump: str,
    channel: Channel,
    branch: str,
    count: int,
    taken: Collection[Version],
    initial: Version,
    breaking_below_one: str,
) -> Step:
    """Return the version that follows `base`, the last release, by what the commits ask for.

    `taken` are the versions of all tags, wherever they are: a number is given once. Without a base it is `initial`.
    """
    if base is None:
        step = Step(Version(*initial.core), bump, ("no release is tagged yet: this is the first version",))
    else:
        step = _core(base, bump, channel, branch, breaking_below_one)
    if step.bump == NONE and base is not None:
        if not (channel.pre and count):
            return Step(base, NONE, step.notes)
        step = Step(semver.raised(base, PATCH), PATCH, (*step.notes, f"a pre-release has to come after {base}"))
    step = _free(step, taken, channel, named=base is None)
    return step._replace(next=_numbered(step.next, channel, count, taken)) if channel.pre else step


def _core(base: Version, bump: str, channel: Channel, branch: str, breaking_below_one: str) -> Step:
    if bump == MAJOR and base.major == 0 and breaking_below_one == MINOR:
        bump, notes = MINOR, [f"something breaks, which before 1.0.0 raises {MINOR}"]
    else:
        notes = []
    line = channel.line
    if channel.patch_only or (line and line.core[:2] == base.core[:2]):
        if bump in (MINOR, MAJOR):
            what = f"branch {branch} only gets patches of {base.major}.{base.minor}, yet a commit asks for {bump}: it belongs elsewhere"
            return Step(semver.raised(base, PATCH), PATCH, (what,))
    elif line and line.core > base.core:
        return Step(line, _between(base, line), (f"branch {branch} names the version",))
    return Step(semver.raised(base, bump), bump, tuple(notes))


def _line(branch: str) -> Version | None:
    """Return the version in a branch's name (`release/2.1` is 2.1.0), or None."""
    found = _LINE.fullmatch(branch)
    if not found:
        return None
    major, minor, patch = found.groups()
    return Version(int(major), int(minor), int(patch) if patch and patch != "x" else 0)


def _between(base: Version, other: Version) -> str:
    if other.major != base.major:
        return MAJOR
    return MINOR if other.minor != base.minor else PATCH


def _free(step: Step, taken: Collection[Version], channel: Channel, *, named: bool) -> Step:
    """A release that is tagged where this branch does not reach it keeps its number: take the next one."""
    released = {version.core for version in taken if not version.pre}
    found, bump = step.next, PATCH if channel.patch_only or named or step.bump == NONE else step.bump
    while found.core in released:
        found = semver.raised(found, bump)
    if found == step.next:
        return step
    return Step(found, step.bump, (*step.notes, f"{step.next} is tagged already, on another branch"))


def _numbered(core: Version, channel: Channel, count: int, taken: Collection[Version]) -> Version:
    used = [
        int(version.pre[1])
        for version in taken
        if version.core == core.core
        and len(version.pre) == 2
        and version.pre[0] == channel.pre
        and version.pre[1].isdigit()
    ]
    following = max(used, default=0) + 1
    number = following if channel.numbering == "tags" else max(count, following if used else 1)
    return core._replace(pre=(channel.pre, str(number)))
