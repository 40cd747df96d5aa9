# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Swap files: made once, and turned on by a swap unit of systemd for each.

A swap file goes only in a transaction of its own, when it is in use no more: its content cannot be kept for an undo.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..._errors import BadInput
from ..._host import machine
from ..._transaction import steps
from ..._transaction.steps import Step
from ..area import HEADER, Asked, Have, Part, no_doubles, paths_of
from ..unit_files import UnitFile, escape, names_in, plan_units

AREA = "swap"
MIB = 1024 * 1024
# A slow disk has to be written once where the file system cannot set room aside.
MAKE_S = 600
CONTAINER = "a container has the machine's swap and none of its own"
UNIT = """\
{header}[Unit]
Description={path} (groundcrew.fleet)

[Swap]
What={path}

[Install]
WantedBy=swap.target
"""


class Swap(NamedTuple):
    path: str
    size_mb: int

    @property
    def unit(self) -> UnitFile:
        return UnitFile(f"{escape(self.path)}.swap", UNIT.format(header=HEADER, path=self.path))


def parse(params: Mapping[str, Any]) -> tuple[Swap, ...] | None:
    """Return the swap files that shall be, None where they are not asked for; raise BadInput for what cannot be."""
    if params["swap"] is None:
        return None
    no_doubles("swap file", (one["path"] for one in params["swap"]))
    return tuple(_swap(one) for one in params["swap"] if one["state"] == "present")


def _swap(one: Mapping[str, Any]) -> Swap:
    path, size = one["path"], one["size_mb"]
    if not path.startswith("/") or os.path.normpath(path) != path or set(path) & set(" %\n"):
        raise BadInput(f"swap file {path!r} is no plain full path: write it like /swapfile, without spaces and %")
    if not size or size < 1:
        raise BadInput(f"swap file {path} needs a size: give size_mb of 1 or more, or state absent")
    return Swap(path, size)


def reads(want: tuple[Swap, ...], past: Mapping[str, Any]) -> Asked:
    """Return what the plan has to know of the host."""
    units = [one.unit for one in want]
    places = {*(one.path for one in want), *past.get("files", {})}
    looks: dict[str, Callable[[], Any]] = {
        "container": machine.is_container,
        "swap files": lambda: {path: size_of(path) for path in places},
    }
    paths = (*(unit.path for unit in units), *paths_of(past))
    return Asked(paths, (*(unit.name for unit in units), *names_in(paths_of(past))), looks)


def size_of(path: str) -> int | None:
    """Return the size of the file at `path` in MiB, -1 for anything else, None where nothing is."""
    try:
        info = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return info.st_size // MIB if stat.S_ISREG(info.st_mode) else -1


def plan(want: tuple[Swap, ...], have: Have) -> Part:
    """Return the units, the files that they need, and last the files that nothing needs any more."""
    if want and have.seen["container"]:
        return Part(facts=have.past(AREA), skipped={f"swap {one.path}": CONTAINER for one in want})
    ours, there = dict(have.past(AREA).get("files", {})), have.seen["swap files"]
    for one in want:
        _refuse(one, ours, there[one.path])
    part = plan_units(AREA, [one.unit for one in want], have)
    missing = [one for one in want if there[one.path] is None]
    wanted = {one.path: one.size_mb for one in want}
    left = [path for path in ours if path not in wanted]
    return part._replace(
        edits=tuple(steps.write(one.path, b"", owner="root", group="root", mode=0o600) for one in missing),
        after=(*(step for one in missing for step in _make(one)), *part.after),
        last=tuple(steps.argv(["rm", "-f", "--", path]) for path in left),
        facts={**part.facts, "files": wanted} if wanted else {},
        meanwhile={**part.facts, "files": {**{path: ours[path] for path in left}, **wanted}} if left else None,
    )


def _refuse(one: Swap, ours: Mapping[str, int], size: int | None) -> None:
    if size is None:
        return
    if one.path not in ours:
        raise BadInput(f"swap file {one.path} is there already and not ours: give another path, or move it away first")
    if size != one.size_mb:
        raise BadInput(
            f"swap file {one.path} has {size} MiB, not {one.size_mb}: its size cannot be changed in use; take it away by state "
            "absent first, or give another path"
        )


def _make(one: Swap) -> list[Step]:
    """The file is there already, empty and root's alone; taking that back takes all of this back."""
    room = steps.argv(["fallocate", "-l", f"{one.size_mb}MiB", one.path], timeout_s=MAKE_S)
    return [room, steps.argv(["mkswap", one.path], timeout_s=MAKE_S)]
