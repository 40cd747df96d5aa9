# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Pack a directory so that the same files give the same bytes, whoever packs them, when and where."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator
from typing import NamedTuple

from .._errors import BadInput
from .._host import files, unpack
from .source import LEFT_OUT

# Enough for text, and the same in every zlib of today; more would take much longer for a little less.
LEVEL = 6


class Item(NamedTuple):
    """One thing to pack: where it goes, where it lies, and what kind it is."""

    name: str
    path: str
    kind: str


def items(directory: str, prefix: str = "") -> list[Item]:
    """Return what is in the directory, sorted; of directories only the empty ones, since the others follow.

    Raise BadInput for what is neither a file, a link nor a directory.
    """
    return sorted(_items(directory, prefix))


def fingerprint(found: list[Item]) -> dict[str, str]:
    """Return what each item comes down to once it is unpacked: kind and content, by name."""
    return {item.name: _print(item) for item in found}


def fingerprint_of(archive: str) -> dict[str, str]:
    """Return the same of what is in an archive."""
    prints: dict[str, str] = {}
    for member in unpack.members(archive):
        if member.kind == unpack.FILE:
            content = hashlib.sha256()
            for piece in unpack.pieces(archive, member, 1024 * 1024):
                content.update(piece)
            prints[member.name] = _told(member.kind, content.hexdigest(), executable=member.executable)
        else:
            prints[member.name] = _told(member.kind, member.to, executable=False)
    # A directory that has something in it is told by that.
    above = {os.path.dirname(name) for name in prints}
    return {name: told for name, told in prints.items() if name not in above}


def write(path: str, found: list[Item], mtime_s: int) -> None:
    """Write the items as tar.gz: root's, with one time for all, and nothing that tells of this machine or this moment."""
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(open(path, "wb"))
        packed = stack.enter_context(gzip.GzipFile("", "wb", LEVEL, file, mtime=0))
        # Of the formats only this one takes every name and tells no more than it is given.
        archive = stack.enter_context(tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT))
        for item in sorted(found):
            _add(archive, item, mtime_s)


def _items(directory: str, prefix: str) -> Iterator[Item]:
    for name in files.listing(directory):
        if name in LEFT_OUT:
            continue
        path, told = f"{directory}/{name}", f"{prefix}{name}"
        kind = files.read(path, content=False).kind
        if kind == files.OTHER:
            raise BadInput(f"{path} is neither a file, a link nor a directory, so it cannot be packed; remove it")
        if kind != files.DIRECTORY:
            yield Item(told, path, kind)
        elif os.listdir(path):
            yield from _items(path, f"{told}/")
        else:
            yield Item(told, path, kind)


def _print(item: Item) -> str:
    if item.kind == files.FILE:
        return _told(unpack.FILE, files.digest_of(item.path), executable=_is_executable(item.path))
    to = os.readlink(item.path) if item.kind == files.LINK else ""
    return _told(item.kind, to, executable=False)


def _told(kind: str, content: str, *, executable: bool) -> str:
    return f"{kind}{' executable' if executable else ''} {content}"


def _is_executable(path: str) -> bool:
    return bool(os.lstat(path).st_mode & stat.S_IXUSR)


def _add(archive: tarfile.TarFile, item: Item, mtime_s: int) -> None:
    info = tarfile.TarInfo(item.name)
    info.mtime, info.mode = mtime_s, 0o644
    if item.kind == files.LINK:
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, os.readlink(item.path), 0o777
        archive.addfile(info)
    elif item.kind == files.DIRECTORY:
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(info)
    else:
        if _is_executable(item.path):
            info.mode = 0o755
        with open(item.path, "rb") as content:
            info.size = os.fstat(content.fileno()).st_size
            archive.addfile(info, content)
