# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read an archive (tar.gz or wheel) that somebody else made, and refuse what has no place in a tree of files.

Every name is a path below the tree, every link stays within it, and there is nothing but files, directories and links.
"""

from __future__ import annotations

import calendar
import contextlib
import gzip
import posixpath
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Callable, NamedTuple

from .._errors import BadInput

FILE, DIRECTORY, LINK, COPY = "file", "directory", "link", "copy"
MOST_MEMBERS, MOST_BYTES = 200_000, 4 * 1024**3
_CURE = "make the artefact anew without it"
# The last second that every file system can write down.
_LATEST_S = 2**31 - 1
_ODD_BITS = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX


_DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, struct.error),
    *(EOFError, RuntimeError, ValueError),
)


class Member(NamedTuple):
    """One entry: `to` is what a link points to, or of which earlier file a copy (a hard link) is one.

    `open` gives a file's content, for `pieces`, until the next member is asked for.
    """

    name: str
    kind: str
    size: int = 0
    executable: bool = False
    mtime_s: int = 0
    to: str = ""
    open: Callable[[], IO[bytes]] | None = None


class _Raw(NamedTuple):
    """An entry as the archive tells it; `kind` is "" for what is no file, directory or link."""

    name: str
    kind: str
    size: int
    mode: int
    mtime_s: float
    to: str
    open: Callable[[], IO[bytes]]


def members(path: str) -> Iterator[Member]:
    """Yield every member of the archive, its directories before what is in them.

    Raise BadInput, naming the member, for one that is refused, and for a file that is no such archive or is damaged;
    what came before was good. The directories that the archive only implies are yielded too.
    """
    kinds: dict[str, str] = {}
    sizes: dict[str, int] = {}
    count = size = 0
    with _told(path):
        for raw in _raw(path):
            member = _member(raw, kinds)
            if member and member.kind == COPY:
                # A hard link takes as much as what it is a copy of.
                member = member._replace(size=sizes[member.to])
            count, size = count + 1, size + (member.size if member else 0)
            _refuse_too_much(path, count, size)
            if member is None:
                continue
            sizes[member.name] = member.size
            for folder in _missing(member.name, kinds):
                kinds[folder] = "implied"
                yield Member(folder, DIRECTORY)
            known = kinds.get(member.name)
            kinds[member.name] = member.kind
            if known is None:
                yield member


def pieces(path: str, member: Member, size: int) -> Iterator[bytes]:
    """Yield the content of a file of the archive at `path`, `size` bytes at a time; raise BadInput where it is damaged."""
    if member.open is None:
        return
    with _told(path), member.open() as content:
        while piece := content.read(size):
            yield piece


@contextlib.contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise BadInput(f"{path} is damaged: {error}; bring an untouched copy") from error


def _raw(path: str) -> Iterator[_Raw]:
    with open(path, "rb") as file:
        magic = file.read(2)
    if magic == b"\x1f\x8b":
        yield from _of_tar(path)
    elif magic == b"PK":
        yield from _of_zip(path)
    else:
        raise BadInput(f"{path} is neither a tar.gz nor a wheel; give one that playbook package made, or a wheel")


def _of_tar(path: str) -> Iterator[_Raw]:
    with tarfile.open(path, "r:gz") as archive:
        for info in archive:
            kind = DIRECTORY if info.isdir() else FILE if info.isreg() else LINK if info.issym() else ""
            kind = COPY if info.islnk() else kind

            def content(info: tarfile.TarInfo = info) -> IO[bytes]:
                found = archive.extractfile(info)
                if found is None:
                    raise tarfile.ReadError(f"{info.name!r} has no content")
                return found

            size = info.size if kind == FILE else 0
            yield _Raw(info.name, kind, size, info.mode, info.mtime, info.linkname, content)


def _of_zip(path: str) -> Iterator[_Raw]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            mode = info.external_attr >> 16
            kind = DIRECTORY if info.is_dir() else FILE
            # Nobody needs links in a wheel, and an encrypted one cannot be read.
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR) or info.flag_bits & 1:
                kind = ""

            def content(info: zipfile.ZipInfo = info) -> IO[bytes]:
                return archive.open(info)

            yield _Raw(info.filename, kind, info.file_size, mode, _seconds(info), "", content)


def _seconds(info: zipfile.ZipInfo) -> float:
    """A zip has no time zone; read as UTC it is the same moment on every host. Some tools write no date at all: month 0."""
    return calendar.timegm(info.date_time) if info.date_time[1] else 0


def _refuse_too_much(path: str, count: int, size: int) -> None:
    if count > MOST_MEMBERS or size > MOST_BYTES:
        raise BadInput(
            f"{path} has more than {MOST_MEMBERS:,} members or {MOST_BYTES // 1024**3} GiB unpacked; "
            "leave out what the service does not need to run"
        )


def _member(raw: _Raw, kinds: dict[str, str]) -> Member | None:
    """Return the entry under its plain name; None for the tree's own root. Raise BadInput where it is refused."""
    name = posixpath.normpath(raw.name) if raw.name else ""
    _refuse(raw, name, kinds)
    if name == ".":
        return None
    to = posixpath.normpath(raw.to) if raw.kind == COPY else raw.to
    if raw.kind == LINK:
        _refuse_link(raw, name)
    if raw.kind == COPY and kinds.get(to) not in (FILE, COPY):
        raise BadInput(f"member {raw.name!r} is a hard link to {raw.to!r}, which is no file before it; {_CURE}")
    executable = bool(raw.mode & 0o111) and raw.kind == FILE
    mtime_s = int(min(max(raw.mtime_s, 0), _LATEST_S))
    return Member(name, raw.kind, raw.size, executable, mtime_s, to, raw.open if raw.kind == FILE else None)


def _refuse(raw: _Raw, name: str, kinds: dict[str, str]) -> None:
    if not raw.name or "\0" in raw.name or raw.name.startswith("/") or ".." in raw.name.split("/"):
        raise BadInput(f"member {raw.name!r} leads out of the tree; {_CURE}")
    if not raw.kind:
        raise BadInput(f"member {raw.name!r} is neither a file, a directory nor a link; {_CURE}")
    if raw.kind != LINK and raw.mode & _ODD_BITS:
        raise BadInput(
            f"member {raw.name!r} has mode {raw.mode & 0o7777:04o}, with setuid, setgid or sticky bit; {_CURE}"
        )
    if name == "." and raw.kind != DIRECTORY:
        raise BadInput(f"member {raw.name!r} is the tree itself, but no directory; {_CURE}")
    known = kinds.get(name)
    if known is not None and not (known == "implied" and raw.kind == DIRECTORY):
        raise BadInput(f"member {raw.name!r} is there twice; {_CURE}")
    for folder in _parents(name):
        if kinds.get(folder, DIRECTORY) not in (DIRECTORY, "implied"):
            raise BadInput(f"member {raw.name!r} lies below {folder!r}, which is no directory; {_CURE}")


def _refuse_link(raw: _Raw, name: str) -> None:
    """What goes up only at its beginning, and not above the root, stays within: no folder of the tree is a link itself."""
    parts = [part for part in raw.to.split("/") if part not in ("", ".")]
    up = next((number for number, part in enumerate(parts) if part != ".."), len(parts))
    if not raw.to or "\0" in raw.to or raw.to.startswith("/") or ".." in parts[up:] or up > name.count("/"):
        raise BadInput(f"member {raw.name!r} is a link to {raw.to!r}, which leads out of the tree; {_CURE}")


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:number]) for number in range(1, len(parts))]


def _missing(name: str, kinds: dict[str, str]) -> list[str]:
    return [folder for folder in _parents(name) if folder not in kinds]
