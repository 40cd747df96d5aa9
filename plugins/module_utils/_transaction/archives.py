# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The store of package archives: what a change brings lies here before it begins, and what it replaces, for the way back.

Neither a mirror that has dropped a version nor a network that is away can then keep a change from its end, or from its
undo.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Iterator, Mapping

from .._host import dpkg
from .world import World

# What an undo may still ask for; the undo store forgets its transactions at the same age.
KEEP_DAYS = 30
KEEP_SIZE = 4 * 1024**3
ENDINGS = (".deb", ".rpm")
WORKSHOP = "partial"
AR = b"!<arch>\n"
ALL = "all"


class Held:
    """The archives that the store has."""

    def __init__(self, store: str) -> None:
        self._paths: dict[str, dict[str, str]] = {}
        self._foreign = dpkg.foreign()
        for name in _listing(store):
            before, _line, after = name.rpartition("_")
            self._paths.setdefault(f"{before}_", {})[after.rpartition(".")[0]] = f"{store}/{name}"

    def find(self, name: str, version: str) -> str:
        """Return the path of the package's archive, "" where it is not there.

        That of another architecture is not it: name and version alone tell libraries apart no more that are there for two.
        """
        asked, there = name.partition(":")[2], self._paths.get(stem(name, version), {})
        if asked:
            return there.get(asked) or there.get(ALL, "")
        return next((path for kind, path in there.items() if kind not in self._foreign), "")


def words(store: str, versions: Mapping[str, str]) -> list[str]:
    """Return how the package manager is asked for these: by archive where the store has it, by version where it has not."""
    held = Held(store)
    return [held.find(name, version) or f"{name}={version}" for name, version in sorted(versions.items())]


def stem(name: str, version: str) -> str:
    """Return how the archive's file name begins, as apt-get and dnf give it: with the version, without the architecture."""
    return f"{name.split(':', 1)[0]}_{version.replace(':', '%3a')}_"


def missing(store: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """Return those of `wanted` (versions by name) that are not in the store."""
    held = Held(store)
    return {name: version for name, version in wanted.items() if not held.find(name, version)}


def prepare(world: World, store: str, needed: Collection[str] = ()) -> None:
    """Make the store, for root alone; drop what is too old or too much.

    What begins with one of `needed` stays, and counts as new: the undo of this change will ask for it. A damaged one of
    these goes, so that it is fetched again.
    """
    if not os.path.isdir(store):
        world.mkdir(store)
        world.sync(os.path.dirname(store))
    there = _listing(store) if needed else []
    kept = [one for one in there if one.startswith(tuple(needed))]
    for name in kept:
        if is_whole(f"{store}/{name}"):
            world.utime(f"{store}/{name}", time.time_ns())
        else:
            world.unlink(f"{store}/{name}")
    free = {one: os.stat(f"{store}/{one}") for one in there if one not in kept}
    for name in too_much(free, now_s=time.time()):
        world.unlink(f"{store}/{name}")


def is_whole(path: str) -> bool:
    """Tell whether a Debian archive ends where the lengths of its members say; of another kind nobody can tell as cheaply."""
    if not path.endswith(".deb"):
        return True
    with open(path, "rb") as file:
        end, at = os.fstat(file.fileno()).st_size, file.read(8)
        place = len(AR) if at == AR else end + 1
        while place < end:
            file.seek(place)
            length = file.read(60)[48:58].strip()
            # Members begin at even places.
            place += 60 + int(length) + int(length) % 2 if length.isdigit() else end + 1
    return place == end


@contextlib.contextmanager
def workshop(world: World, store: str) -> Iterator[str]:
    """Yield an empty folder in the store, where archives come to be: what was cut off there is taken for none."""
    folder = f"{store}/{WORKSHOP}"
    _clear(world, folder)
    world.mkdir(folder)
    try:
        yield folder
    finally:
        _clear(world, folder)


def take_in(world: World, made: str, path: str) -> None:
    """Take a whole archive into the store as `path`, on the disk before anybody relies on it.

    It counts as new from now on: what fetches it gives it the time at which it was built.
    """
    world.utime(made, time.time_ns())
    world.sync(made)
    world.rename(made, path)


def _clear(world: World, folder: str) -> None:
    for root, folders, names in os.walk(folder, topdown=False):
        for name in names:
            world.unlink(f"{root}/{name}")
        for name in folders:
            world.rmdir(f"{root}/{name}")
        if root == folder:
            world.rmdir(folder)


def too_much(kept: Mapping[str, os.stat_result], *, now_s: float, size: int = KEEP_SIZE) -> tuple[str, ...]:
    """Return what goes: what is older than KEEP_DAYS, and the oldest while the rest is larger than `size` bytes."""
    newest_first = sorted(kept, key=lambda name: kept[name].st_mtime, reverse=True)
    going, room = [], size
    for name in newest_first:
        room -= kept[name].st_size
        if room < 0 or now_s - kept[name].st_mtime > KEEP_DAYS * 86400:
            going.append(name)
    return tuple(going)


def _listing(store: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(store) if name.endswith(ENDINGS))
    except FileNotFoundError:
        return []
