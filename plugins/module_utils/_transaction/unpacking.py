# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Unpack an archive into a new directory: beside the other steps, since what reads archives takes time to load."""

from __future__ import annotations

import os
from collections.abc import Iterator

from .._host import files, unpack
from .._host.unpack import Member
from .world import World

DIRECTORY_MODE, FILE_MODE, PROGRAM_MODE = 0o755, 0o644, 0o755
ACLS = ("system.posix_acl_access", "system.posix_acl_default")
# What is held in memory of a file at a time.
PIECE = 16 * 1024 * 1024


def unpack_to(world: World, archive: str, path: str) -> None:
    """Unpack the archive into the new directory `path`, and bring it to the disk.

    No file is synced by itself: a thousand small ones would wait for the disk a thousand times. One sync of the file
    system brings them all, and that is early enough, since nothing can be seen under the tree's own name before the
    step's rename, which comes after the mark that says that all is staged, and so after this sync. A power loss before
    it leaves no more than a torn tree under the hidden name, which the recovery clears away.
    """
    world.mkdir(path)
    # A parent with setgid bit or default ACL would hand them on to everything below.
    world.own(path, os.geteuid(), os.getegid())
    for name in files.xattrs(path):
        if name in ACLS:
            world.removexattr(path, name)
    world.chmod(path, DIRECTORY_MODE)
    fill(world, archive, path)
    world.sync_tree(path)


def fill(world: World, archive: str, path: str) -> None:
    """Unpack the archive into the empty directory `path`; raise BadInput, with half of it done, for a bad member."""
    for member in unpack.members(archive):
        _make(world, archive, path, member)


def _make(world: World, archive: str, top: str, member: Member) -> None:
    path = f"{top}/{member.name}"
    if member.kind == unpack.DIRECTORY:
        world.mkdir(path)
        world.chmod(path, DIRECTORY_MODE)
    elif member.kind == unpack.LINK:
        world.symlink(member.to, path)
    else:
        _make_file(world, archive, top, member)


def _make_file(world: World, archive: str, top: str, member: Member) -> None:
    path = f"{top}/{member.name}"
    mode = PROGRAM_MODE if member.executable else FILE_MODE
    if member.kind == unpack.COPY:
        mode = files.read(f"{top}/{member.to}", content=False).mode
        pieces = _pieces_of(f"{top}/{member.to}")
    else:
        pieces = unpack.pieces(archive, member, PIECE)
    world.create(path, next(pieces, b""))
    for piece in pieces:
        world.append(path, piece)
    world.chmod(path, mode)
    # Servers that tell a file's age must tell the same one on each host.
    world.utime(path, member.mtime_s * 1_000_000_000)


def _pieces_of(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            yield piece
