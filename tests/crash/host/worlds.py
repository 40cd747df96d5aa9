"""Worlds that count the interpreter's operations and stop, fail or forget at one of them."""

from __future__ import annotations

import errno
import os
import random
import signal
import stat
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._host.run import Completed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

OPERATIONS = (
    *("create", "append", "truncate", "sync", "rename", "unlink", "symlink", "mkdir", "rmdir", "own", "chmod"),
    *("setxattr", "removexattr", "utime", "sync_tree", "run"),
)
# Made of the others, so that it can be stopped in its middle.
COMPOSED = frozenset({"rmtree"})
TAKES_SPACE = frozenset({"create", "append", "symlink", "mkdir"})


class Traced(World):
    """The real world; `before` is called with number and name of each operation, and its record is kept."""

    def __init__(self, before: Callable[[int, str], None] = lambda _number, _name: None) -> None:
        self.record: list[str] = []
        self._before = before

    def note(self, name: str, *arguments: object) -> None:
        said = " ".join(str(one)[:90] for one in arguments if not isinstance(one, bytes))
        self.record.append(f"{name} {said}")
        self._before(len(self.record) - 1, name)

    def rmtree(self, path: str) -> None:
        _piecemeal(self, path)


def _traced(name: str) -> Callable[..., Any]:
    real = getattr(World, name)

    def operation(self: Traced, *arguments: Any) -> Any:
        self.note(name, *arguments)
        return real(self, *arguments)

    return operation


for _name in OPERATIONS:
    setattr(Traced, _name, _traced(_name))


def unknown() -> set[str]:
    """Return the operations of the real world that are not traced: there must be none."""
    return {name for name in vars(World) if not name.startswith("_")} ^ {*OPERATIONS, *COMPOSED}


def dies_at(number: int) -> Traced:
    """Killed, as by `kill -9`, right before its operation `number`."""

    def before(current: int, _name: str) -> None:
        if current == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return Traced(before)


def fails_at(number: int, *, for_good: bool) -> Traced:
    """A disk that is full at operation `number`, or from there on: what takes no space fails as a broken disk does."""

    def before(current: int, name: str) -> None:
        if name == "run" or current < number or (current > number and not for_good):
            return
        if name in TAKES_SPACE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if current == number:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    return Traced(before)


def fills_at(number: int, fill: Callable[[], None]) -> Traced:
    """Calls `fill` before operation `number`."""

    def before(current: int, _name: str) -> None:
        if current == number:
            fill()

    return Traced(before)


class _Effect:
    """One thing that is not on the disk yet: which inode or directory it belongs to, and how to take it away."""

    def __init__(self, owners: tuple[tuple[int, int], ...], revert: Callable[[random.Random | None], None]) -> None:
        self.owners = owners
        self.revert = revert


class Volatile(World):
    """A machine whose power fails right before operation `number`.

    Nothing counts as written before it is synced: file content and facts by a sync of the file, names by a sync of
    their directory. At the end either all of the rest is lost, or (with `chance`) for each file and directory what
    came after some moment of its own, since the kernel may have written any of it.
    """

    def __init__(self, number: int, graveyards: Mapping[str, str], chance: random.Random | None) -> None:
        self._number = number
        self._chance = chance
        self._graveyards = graveyards
        self._effects: list[_Effect] = []
        self._graves = 0
        self.count = 0

    def create(self, path: str, content: bytes) -> None:
        self._tick()
        old = _content(path)
        super().create(path, content)
        if old is None:
            self._name_made(path)
        self._data(path, old or b"", content)

    def append(self, path: str, content: bytes) -> None:
        self._tick()
        old = _content(path)
        super().append(path, content)
        if old is None:
            self._name_made(path)
        self._data(path, old or b"", (old or b"") + content)

    def truncate(self, path: str, size: int) -> None:
        self._tick()
        old = _content(path) or b""
        super().truncate(path, size)
        self._data(path, old, old[:size])

    def sync(self, path: str) -> None:
        self._tick()
        key = _key(path)
        self._effects = [effect for effect in self._effects if key not in effect.owners]
        super().sync(path)

    def sync_tree(self, path: str) -> None:
        """Only what is below the tree: nothing else may lean on what the file system happens to write with it."""
        self._tick()
        keys = {_key(path)}
        for folder, folders, names in os.walk(path):
            keys |= {_key(f"{folder}/{name}") for name in (*folders, *names)}
        self._effects = [effect for effect in self._effects if not keys.intersection(effect.owners)]
        super().sync_tree(path)

    def rmtree(self, path: str) -> None:
        _piecemeal(self, path)

    def rename(self, old: str, new: str) -> None:
        self._tick()
        grave = self._bury(new)
        source, target = _Place(old), _Place(new)
        super().rename(old, new)

        def revert(_chance: random.Random | None) -> None:
            os.rename(target.name, source.name, src_dir_fd=target.folder, dst_dir_fd=source.folder)
            if grave:
                os.rename(grave, target.name, dst_dir_fd=target.folder)

        self._effects.append(_Effect(tuple({source.key, target.key}), revert))

    def unlink(self, path: str) -> None:
        self._tick()
        grave, place = self._bury(path), _Place(path)
        super().unlink(path)

        def revert(_chance: random.Random | None) -> None:
            # Its directory may have been moved, or removed and brought back since.
            alive = os.path.isdir(os.path.dirname(path))
            os.rename(grave, path) if alive else os.rename(grave, place.name, dst_dir_fd=place.folder)

        self._effects.append(_Effect((place.key,), revert))

    def symlink(self, to: str, path: str) -> None:
        self._tick()
        super().symlink(to, path)
        self._name_made(path)

    def mkdir(self, path: str) -> None:
        self._tick()
        super().mkdir(path)
        self._name_made(path)

    def rmdir(self, path: str) -> None:
        """A directory that comes back has what it had: the removal of its entries shares its own removal's fate."""
        self._tick()
        gone, place, info = _key(path), _Place(path), os.lstat(path)
        super().rmdir(path)
        for effect in self._effects:
            effect.owners = tuple(place.key if owner == gone else owner for owner in effect.owners)

        def revert(_chance: random.Random | None) -> None:
            os.mkdir(path)
            os.chown(path, info.st_uid, info.st_gid)
            os.chmod(path, stat.S_IMODE(info.st_mode))

        self._effects.append(_Effect((place.key,), revert))

    def own(self, path: str, uid: int, gid: int) -> None:
        self._tick()
        info = os.lstat(path)
        super().own(path, uid, gid)
        self._fact(path, lambda handle: os.fchown(handle, info.st_uid, info.st_gid))

    def chmod(self, path: str, mode: int) -> None:
        self._tick()
        info = os.lstat(path)
        super().chmod(path, mode)
        self._fact(path, lambda handle: os.fchmod(handle, stat.S_IMODE(info.st_mode)))

    def setxattr(self, path: str, name: str, value: bytes) -> None:
        self._tick()
        old = os.getxattr(path, name) if name in os.listxattr(path) else None
        super().setxattr(path, name, value)
        if old is None:
            self._fact(path, lambda handle: os.removexattr(handle, name))
        else:
            self._fact(path, lambda handle: os.setxattr(handle, name, old))

    def removexattr(self, path: str, name: str) -> None:
        self._tick()
        old = os.getxattr(path, name)
        super().removexattr(path, name)
        self._fact(path, lambda handle: os.setxattr(handle, name, old))

    def utime(self, path: str, mtime_ns: int) -> None:
        self._tick()
        info = os.lstat(path)
        super().utime(path, mtime_ns)
        self._fact(path, lambda handle: os.utime(handle, ns=(info.st_atime_ns, info.st_mtime_ns)))

    def run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        self._tick()
        return super().run(argv, timeout_s)

    def _tick(self) -> None:
        if self.count == self._number:
            self.lose()
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1

    def lose(self) -> None:
        """Take away what the power loss takes away, the last effect first."""
        kept: dict[tuple[int, int], int] = {}
        lost = []
        for effect in self._effects:
            for owner in effect.owners:
                if owner not in kept:
                    kept[owner] = self._chance.randrange(6) if self._chance else 0
            if all(kept[owner] > 0 for owner in effect.owners):
                for owner in effect.owners:
                    kept[owner] -= 1
            else:
                # What follows it in the same place cannot have been written before it.
                kept.update(dict.fromkeys(effect.owners, 0))
                lost.append(effect)
        for effect in reversed(lost):
            effect.revert(self._chance)

    def _name_made(self, path: str) -> None:
        place = _Place(path)

        def revert(_chance: random.Random | None) -> None:
            _remove_tree(f"/proc/self/fd/{place.folder}/{place.name}")

        self._effects.append(_Effect((place.key,), revert))

    def _data(self, path: str, old: bytes, new: bytes) -> None:
        handle = os.open(path, os.O_RDWR)

        def revert(chance: random.Random | None) -> None:
            # Of bytes that were on their way any first part may have arrived.
            torn = new[: len(old) + chance.randrange(len(new) - len(old))] if chance and len(new) > len(old) else old
            os.ftruncate(handle, 0)
            os.pwrite(handle, torn, 0)

        self._effects.append(_Effect((_key(path),), revert))

    def _fact(self, path: str, undo: Callable[[int], None]) -> None:
        handle = os.open(path, os.O_RDONLY)
        self._effects.append(_Effect((_key(path),), lambda _chance: undo(handle)))

    def _bury(self, path: str) -> str:
        """Keep the inode that is about to lose its name."""
        if not os.path.lexists(path):
            return ""
        self._graves += 1
        graveyard = next(grave for top, grave in self._graveyards.items() if path.startswith(top))
        grave = f"{graveyard}/{self._graves}"
        os.link(path, grave, follow_symlinks=False)
        return grave


def _piecemeal(world: World, path: str) -> None:
    """Remove a tree by operations that are as small as the kernel's."""
    for folder, folders, names in os.walk(path, topdown=False):
        for name in sorted((*folders, *names)):
            one = f"{folder}/{name}"
            world.rmdir(one) if os.path.isdir(one) and not os.path.islink(one) else world.unlink(one)
    world.rmdir(path)


class _Place:
    """A name in a directory, which may be renamed itself."""

    def __init__(self, path: str) -> None:
        folder, self.name = os.path.split(path)
        self.key = _key(folder)
        self.folder = os.open(folder, os.O_RDONLY)


def _key(path: str) -> tuple[int, int]:
    info = os.lstat(path or "/")
    return info.st_dev, info.st_ino


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _remove_tree(path: str) -> None:
    if not os.path.isdir(path) or os.path.islink(path):
        if os.path.lexists(path):
            os.unlink(path)
        return
    for name in os.listdir(path):
        _remove_tree(f"{path}/{name}")
    os.rmdir(path)
