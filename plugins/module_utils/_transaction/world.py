# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The operations that change a host, one method each: nothing in the collection changes a host but through these.

They are as small as the kernel's own, and syncing is an operation of its own, so that a crash test can stop at any of
them and can take back what a power loss would have taken.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from .._host import run as _run
from .._host.run import Completed


class World:
    """The real host. Every method raises OSError as the system call does."""

    def create(self, path: str, content: bytes) -> None:
        """A new file, readable by root alone until it is given away; an older one of that name is replaced."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)

    def append(self, path: str, content: bytes) -> None:
        """Bytes at the end of a file, which is made if need be; what a full disk tore off is cut away again."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        size = os.fstat(handle).st_size
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(handle, view) :]
        except OSError:
            os.ftruncate(handle, size)
            raise
        finally:
            os.close(handle)

    def truncate(self, path: str, size: int) -> None:
        os.truncate(path, size)

    def sync(self, path: str) -> None:
        """Bring a file, or a directory's entries, to the disk before anything that follows."""
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def sync_tree(self, path: str) -> None:
        """Bring all that is below a directory to the disk, with whatever else its file system still holds back.

        One call for a thousand small files; from Linux 5.8 on it also tells of what could not be written.
        """
        import ctypes

        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(handle) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number), path)
        finally:
            os.close(handle)

    def rename(self, old: str, new: str) -> None:
        os.rename(old, new)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def symlink(self, to: str, path: str) -> None:
        os.symlink(to, path)

    def mkdir(self, path: str) -> None:
        os.mkdir(path, 0o700)

    def rmdir(self, path: str) -> None:
        os.rmdir(path)

    def rmtree(self, path: str) -> None:
        """A directory with all that is in it; no link is followed, not even one that is put there meanwhile."""
        shutil.rmtree(path)

    def own(self, path: str, uid: int, gid: int) -> None:
        os.chown(path, uid, gid, follow_symlinks=False)

    def chmod(self, path: str, mode: int) -> None:
        # Whoever owns the directory may put a link there at any moment; of what is opened so the kernel refuses one.
        handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.chmod(f"/proc/self/fd/{handle}", mode)
        finally:
            os.close(handle)

    def setxattr(self, path: str, name: str, value: bytes) -> None:
        os.setxattr(path, name, value, follow_symlinks=False)

    def removexattr(self, path: str, name: str) -> None:
        os.removexattr(path, name, follow_symlinks=False)

    def utime(self, path: str, mtime_ns: int) -> None:
        os.utime(path, ns=(mtime_ns, mtime_ns), follow_symlinks=False)

    def run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        return _run.run(
            argv, timeout_s=timeout_s, env={"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}
        )
