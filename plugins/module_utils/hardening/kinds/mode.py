# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Permissions and owners of what others have made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..._host import files
from ..._host.files import FileState
from ..._transaction import steps
from ..._transaction.steps import Step
from ..rule import Look, Mode


def look(thing: Mode, there: FileState, groups: Mapping[str, int]) -> Look:
    """`groups` are the host's groups, name to number."""
    should = f"{thing.at_most:04o} at most" + (f", group {' or '.join(thing.groups)}" if thing.groups else "")
    if there.kind in (files.ABSENT, files.LINK):
        return Look("is not there", should, ok=_wrong(thing, there, groups) is None)
    now = f"{there.mode:04o}, owner {there.uid}, group {_name(there.gid, groups)}"
    return Look(now, should, _wrong(thing, there, groups) is None)


def mend(thing: Mode) -> str:
    """Return what a person would do by hand."""
    owner = "" if thing.owner is None else f"chown {thing.owner}:{(thing.groups or ('',))[0]} {thing.path} && "
    return f"{owner}chmod to {thing.at_most:04o} at most: {thing.path}"


def steps_for(things: Iterable[Mode], have: Mapping[str, FileState], groups: Mapping[str, int]) -> list[Step]:
    """Return the steps that bring the things about."""
    planned = (_wrong(thing, have[thing.path], groups) for thing in things)
    return [step for step in planned if step]


def _wrong(thing: Mode, there: FileState, groups: Mapping[str, int]) -> Step | None:
    if not there.exists and thing.folder:
        return steps.directory(thing.path, owner="0", group="0", mode=thing.at_most)
    if there.kind in (files.ABSENT, files.LINK):
        return None
    owner = None if thing.owner in (None, there.uid) else str(thing.owner)
    fits = not thing.groups or there.gid in [groups.get(name) for name in thing.groups]
    group = None if fits else str(groups.get(thing.groups[0], 0))
    mode = there.mode & thing.at_most
    if owner is None and group is None and mode == there.mode:
        return None
    # A change of owner takes setuid bits away, so the mode is always given.
    return steps.mode(thing.path, owner=owner, group=group, mode=mode)


def _name(number: int, groups: Mapping[str, int]) -> str:
    return next((name for name, gid in groups.items() if gid == number), str(number))
