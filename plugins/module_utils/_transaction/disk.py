# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Take the steps that touch files, and bring back what stood there: both may be repeated at will.

New bytes are prepared beside their target, on the same file system, so that the step itself is one rename. Whole trees
are in trees.py.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from typing import Callable

from .._errors import BadInput
from .._host import files
from .._host.files import FileState
from . import trees
from .journal import Entry, undo_temporary
from .steps import Step
from .world import World

# A capability belongs to the bytes that it was given to: new bytes do not inherit it.
NOT_INHERITED = frozenset({"security.capability"})
ACLS = frozenset({"system.posix_acl_access", "system.posix_acl_default"})
NEW_FILE_MODE, NEW_DIRECTORY_MODE = 0o644, 0o755


def survey(step: Step, txid: str, number: int, planned: frozenset[str]) -> Entry:
    """Read what stands at the step's target and choose where its new bytes and its undo copy will lie.

    `planned` are the directories that earlier steps make. Raise BadInput where the step cannot work.
    """
    old = files.read(step.target)
    _refuse(step, old, planned)
    trees.refuse(step, old)
    content = step.args.get("content")
    return Entry(
        step,
        old,
        staged=_beside(step.target, txid, number),
        copy=f"old/{number}" if old.kind == files.FILE and step.kind != "mode" else "",
        before={"was": old.sha256 or old.target or old.kind},
        sha256=files.digest(content) if content is not None else step.args.get("sha256", ""),
    )


def stage(world: World, entry: Entry, copy: str) -> list[str]:
    """Prepare the new bytes and the undo copy; return the files that have to be synced."""
    step, old, made = entry.step, entry.old, []
    if old is not None and old.content is not None and entry.copy:
        world.create(copy, old.content)
        made.append(copy)
    if step.kind == "write":
        world.create(entry.staged, step.args["content"])
        _dress(world, entry.staged, *_wanted(step, old, NEW_FILE_MODE), inherit=old)
        made.append(entry.staged)
    elif step.kind == "link":
        world.symlink(step.args["to"], entry.staged)
    elif step.kind == "tree":
        from . import unpacking

        unpacking.unpack_to(world, step.args["archive"], entry.staged)
    return made


def apply(world: World, entry: Entry) -> None:
    """Take one file step; taking it again changes nothing more."""
    _APPLY[entry.step.kind](world, entry)


def restore(world: World, entry: Entry, copy: str) -> str | None:
    """Bring back what stood at the target before; return a remark where something had to stay."""
    old = entry.old
    if entry.step.kind == "tree":
        trees.take_away(world, entry.step.target, undo_temporary(entry))
        return None
    if entry.step.kind == "erase":
        trees.bring_back(world, entry.staged, entry.step.target)
        return None
    if old is None or _same(old, files.read(old.path), copy if entry.copy else ""):
        return None
    if old.kind == files.FILE and not entry.copy:
        _dress(world, old.path, old.uid, old.gid, old.mode, inherit=old, lost=frozenset())
    elif old.kind == files.FILE:
        _restore_file(world, entry, old, copy)
    elif old.kind == files.LINK:
        _replace_link(world, str(old.target), undo_temporary(entry), old.path)
    elif old.kind == files.DIRECTORY:
        if not os.path.isdir(old.path):
            world.mkdir(old.path)
        _dress(world, old.path, old.uid, old.gid, old.mode, inherit=old, lost=frozenset())
    else:
        return _vanish(world, old.path)
    return None


def touched(entries: list[Entry]) -> list[str]:
    """Return what has to be synced after the steps: directories whose entries, and inodes whose facts, they change."""
    of_files = [entry.step for entry in entries if entry.old is not None]
    own = {step.target for step in of_files if step.kind in ("mode", "directory")}
    # A directory that the same steps removed is synced by its own parent's sync.
    return sorted(path for path in own | {os.path.dirname(step.target) for step in of_files} if os.path.exists(path))


def _refuse(step: Step, old: FileState, planned: frozenset[str]) -> None:
    path, parent = step.target, os.path.dirname(step.target)
    if old.kind == files.OTHER:
        raise BadInput(f"{path} is neither a file, a link nor a directory; it is left alone: choose another path")
    if step.kind in ("write", "link") and old.kind == files.DIRECTORY:
        raise BadInput(f"{path} is a directory; remove it by hand, or choose another path")
    if step.kind == "directory" and old.kind in (files.FILE, files.LINK):
        raise BadInput(f"{path} is a {old.kind}, not a directory; remove it by hand, or choose another path")
    if step.kind == "mode" and old.kind == files.LINK:
        raise BadInput(f"{path} is a link, which has no mode of its own; name the file that it points to")
    if step.kind == "mode" and not old.exists and path not in planned:
        raise BadInput(f"{path} does not exist, so it can be given no owner or mode; write it first")
    if step.kind in ("write", "link", "directory", "tree") and not (os.path.isdir(parent) or parent in planned):
        raise BadInput(f"{path} cannot be made: there is no directory {parent}; add it to the plan")


def _beside(path: str, txid: str, number: int) -> str:
    """Return a hidden name in the nearest directory that exists already: on the target's own file system."""
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return os.path.join(folder, f".{os.path.basename(path)[:100]}.groundcrew-{txid}-{number}")


def _wanted(step: Step, old: FileState | None, fallback: int) -> tuple[int, int, int]:
    """Return uid, gid and mode: as asked, else as they were, else root's and `fallback`."""
    there = old is not None and old.kind in (files.FILE, files.DIRECTORY)
    owner, group, mode = step.args.get("owner"), step.args.get("group"), step.args.get("mode")
    uid = files.uid_of(owner) if owner is not None else (old.uid if old and there else 0)
    gid = files.gid_of(group) if group is not None else (old.gid if old and there else 0)
    return uid, gid, mode if mode is not None else (old.mode if old and there else fallback)


def _dress(
    world: World,
    path: str,
    uid: int,
    gid: int,
    mode: int,
    *,
    inherit: FileState | None,
    lost: frozenset[str] = NOT_INHERITED,
) -> None:
    """Give owner first (a change of owner clears setuid), then ACLs and labels, then the mode, which rules the mask.

    A file that takes another's place has its ACL too, and none where that one had none, whatever the directory's
    default is.
    """
    world.own(path, uid, gid)
    if inherit is not None and inherit.kind in (files.FILE, files.DIRECTORY):
        for name in files.xattrs(path):
            if name in ACLS and name not in inherit.xattrs:
                world.removexattr(path, name)
        for name, value in inherit.xattrs.items():
            if name not in lost:
                world.setxattr(path, name, value)
    world.chmod(path, mode)


def _write(world: World, entry: Entry) -> None:
    target = entry.step.target
    if os.path.lexists(entry.staged):
        world.rename(entry.staged, target)
        return
    # After a crash the rename may have happened already; it may also have been undone since.
    there = files.read(target)
    if (there.sha256 or "", there.target) != (entry.sha256, entry.step.args.get("to")):
        raise FileNotFoundError(errno.ENOENT, "what was prepared to stand there is gone", target)


def _remove(world: World, entry: Entry) -> None:
    path = entry.step.target
    if os.path.isdir(path) and not os.path.islink(path):
        world.rmdir(path)
    elif os.path.lexists(path):
        world.unlink(path)


def _mode(world: World, entry: Entry) -> None:
    current = files.read(entry.step.target, content=False)
    _dress(world, entry.step.target, *_wanted(entry.step, current, NEW_FILE_MODE), inherit=None)


def _directory(world: World, entry: Entry) -> None:
    path = entry.step.target
    if not os.path.isdir(path):
        world.mkdir(path)
    _dress(world, path, *_wanted(entry.step, entry.old, NEW_DIRECTORY_MODE), inherit=None)


def _tree(world: World, entry: Entry) -> None:
    trees.put(world, entry.staged, entry.step.target)


def _erase(world: World, entry: Entry) -> None:
    trees.hide(world, entry.step.target, entry.staged)


def _leave(world: World, entry: Entry) -> None:
    """What it is for is its copy."""


_APPLY: Mapping[str, Callable[[World, Entry], None]] = {
    "write": _write,
    "link": _write,
    "remove": _remove,
    "mode": _mode,
    "directory": _directory,
    "preserve": _leave,
    "tree": _tree,
    "erase": _erase,
}


def _same(old: FileState, current: FileState, copy: str) -> bool:
    """Tell whether `current` is what stood there before, as far as a person could tell."""
    if old.kind == files.ABSENT:
        return not current.exists
    facts = ("kind", "target", "uid", "gid", "mode")
    if any(getattr(old, fact) != getattr(current, fact) for fact in facts) or dict(old.xattrs) != dict(current.xattrs):
        return False
    if old.kind != files.FILE or not copy:
        return True
    return old.mtime_ns == current.mtime_ns and files.read(copy).content == current.content


def _restore_file(world: World, entry: Entry, old: FileState, copy: str) -> None:
    content = files.read(copy).content
    if content is None:
        raise FileNotFoundError(errno.ENOENT, "the undo copy is gone", copy)
    temporary = undo_temporary(entry)
    world.create(temporary, content)
    _dress(world, temporary, old.uid, old.gid, old.mode, inherit=old, lost=frozenset())
    world.utime(temporary, old.mtime_ns)
    world.sync(temporary)
    world.rename(temporary, old.path)


def _replace_link(world: World, to: str, temporary: str, path: str) -> None:
    if os.path.lexists(temporary):
        world.unlink(temporary)
    world.symlink(to, temporary)
    world.rename(temporary, path)


def _vanish(world: World, path: str) -> str | None:
    if not os.path.isdir(path) or os.path.islink(path):
        world.unlink(path)
        return None
    try:
        world.rmdir(path)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        return f"{path} stays: somebody else put files into it"
    return None
