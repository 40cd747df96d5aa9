# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Things that are text in a file: whole files, single lines, and files of ours that several rules fill."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Union

from ..._host import files
from ..._host.files import FileState
from ..._transaction import steps
from ..._transaction.steps import Step
from ..rule import File, KernelModule, Line, Look, Sshd
from ..state import Have

HEADER = "# Managed by groundcrew.fleet.hardening: changes made here are replaced.\n"
MODPROBE = "/etc/modprobe.d/groundcrew-hardening.conf"
# Before all others: the server takes the first value that it finds.
SSHD = "/etc/ssh/sshd_config.d/00-groundcrew-hardening.conf"
SSHD_TEST = steps.argv(["sshd", "-t"])
SSHD_READS = steps.unit("ssh.service", "reload")
# How `sshd -T` says what sshd_config says otherwise.
SAME = {"prohibit-password": "without-password"}
Text = Union[File, Line, KernelModule, Sshd]


class Wanted(NamedTuple):
    """What shall stand at a path: None for nothing; a mode of None stays as it is, and the owners with it."""

    text: str | None
    mode: int | None
    then: tuple[Step, ...] = ()
    gid: int = 0

    def is_at(self, there: FileState) -> bool:
        if self.text is None or there.kind != files.FILE:
            return self.text is None and not there.exists
        wanted = (self.text.encode("utf-8", "surrogateescape"), self.mode, 0, self.gid)
        now = (there.content, there.mode, there.uid, there.gid)
        return wanted[0] == now[0] if self.mode is None else wanted == now


def path(thing: Text) -> str:
    """Return the file that the thing is a part of."""
    if isinstance(thing, KernelModule):
        return MODPROBE
    return SSHD if isinstance(thing, Sshd) else thing.path


def then(thing: Text) -> tuple[Step, ...]:
    """Return what makes the readers of its file read it."""
    if isinstance(thing, (File, Line)):
        return thing.then
    return (SSHD_TEST, SSHD_READS) if isinstance(thing, Sshd) else ()


def wanted(
    things: Iterable[Text], have: Mapping[str, FileState], bases: Mapping[str, str] | None = None
) -> dict[str, Wanted]:
    """Return what shall stand at each path that the things are about.

    `bases` has the text that lines are set in, by path, where that is another than what stands there.
    """
    found: dict[str, Wanted] = {}
    for thing in things:
        where = path(thing)
        there = found.get(where)
        if isinstance(thing, File):
            found[where] = Wanted(thing.content, thing.mode, then(thing), thing.gid)
        elif isinstance(thing, Line):
            text = there.text if there else (bases or {}).get(where) or _text(have[where])
            found[where] = Wanted(set_line(text or "", thing), None, then(thing))
        else:
            text = there.text if there else HEADER
            found[where] = Wanted(f"{text}{_entry(thing)}\n", 0o644, then(thing))
    return found


def look(thing: Text, have: Have) -> Look:
    """Return how the thing is, and how it should be."""
    if isinstance(thing, File):
        return _look_file(thing, have.files[thing.path])
    if isinstance(thing, Line):
        return _look_line(thing, have.files[thing.path])
    if isinstance(thing, Sshd):
        return _look_sshd(thing, have)
    return _look_module(thing, have)


def mend(thing: Text) -> str:
    """Return what a person would do by hand."""
    if isinstance(thing, File):
        return f"remove {thing.path}" if thing.content is None else f"write {thing.path} as the role hardening has it"
    if isinstance(thing, Line):
        return f"set {thing.key}{thing.separator}{thing.value} in {thing.path}"
    if isinstance(thing, Sshd) and thing.keyword == "Port":
        return f"leave Port {thing.value} alone in sshd_config and sshd_config.d, and reload ssh"
    if isinstance(thing, Sshd):
        return f"set {thing.keyword} {thing.value} in a file of /etc/ssh/sshd_config.d that sorts first, and reload ssh"
    return f"write '{_entry(thing)}' to a file of /etc/modprobe.d"


def set_line(text: str, line: Line) -> str:
    """Return `text` with the line once, in the place of the first one of its key, of its comment, or at the end."""
    new = f"{line.key}{line.separator}{line.value}"
    rows = text.splitlines()
    ours = [number for number, row in enumerate(rows) if _is_of(line, row)]
    if ours and rows[ours[0]].split("#")[0].split() == new.split():
        new = rows[ours[0]]
    kept = [row for number, row in enumerate(rows) if number not in ours[1:]]
    if ours:
        kept[ours[0]] = new
    else:
        comments = [
            number for number, row in enumerate(kept) if _is_of(line, row.lstrip("# \t")) and row.startswith("#")
        ]
        kept.insert(comments[0] + 1 if comments else len(kept), new)
    return "\n".join(kept) + "\n"


def steps_for(
    things: Sequence[Text], have: Mapping[str, FileState], bases: Mapping[str, str] | None = None
) -> tuple[list[Step], list[Step]]:
    """Return the steps that bring the files about, and those that make their readers read them."""
    planned: list[Step] = []
    read: list[Step] = []
    for where, one in wanted(things, have, bases).items():
        if one.is_at(have[where]):
            continue
        planned.append(_write(where, one))
        read += one.then
    return planned, read


def _write(where: str, one: Wanted) -> Step:
    if one.text is None:
        return steps.remove(where)
    content = one.text.encode("utf-8", "surrogateescape")
    return steps.write(where, content, owner="0", group=str(one.gid), mode=one.mode)


def _is_of(line: Line, row: str) -> bool:
    found = re.match(rf"\s*{re.escape(line.key)}(?![\w.-])\s*{re.escape(line.separator.strip())}", row)
    return bool(found)


def _entry(thing: KernelModule | Sshd) -> str:
    if isinstance(thing, Sshd):
        return f"{thing.keyword} {thing.value}"
    return f"install {thing.name} /bin/false\nblacklist {thing.name}"


def _text(state: FileState) -> str | None:
    return None if state.content is None else state.content.decode("utf-8", "surrogateescape")


def _look_file(thing: File, there: FileState) -> Look:
    if thing.content is None:
        return Look("is there" if there.exists else "is not there", "is not there", not there.exists)
    if not there.exists:
        return Look("is not there", "as the role has it", ok=False)
    same = Wanted(thing.content, thing.mode, gid=thing.gid).is_at(there)
    return Look("as the role has it" if same else "has another content, owner or mode", "as the role has it", same)


def _look_line(thing: Line, there: FileState) -> Look:
    rows = [row for row in (_text(there) or "").splitlines() if _is_of(thing, row)]
    now = (
        rows[0].split("#")[0].strip()[len(thing.key) :].strip().removeprefix(thing.separator.strip()).strip()
        if rows
        else ""
    )
    return Look(now or "not set", thing.value, now.split() == thing.value.split() and len(rows) == 1)


def _look_sshd(thing: Sshd, have: Have) -> Look:
    values = have.facts.sshd.get(thing.keyword.lower(), [])
    should = SAME.get(thing.value, thing.value)
    now = " ".join(values)
    if not values:
        # Older servers do not tell of what the distribution has added.
        listed = f"{_entry(thing)}\n" in (_text(have.files[SSHD]) or "")
        return Look(should if listed else "not told", should, listed)
    if thing.keyword == "Port":
        # The server listens at all that stand anywhere.
        return Look(now, should, values == [should])
    # Some may stand more than once.
    return Look(now, should, should.lower() in (now.lower(), *(value.lower() for value in values)))


def _look_module(thing: KernelModule, have: Have) -> Look:
    listed = f"install {thing.name} /bin/false\n" in (_text(have.files[MODPROBE]) or "")
    if thing.name in have.modules:
        return Look("loaded", "not to be loaded", ok=False)
    return Look("not to be loaded" if listed else "may be loaded", "not to be loaded", listed)
