# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What all areas of host_settings share: the shape of an area, and how its files come to be as wanted.

An area is a file in areas/ with three functions:

    parse(params) -> want      what the call asks for, None where it does not; raises BadInput
    reads(want, past) -> Asked what has to be read, as data; `past` is what the area remembers of earlier calls
    plan(want, have) -> Part   what it contributes to the one transaction: pure
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Union

from .. import _managed
from .._errors import BadInput
from .._host import files
from .._host.checks import Check
from .._host.files import FileState
from .._host.run import Completed
from .._host.systemd import UnitState
from .._managed import Managed
from .._transaction import steps
from .._transaction.steps import Step

HEADER = "# Managed by groundcrew.fleet: changes made here are replaced.\n"
MODE = 0o644


class Content(NamedTuple):
    """A file that is wholly ours, root's."""

    data: bytes
    mode: int = MODE


class LinkTo(NamedTuple):
    to: str


Wanted = Union[Content, LinkTo]


class Asked(NamedTuple):
    """What an area wants to know: paths, units, and anything else by a name, with the function that finds it out."""

    paths: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    looks: Mapping[str, Callable[[], Any]] = {}


class Have(NamedTuple):
    """The host. `seen` has what the areas' looks found; in a rehearsal an earlier task may be about to install things."""

    files: Mapping[str, FileState]
    units: Mapping[str, UnitState]
    seen: Mapping[str, Any]
    managed: Managed
    rehearsal: bool = False
    force: bool = False

    def past(self, area: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.managed.facts.get(area, {})
        return found

    def text(self, path: str) -> str:
        return (self.files[path].content or b"").decode("utf-8", "surrogateescape")


class Settled(NamedTuple):
    """Files of an area: the steps, what is no longer ours, what was edited and stays, what changes, what is ours then."""

    steps: tuple[Step, ...] = ()
    gone: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    changed: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ()


class Ask(NamedTuple):
    """A question to a tool of the host before anything is touched: `{tree}` is where `files` lie while it is asked.

    `judge` returns what is wrong, "" if nothing; `cure` tells what to install where the tool is missing.
    """

    what: str
    argv: tuple[str, ...]
    judge: Callable[[Completed], str]
    cure: str
    files: Mapping[str, bytes] = {}


class Part(NamedTuple):
    """What an area contributes. `edits` change files that are not ours alone; `last` comes when all else stands.

    `facts` is what it remembers; while `last` is still to come, that is `meanwhile`.
    """

    settled: Settled = Settled()
    before: tuple[Step, ...] = ()
    edits: tuple[Step, ...] = ()
    reload: bool = False
    after: tuple[Step, ...] = ()
    last: tuple[Step, ...] = ()
    checks: tuple[Check, ...] = ()
    asks: tuple[Ask, ...] = ()
    facts: Mapping[str, Any] = {}
    meanwhile: Mapping[str, Any] | None = None
    skipped: Mapping[str, str] = {}


def as_it_is(path: str, have: Have) -> Content:
    """Return the file of ours at `path` as it stands, for a call that does not ask for it."""
    state = have.files[path]
    return Content(state.content or b"", state.mode)


def settle(area: str, wanted: Mapping[str, Wanted], have: Have, *, brought: bool = False) -> Settled:
    """Return how the files of an area come to be as wanted, and how those that left go back to what was before.

    In a rehearsal their directories may be about to be `brought` by a package that an earlier task installs.
    """
    past = set(have.past(area).get("paths", ()))
    folders = {os.path.dirname(path) for path in wanted}
    made = [path for path in sorted(folders) if not (brought or have.files[path].exists)]
    planned = [steps.directory(path, owner="root", group="root", mode=0o755) for path in made]
    writes = [step for path, want in wanted.items() for step in _file(path, want, have.files[path])]
    ours = {*wanted, *made, *(folders & past)}
    gone = past - ours
    back, kept, _left = _managed.release(have.managed, have.files, gone, force=have.force)
    changed = frozenset(step.target for step in (*writes, *back))
    return Settled((*planned, *writes, *back), tuple(sorted(gone)), kept, changed, tuple(sorted(ours)))


def _file(path: str, want: Wanted, state: FileState) -> list[Step]:
    if state.kind in (files.DIRECTORY, files.OTHER):
        raise BadInput(f"{path} is to be a file, but a {state.kind} stands there: move it away first")
    if isinstance(want, LinkTo):
        return [] if (state.kind, state.target) == (files.LINK, want.to) else [steps.link(path, want.to)]
    if state.kind == files.FILE and (state.content, state.mode) == (want.data, want.mode):
        return []
    return [steps.write(path, want.data, owner="root", group="root", mode=want.mode)]


def paths_of(area_past: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the files and directories that were ours after the last call."""
    return tuple(area_past.get("paths", ()))


def shared(path: str, have: Have) -> str:
    """Return the text of a file that we only have a part in; raise BadInput where that is no plain file."""
    state = have.files[path]
    if state.kind not in (files.FILE, files.ABSENT):
        raise BadInput(f"{path} is to be edited, but a {state.kind} stands there: put a plain file in its place first")
    return have.text(path)


def conf(lines: Iterable[str]) -> Content:
    """Return a config file of ours with these lines."""
    return Content((HEADER + "".join(f"{line}\n" for line in lines)).encode())


def one_line(what: str, value: object) -> str:
    """Return `value` as text; raise BadInput where it is no single line."""
    text = str(value)
    if isinstance(value, (dict, list, bool)) or value is None or "\n" in text or "\0" in text:
        raise BadInput(f"{what} is {value!r}: give one line of text or a number")
    return text.strip()


def no_doubles(what: str, names: Iterable[str]) -> None:
    """Raise BadInput where a name stands twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadInput(f"{what} {name} is given twice: leave one of them out")
        seen.add(name)
