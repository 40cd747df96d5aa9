# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Options of mount points: the line in /etc/fstab for the next boot, and a remount for now."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..._transaction import steps
from ..._transaction.steps import Step
from ..rule import Look, Mount
from ..state import FSTAB, Have, MountState


def look(thing: Mount, have: Have) -> Look:
    """Return how the thing is, and how it should be."""
    there = have.mounts.get(thing.point)
    should = ",".join(thing.options)
    if there is None:
        return Look("nothing is mounted there", should, ok=True)
    missing = [option for option in thing.options if option not in there.options]
    stays = edit(have.text(FSTAB), thing, there) == have.text(FSTAB)
    now = f"without {','.join(missing)}" if missing else should if stays else "not so after a boot"
    return Look(now, should, not missing and stays)


def mend(thing: Mount) -> str:
    """Return what a person would do by hand."""
    return f"mount -o remount,{','.join(thing.options)} {thing.point}, and the same options in {FSTAB}"


def steps_for(things: Iterable[Mount], have: Have) -> list[Step]:
    """Return the line of each in fstab, and the remounts; their undo has the options that were there."""
    text = have.text(FSTAB)
    remounts: list[Step] = []
    for thing in things:
        there = have.mounts.get(thing.point)
        if there is None:
            continue
        text = edit(text, thing, there)
        if not set(thing.options) <= there.options:
            added = [option for option in thing.options if option not in there.options]
            remounts.append(_remount(thing.point, added))
    changed = [steps.write(FSTAB, text.encode())] if text != have.text(FSTAB) else []
    return [*changed, *remounts]


def _remount(point: str, options: Iterable[str]) -> Step:
    """The undo gives the opposite of each: what is not said stays."""
    undo = ["mount", "-o", f"remount,{','.join(option[2:] for option in options)}", point]
    return steps.argv(["mount", "-o", f"remount,{','.join(options)}", point], undo=undo)


def edit(text: str, thing: Mount, there: MountState) -> str:
    """Return fstab with the options at the line of that mount point, or with such a line for a file system of the kernel."""
    rows = text.splitlines()
    for number, row in enumerate(rows):
        fields = re.split(r"(\s+)", row.strip())
        if not row.lstrip().startswith("#") and len(fields) >= 7 and fields[2] == thing.point:
            have = fields[6].split(",")
            fields[6] = ",".join([*have, *(option for option in thing.options if option not in have)])
            rows[number] = "".join(fields)
            return "\n".join(rows) + "\n"
    options = ",".join(["defaults", *thing.options])
    return "".join(f"{row}\n" for row in rows) + f"{there.source} {thing.point} {there.kind} {options} 0 0\n"
