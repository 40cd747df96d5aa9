# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Directories that come and go as a whole: unpacked beside their place, moved there in one rename, and away likewise.

What is half unpacked or half removed lies under a hidden name that the journal knows, so that whoever ends the
transaction can clear it away; under its own name a tree is there whole or not at all.
"""

from __future__ import annotations

import errno
import os

from .._errors import BadInput
from .._host import files
from .._host.files import FileState
from .steps import Step
from .world import World


def refuse(step: Step, old: FileState) -> None:
    """Raise BadInput where the tree cannot be made of its archive, or what is to be erased is no directory."""
    if step.kind == "erase" and old.kind not in (files.DIRECTORY, files.ABSENT):
        raise BadInput(f"{step.target} is a {old.kind}, not a directory; remove it as what it is")
    if step.kind != "tree":
        return
    if old.exists:
        raise BadInput(f"{step.target} is there already, and a tree is never unpacked over another; erase it first")
    archive, wanted = step.args["archive"], step.args["sha256"]
    if not os.path.isfile(archive):
        raise BadInput(
            f"{archive} is not there, so {step.target} cannot be unpacked from it; bring it to the host first"
        )
    found = files.digest_of(archive)
    if found != wanted:
        raise BadInput(f"{archive} has the SHA-256 {found}, not {wanted}: it is not what was asked for; bring it anew")


def put(world: World, staged: str, target: str) -> None:
    """Give the tree its name; it has it already where this was done before a crash."""
    if os.path.lexists(staged):
        world.rename(staged, target)
    elif not os.path.isdir(target):
        raise FileNotFoundError(errno.ENOENT, "what was prepared to stand there is gone", target)


def take_away(world: World, target: str, temporary: str) -> None:
    """Remove the tree and all that was put into it since: under another name first, so that nobody meets half of it."""
    if not os.path.lexists(target):
        return
    if os.path.lexists(temporary):
        clear(world, temporary)
    world.rename(target, temporary)
    clear(world, temporary)


def hide(world: World, target: str, hidden: str) -> None:
    """Move the directory out of sight; what ends the transaction clears it away."""
    if os.path.lexists(target) and not os.path.lexists(hidden):
        world.rename(target, hidden)


def bring_back(world: World, hidden: str, target: str) -> None:
    """Bring back what was hidden. Raise FileExistsError where its place is taken: clearing it away would lose it."""
    if not os.path.lexists(hidden):
        return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, f"{hidden} cannot be brought back to where something else stands", target)
    world.rename(hidden, target)


def clear(world: World, path: str) -> None:
    """Remove what is at `path`: a file, a link, or a directory with all that is in it."""
    if os.path.isdir(path) and not os.path.islink(path):
        world.rmtree(path)
    else:
        world.unlink(path)
