# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Whether the disks can take an update: pure but for `measure`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from .._host import disk_space
from .._host.updates import Update
from .._transaction.paths import Paths
from .restarts import is_kernel

# dpkg writes the new files beside the old ones before it removes these, and logs and databases grow meanwhile.
MARGIN = 32 * 1024**2
KERNEL = 128 * 1024**2
BOOT = "/boot"


class Disk(NamedTuple):
    """One file system: how many bytes it has, how many are asked of it, and what for."""

    path: str
    free: int
    needs: int
    what: str

    def told(self) -> str:
        return f"{self.path} has {_mib(self.free)} free, and {self.what} needs {_mib(self.needs)}"


def measure(changes: Iterable[Update], paths: Paths) -> tuple[Disk, ...]:
    """Return the file systems that an update touches, with what it needs there in all."""
    asked: dict[int, list[tuple[str, int, str]]] = {}
    for one in demands(tuple(changes), paths):
        asked.setdefault(disk_space.device(one[0]), []).append(one)
    return tuple(
        Disk(
            ", ".join(path for path, _needs, _what in several),
            disk_space.free(several[0][0]),
            sum(needs for _path, needs, _what in several),
            " and ".join(what for _path, _needs, what in several),
        )
        for several in asked.values()
    )


def demands(changes: tuple[Update, ...], paths: Paths) -> tuple[tuple[str, int, str], ...]:
    """Return path, bytes and purpose of what these changes need; nothing for none.

    The archives of what is replaced are taken to be as large as those of what comes.
    """
    if not changes:
        return ()
    fetched, grows = sum(one.size for one in changes), sum(max(0, one.grows) for one in changes)
    asked = [
        ("/usr", grows + MARGIN, "what the packages grow by"),
        ("/var", MARGIN, "the package manager's own files"),
        (paths.archives, 2 * fetched + MARGIN, "the archives of the update and of its way back"),
    ]
    if any(is_kernel(one.name) for one in changes) and os.path.isdir(BOOT):
        asked.append((BOOT, KERNEL, "one more kernel beside the present one"))
    return tuple(asked)


def _mib(number: int) -> str:
    return f"{number / 1024**2:.0f} MiB"
