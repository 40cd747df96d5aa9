# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The manifest of what an engine manages on a host, and of what stood there before it came.

It makes two things possible: what leaves a list is taken away when we put it there, and only then; and a whole area
goes back to what was there before, byte for byte. It is one file for each engine, written as a step of the very
transaction that it tells about.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ._errors import Unreadable
from ._host import files
from ._host.files import FileState
from ._transaction import steps
from ._transaction.paths import HOST
from ._transaction.steps import FILE_KINDS, Step

VERSION = 1
DEFAULT_MODE = {"write": 0o644, "directory": 0o755}


class Before(NamedTuple):
    """What stood at a path before we came."""

    kind: str
    content: bytes | None = None
    target: str | None = None
    uid: int = 0
    gid: int = 0
    mode: int = 0


class Kept(NamedTuple):
    """What stood there before, the fingerprint of what we left, and whether others have edited it between two of our changes."""

    before: Before
    wrote: str
    edited: bool = False


class Managed(NamedTuple):
    """The manifest: files by their path, and what else the engine wants to remember, as JSON can hold it."""

    files: Mapping[str, Kept] = {}
    facts: Mapping[str, Any] = {}


def path_of(name: str, base: str = HOST.base) -> str:
    return f"{base}/managed/{name}.json"


def read(name: str, base: str = HOST.base) -> Managed:
    """Return the manifest of that name, an empty one where there is none; raise Unreadable when it cannot be understood."""
    path = path_of(name, base)
    content = files.read(path).content
    if content is None:
        return Managed()
    try:
        told = json.loads(content)
        if told["version"] == VERSION:
            return Managed({where: _kept(one) for where, one in told["files"].items()}, told["facts"])
        why = f"its version is {told['version']}, not {VERSION}"
    except (ValueError, TypeError, KeyError) as error:
        why = str(error)
    raise Unreadable(
        f"{path} cannot be understood ({why}), so what is managed here is not known: restore it from a backup, or remove "
        "it to begin anew with the host as it is now"
    )


def dump(managed: Managed) -> bytes:
    """Return the manifest as the bytes to be kept, the same for the same manifest."""
    told = {
        "version": VERSION,
        "files": {path: _told(kept) for path, kept in managed.files.items()},
        "facts": managed.facts,
    }
    return json.dumps(told, sort_keys=True, indent=1).encode() + b"\n"


def record(name: str, old: Managed, new: Managed, base: str = HOST.base) -> tuple[Step, ...]:
    """Return the steps that keep the manifest; none when nothing is new. An empty manifest is no file at all."""
    path = path_of(name, base)
    if dump(old) == dump(new):
        return ()
    if not (new.files or new.facts):
        return (steps.remove(path, sensitive=True),)
    # Its directory is made with the state directory, not here: check mode could not tell which call makes it.
    return (steps.write(path, dump(new), owner="root", group="root", mode=0o600, sensitive=True),)


def adopt(
    managed: Managed, planned: Iterable[Step], have: Mapping[str, FileState], *, shared: Collection[str] = ()
) -> Managed:
    """Return the manifest once the file steps of `planned` were taken on a host that looks like `have`.

    What stood at a path is remembered when we first touch it. A path that is back as it was is forgotten. In those of
    `shared` others have their lines beside ours: what they have edited since would be lost by what we remember.
    """
    kept = dict(managed.files)
    for step in planned:
        if step.kind not in FILE_KINDS:
            continue
        state = have[step.target]
        earlier = kept.get(step.target)
        before = earlier.before if earlier else _before(state)
        if earlier and before.kind == state.kind == files.FILE and before.content is None:
            # Only its mode was ours so far.
            before = before._replace(content=state.content)
        edited = bool(earlier and (earlier.edited or (step.target in shared and not _is(state, earlier.wrote))))
        kept[step.target] = Kept(before, _left_by(step, state, earlier), edited)
    return managed._replace(files={path: one for path, one in kept.items() if one.wrote != _print(one.before)})


def originals(managed: Managed, have: Mapping[str, FileState]) -> dict[str, str]:
    """Return the text that stood at each path before us, as far as nobody has edited there since."""
    return {
        path: (kept.before.content or b"").decode("utf-8", "surrogateescape")
        for path, kept in managed.files.items()
        if path in have and kept.before.kind == files.FILE and not kept.edited and _is(have[path], kept.wrote)
    }


def release(
    managed: Managed,
    have: Mapping[str, FileState],
    paths: Collection[str] | None = None,
    *,
    force: bool = False,
) -> tuple[tuple[Step, ...], tuple[str, ...], Managed]:
    """Return the steps that bring back what was before, the paths that stay, and the manifest that is left.

    `paths` are those to release, all if None; `have` has the state of each, with content. What somebody edited since
    stays and is no longer ours, unless `force`; a directory that was ours stays while others' files are in it.
    """
    ours = sorted((path for path in managed.files if paths is None or path in paths), reverse=True)
    planned: list[Step] = []
    edited = []
    for path in ours:
        kept, state = managed.files[path], have[path]
        if _is(state, _print(kept.before)):
            continue
        lost = kept.before.kind == files.FILE and kept.before.content is None and not state.exists
        if lost or not (force or (_is(state, kept.wrote) and not kept.edited)):
            edited.append(path)
        elif not (kept.before.kind == files.ABSENT and state.kind == files.DIRECTORY and _is_used(path, planned)):
            planned += _back(path, kept.before, state)
    left = {path: one for path, one in managed.files.items() if path not in ours}
    return tuple(planned), tuple(sorted(edited)), managed._replace(files=left)


def _is_used(folder: str, planned: Sequence[Step]) -> bool:
    gone = {step.target for step in planned if step.kind == "remove"}
    return any(f"{folder}/{name}" not in gone for name in files.listing(folder))


def _back(path: str, before: Before, now: FileState) -> list[Step]:
    owner, group = str(before.uid), str(before.gid)
    if before.kind == files.ABSENT:
        return [steps.remove(path)]
    if before.kind == files.LINK:
        return [steps.link(path, before.target or "")]
    if before.kind == files.FILE and before.content not in (None, now.content):
        return [steps.write(path, before.content or b"", owner=owner, group=group, mode=before.mode)]
    if before.kind == files.DIRECTORY and not now.exists:
        return [steps.directory(path, owner=owner, group=group, mode=before.mode)]
    return [steps.mode(path, owner=owner, group=group, mode=before.mode)]


def _before(state: FileState) -> Before:
    if not state.exists:
        return Before(files.ABSENT)
    return Before(state.kind, state.content, state.target, state.uid, state.gid, state.mode)


def _left_by(step: Step, state: FileState, earlier: Kept | None) -> str:
    """Return the fingerprint of what the step leaves at its path."""
    if step.kind == "remove":
        return _print(Before(files.ABSENT))
    if step.kind == "link":
        return _print(Before(files.LINK, target=step.args["to"]))
    mode = step.args.get("mode")
    if mode is None:
        mode = state.mode if state.exists and state.kind != files.LINK else DEFAULT_MODE.get(step.kind, 0)
    left = Before(
        files.FILE if step.kind == "write" else files.DIRECTORY if step.kind == "directory" else state.kind,
        step.args["content"] if step.kind == "write" else state.content,
        uid=_number(step.args.get("owner"), state.uid),
        gid=_number(step.args.get("group"), state.gid),
        mode=mode,
    )
    if step.kind == "mode" and earlier is not None and state.kind == files.FILE and state.content is None:
        # Its content was not read, and is still what we know of.
        return " ".join([*earlier.wrote.split(" ")[:2], *_print(left).split(" ")[2:]])
    return _print(left)


def _number(name: str | None, now: int) -> int:
    """Engines name root, or a number; what they do not name stays."""
    return now if name is None else 0 if name == "root" else int(name)


def _is(state: FileState, fingerprint: str) -> bool:
    """Tell whether `state` has the fingerprint; where that does not know the content, any will do."""
    now = _before(state)
    return _print(now._replace(content=None) if " - " in fingerprint else now) == fingerprint


def _print(before: Before) -> str:
    """Return what tells one state of a path from another: kind, digest or target, owner and mode; links have none."""
    if before.kind in (files.ABSENT, files.LINK):
        return f"{before.kind} {before.target or ''}".rstrip()
    digest = files.digest(before.content) if before.content is not None else "-"
    return f"{before.kind} {digest} {before.uid}:{before.gid} {before.mode:04o}"


def _told(kept: Kept) -> dict[str, Any]:
    before = kept.before._asdict()
    if kept.before.content is not None:
        before["content"] = base64.b64encode(kept.before.content).decode()
    return {"before": before, "wrote": kept.wrote, "edited": kept.edited}


def _kept(told: Mapping[str, Any]) -> Kept:
    before = dict(told["before"])
    if before["content"] is not None:
        before["content"] = base64.b64decode(before["content"])
    return Kept(Before(**before), str(told["wrote"]), bool(told["edited"]))
