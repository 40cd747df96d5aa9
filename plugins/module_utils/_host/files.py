# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read files as a transaction sees them: kind, content, owner, group, mode, extended attributes (ACLs live there)."""

from __future__ import annotations

import errno
import grp
import hashlib
import os
import pwd
import stat
from collections.abc import Mapping
from typing import NamedTuple

from .._errors import BadInput

ABSENT, FILE, LINK, DIRECTORY, OTHER = "absent", "file", "link", "directory", "other"


class FileState(NamedTuple):
    """What stands at a path. `content` and `sha256` are None unless it is a regular file; `target` only for a link."""

    path: str
    kind: str
    content: bytes | None = None
    target: str | None = None
    uid: int = 0
    gid: int = 0
    mode: int = 0
    xattrs: Mapping[str, bytes] = {}
    ctime: float = 0.0
    mtime_ns: int = 0

    @property
    def sha256(self) -> str | None:
        return None if self.content is None else digest(self.content)

    @property
    def exists(self) -> bool:
        return self.kind != ABSENT


def digest(content: bytes) -> str:
    """Return the SHA-256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def digest_of(path: str) -> str:
    """Return the SHA-256 of the file at `path`, links followed, read in pieces; raise OSError where there is none."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1024 * 1024), b""):
            found.update(piece)
    return found.hexdigest()


def read(path: str, *, content: bool = True) -> FileState:
    """Return what stands at `path`, links not followed; `content=False` leaves the bytes unread."""
    try:
        info = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return FileState(path, ABSENT)
    data = target = None
    kind = _kind(info.st_mode)
    if kind == FILE and content:
        with open(path, "rb") as file:
            data = file.read()
    elif kind == LINK:
        target = os.readlink(path)
    return FileState(
        path,
        kind,
        content=data,
        target=target,
        uid=info.st_uid,
        gid=info.st_gid,
        mode=stat.S_IMODE(info.st_mode),
        xattrs={} if kind == LINK else xattrs(path),
        ctime=info.st_ctime,
        mtime_ns=info.st_mtime_ns,
    )


def xattrs(path: str) -> dict[str, bytes]:
    """Return the extended attributes of `path`, POSIX ACLs and SELinux label included; {} where there are none."""
    try:
        return {
            name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)
        }
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.EPERM, errno.ENOENT):
            return {}
        raise


def listing(path: str) -> tuple[str, ...]:
    """Return the names in directory `path`, sorted; () where it does not exist."""
    try:
        return tuple(sorted(os.listdir(path)))
    except (FileNotFoundError, NotADirectoryError):
        return ()


def uid_of(owner: str | int) -> int:
    """Return the numeric id of a user given by name or number; raise BadInput when there is no such user."""
    if str(owner).isdigit():
        return int(owner)
    try:
        return pwd.getpwnam(str(owner)).pw_uid
    except KeyError:
        raise BadInput(f"owner {owner!r} is not a user of this host; create the user first or give another") from None


def gid_of(group: str | int) -> int:
    """Return the numeric id of a group given by name or number; raise BadInput when there is no such group."""
    if str(group).isdigit():
        return int(group)
    try:
        return grp.getgrnam(str(group)).gr_gid
    except KeyError:
        raise BadInput(f"group {group!r} is not a group of this host; create the group first or give another") from None


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return FILE
    if stat.S_ISLNK(mode):
        return LINK
    return DIRECTORY if stat.S_ISDIR(mode) else OTHER
