# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Which of the changes since the last release count, and for what. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from . import commits, semver
from .commits import Change, Commit


class Counted(NamedTuple):
    """A change that somebody gets, and the bump that it asks for."""

    change: Change
    bump: str


class Weighed(NamedTuple):
    """The changes since the last release, newest first.

    `taken_back` are those that a later commit has reverted, with their reverts; `unconventional` those whose message
    does not say what they are; `total` is how many commits there are, merges included.
    """

    counted: tuple[Counted, ...]
    taken_back: tuple[Change, ...]
    unconventional: tuple[Change, ...]
    total: int

    @property
    def bump(self) -> str:
        bump = semver.NONE
        for one in self.counted:
            bump = semver.heavier(bump, one.bump)
        return bump

    @property
    def decisive(self) -> tuple[Counted, ...]:
        """Those that ask for the heaviest bump."""
        return tuple(one for one in self.counted if one.bump == self.bump != semver.NONE)


def weigh(history: Sequence[Commit], *, unconventional: str) -> Weighed:
    """Return what counts of these commits, given newest first; one without a type counts as `unconventional`, a bump.

    A merge counts only where its own message is conventional, since what it brings has commits of its own. A commit that
    is reverted counts as little as its revert; the revert of what was released before is a patch.
    """
    changes = [
        change
        for commit, change in ((commit, commits.understand(commit)) for commit in history)
        if change.type or commit.parents < 2
    ]
    gone = _taken_back(changes)
    left = [change for change in changes if change.revision not in gone]
    unknown = tuple(change for change in left if not change.type)
    return Weighed(
        counted=tuple(Counted(change, _bump(change, unconventional)) for change in left),
        taken_back=tuple(change for change in changes if change.revision in gone),
        unconventional=unknown,
        total=len(history),
    )


def _bump(change: Change, unconventional: str) -> str:
    if not change.type:
        return unconventional
    return semver.heavier(change.bump, semver.PATCH) if change.type == "revert" else change.bump


def _taken_back(changes: Iterable[Change]) -> set[str]:
    """Return the revisions that cancel each other out. Newest first, so that the revert of a revert brings back."""
    known = list(changes)
    gone: set[str] = set()
    for change in known:
        if change.revision in gone or not change.reverts:
            continue
        found = {one.revision for one in known for named in change.reverts if one.revision.startswith(named)}
        # What takes back only a part of what it names is a change of its own.
        if len(found) == len(change.reverts):
            gone |= {change.revision, *found}
        else:
            gone |= found
    return gone
