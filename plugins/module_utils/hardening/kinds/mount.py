# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Options of mount points: the line in /etc/fstab for the next boot, and a remount for now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ..._transaction import steps
from ..._transaction.steps import Step
from ..rule import Look, Mount
from ..state import FSTAB, Have, MountState

FLAGS = ("nodev", "nosuid", "noexec")
# What is mounted from nothing, so that a line of its own cannot fail.
OF_THE_KERNEL = ("proc", "tmpfs")
STRANGE = "it has no line in /etc/fstab, so what mounts it has to be given the options: a mount unit, autofs or the file system itself"


def look(thing: Mount, have: Have) -> Look:
    """Return how the thing is, and how it should be."""
    there = have.mounts.get(thing.point)
    should = ",".join(thing.options)
    if there is None:
        return Look("nothing is mounted there", should, ok=True)
    missing = [option for option in thing.options if option not in there.options]
    if _is_strange(thing, have, there):
        return Look(
            f"without {','.join(missing)}" if missing else should, should, not missing, STRANGE if missing else ""
        )
    stays = edit(have.text(FSTAB), thing, there) == have.text(FSTAB)
    now = f"without {','.join(missing)}" if missing else should if stays else "not so after a boot"
    return Look(now, should, not missing and stays)


def mend(thing: Mount) -> str:
    """Return what a person would do by hand."""
    return f"mount -o remount,{','.join(thing.options)} {thing.point}, and the same options in {FSTAB}"


def steps_for(things: Iterable[Mount], have: Have, base: str | None = None) -> list[Step]:
    """Return the line of each in fstab, and the remounts; their undo has the options that were there.

    `base` is the text that the lines are set in, where that is another than what stands there.
    """
    text = have.text(FSTAB) if base is None else base
    remounts: list[Step] = []
    for thing in things:
        there = have.mounts.get(thing.point)
        if there is None or _is_strange(thing, have, there):
            continue
        text = edit(text, thing, there)
        if not set(thing.options) <= there.options:
            missing = [option for option in thing.options if option not in there.options]
            remounts.append(_remount(thing.point, missing))
    changed = [steps.write(FSTAB, text.encode())] if text != have.text(FSTAB) else []
    return [*changed, *remounts]


def _is_strange(thing: Mount, have: Have, there: MountState) -> bool:
    """Whether somebody else mounts it: a line of ours in fstab for what autofs or ZFS brings would end the next boot."""
    return there.kind not in OF_THE_KERNEL and _fields(have.text(FSTAB), thing.point) is None


def _remount(point: str, options: Sequence[str]) -> Step:
    """The undo gives the opposite of each: what is not said stays."""
    return steps.argv(_command(point, options), undo=_command(point, map(_opposite, options)))


def _command(point: str, options: Iterable[str]) -> list[str]:
    return ["mount", "-o", f"remount,{','.join(options)}", point]


def _opposite(option: str) -> str:
    name, has_value, _value = option.partition("=")
    return f"{name}=0" if has_value else option[len("no") :]


def added(things: Iterable[Mount], have: Have) -> dict[str, list[str]]:
    """Return the options that the steps give to each mount point, for the way back."""
    found = {}
    for thing in things:
        there = have.mounts.get(thing.point)
        missing = [option for option in thing.options if there and option not in there.options]
        if there and missing and not _is_strange(thing, have, there):
            found[thing.point] = missing
    return found


def back(ours: Mapping[str, Iterable[str]], have: Have) -> list[Step]:
    """Return the remounts that take away the options that we gave, as far as they are still there."""
    planned = []
    for point, options in ours.items():
        there = have.mounts.get(point)
        still = [option for option in options if there and option in there.options]
        if still:
            planned.append(steps.argv(_command(point, [_opposite(one) for one in still]), undo=_command(point, still)))
    return planned


def edit(text: str, thing: Mount, there: MountState) -> str:
    """Return fstab with the options at the line of that mount point, or with such a line for a file system of the kernel."""
    rows = text.splitlines()
    found = _fields(text, thing.point)
    if found:
        number, fields = found
        have = fields[6].split(",")
        fields[6] = ",".join([*have, *(option for option in thing.options if option not in have)])
        rows[number] = "".join(fields)
        return "\n".join(rows) + "\n"
    # A remount takes what fstab says for all that there is.
    now = [option for option in FLAGS if option in there.options and option not in thing.options]
    options = ",".join(["defaults", *now, *thing.options])
    return "".join(f"{row}\n" for row in rows) + f"{there.source} {thing.point} {there.kind} {options} 0 0\n"


def _fields(text: str, point: str) -> tuple[int, list[str]] | None:
    """Return the number and the fields, with what is between them, of the line of fstab for a mount point."""
    for number, row in enumerate(text.splitlines()):
        fields = re.split(r"(\s+)", row.strip())
        if not row.lstrip().startswith("#") and len(fields) >= 7 and fields[2] == point:
            return number, fields
    return None
