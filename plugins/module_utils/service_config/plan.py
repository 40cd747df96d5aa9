# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide the steps of one call of service_config: a pure function of what is wanted and what is there.

Order: directories, files, what is purged, late validators, the unit, and last the record of what the unit has read.
A unit that is to be stopped comes first, while its files are still there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .._errors import BadInput
from .._host import checks, files
from .._host.files import FileState
from .._transaction import steps
from .._transaction.steps import Plan, Step
from . import diff
from .state import Have
from .unit import Reason, converge
from .want import Access, DirectoryWant, FileWant, Want


class Change(NamedTuple):
    """One step with the diff that tells of it; `file` is what is wanted, where the step is about a file of the unit."""

    step: Step
    diff: Mapping[str, str]


def plan(want: Want, have: Have) -> Plan:
    """Return the steps that lead from `have` to `want`, only those that are needed, and how to verify them."""
    places = [change for one in _directories(want, have) for change in one]
    contents = [*(change for one in want.files for change in _file(one, have)), *_purges(want, have)]
    touched = tuple(change.step for change in contents)
    secret = any(one.sensitive for one in want.files)
    late = [steps.argv(argv, sensitive=secret) for argv in want.late_validators] if touched else []
    unit = converge(want, have, touched)
    taken = (*unit.before, *(change.step for change in places), *touched, *late, *unit.after)
    return Plan(
        name=want.name,
        steps=taken,
        checks=_checks(want, have) if taken else (),
        within_s=want.within_s,
        stable=want.stable,
        diff=tuple(change.diff for change in (*places, *contents)),
        units=(want.unit,) if want.unit else (),
        summary={"converge": [_told(reason) for reason in unit.reasons]},
    )


def differs(want: FileWant, have: Have) -> bool:
    """Tell whether a file is not as wanted."""
    return bool(_file(want, have))


def _told(reason: Reason) -> dict[str, str]:
    return {"path": reason.path, "why": reason.why}


def _checks(want: Want, have: Have) -> tuple[checks.Check, ...]:
    """A unit that may stay stopped is not checked, nor are the user's own checks of a service that is to be stopped."""
    runs = want.unit_state == "started" or (want.unit_state == "any" and have.unit.is_active)
    if want.unit and not runs:
        return ()
    return ((checks.unit(want.unit),) if want.unit else ()) + want.checks


def _directories(want: Want, have: Have) -> Iterable[list[Change]]:
    """Parents come first, since a path sorts before what lies in it."""
    wanted = {one.path: one for one in want.directories}
    for path in sorted({*wanted, *have.missing}):
        yield _directory(wanted.get(path, DirectoryWant(path)), have)


def _directory(want: DirectoryWant, have: Have) -> list[Change]:
    state = have.directories.get(want.path, FileState(want.path, files.ABSENT))
    if not state.exists:
        return [Change(steps.directory(want.path, **want.access._asdict()), diff.of_directory(want.path))]
    if state.kind != files.DIRECTORY:
        raise BadInput(f"{want.path} is to be a directory, but a {state.kind} stands there: move it away first")
    return _access(want.access, state, have)


def _file(want: FileWant, have: Have) -> list[Change]:
    state = have.files[want.path]
    if state.kind in (files.DIRECTORY, files.OTHER):
        raise BadInput(f"{want.path} is to be a file, but a {_kind_told(state)} stands there: move it away first")
    if want.content is not None:
        same = state.kind == files.FILE and state.content == want.content
        step = steps.write(want.path, want.content, **want.access._asdict(), sensitive=want.sensitive)
        return _access(want.access, state, have) if same else [_changed(want, state, step)]
    if want.link is not None:
        same = state.kind == files.LINK and state.target == want.link
        return [] if same else [_changed(want, state, steps.link(want.path, want.link))]
    return [_changed(want, state, steps.remove(want.path, sensitive=want.sensitive))] if state.exists else []


def _kind_told(state: FileState) -> str:
    return "directory" if state.kind == files.DIRECTORY else "device, socket or pipe"


def _changed(want: FileWant, state: FileState, step: Step) -> Change:
    return Change(step, diff.of_content(state, want.content, link=want.link, sensitive=want.sensitive))


def _access(asked: Access, state: FileState, have: Have) -> list[Change]:
    """A step for the parts of `asked` that differ from what stands there."""
    uid, gid = _ids(asked, have)
    differs = Access(
        asked.owner if uid not in (None, state.uid) else None,
        asked.group if gid not in (None, state.gid) else None,
        asked.mode if asked.mode not in (None, state.mode) else None,
    )
    if not differs.asked:
        return []
    now = {"owner": str(state.uid), "group": str(state.gid), "mode": f"{state.mode:04o}"}
    return [Change(steps.mode(state.path, **differs._asdict()), diff.of_access(state, differs, names=now))]


def _ids(asked: Access, have: Have) -> tuple[int | None, int | None]:
    """-1 for a user or group that is not there yet, as in a rehearsal on a host that was never set up: it differs."""
    uid = None if asked.owner is None else have.users.get(asked.owner, -1)
    gid = None if asked.group is None else have.groups.get(asked.group, -1)
    return uid, gid


def _purges(want: Want, have: Have) -> Iterable[Change]:
    """What nobody else may read is taken for a secret, since the call cannot know."""
    listed = {one.path for one in want.files}
    for one in want.directories:
        for state in have.listings.get(one.path, ()):
            if state.path not in listed:
                secret = state.kind == files.FILE and not state.mode & 0o004
                yield Change(steps.remove(state.path, sensitive=secret), diff.of_content(state, None, sensitive=secret))
