# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The journal of one transaction: a directory that holds all that is needed to undo it or to finish it.

    journal/<txid>/plan.json   steps, what stood there before, checks; synced before anything is staged
    journal/<txid>/old/<n>     undo copies
    journal/<txid>/log         one JSON mark a line; "staged" is the first: without it nothing has been changed
    journal/<txid>/reserve     disk space that is given up so that the last marks fit on a full disk

A transaction that has ended is moved to undo/<txid>, which is bounded in age and size.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .._errors import Unreadable
from .._host.checks import Check
from .._host.files import FileState, listing
from . import trees
from .ledger import append_synced
from .paths import Paths
from .steps import VERSION, Plan, Step
from .world import World

FORMAT = 1
RESERVE = 64 * 1024


class Entry(NamedTuple):
    """One step with what its undo needs: what stood there (`old`), where new bytes and the undo copy lie.

    `before` is what a unit, the package database or a file (its digest) was before the step, for undo and ledger.
    """

    step: Step
    old: FileState | None = None
    staged: str = ""
    copy: str = ""
    before: Mapping[str, Any] = {}
    sha256: str = ""


class Retention(NamedTuple):
    """How long ended transactions are kept for a later undo: the older bound of the two wins."""

    days: float = 30
    size: int = 512 * 1024 * 1024


class Journal(NamedTuple):
    """An open transaction, as it stands in its directory."""

    path: str
    who: Mapping[str, Any]
    plan: Plan
    entries: tuple[Entry, ...]

    @property
    def txid(self) -> str:
        return os.path.basename(self.path)

    @property
    def reserve(self) -> str:
        return f"{self.path}/reserve"

    def temporaries(self) -> Iterator[str]:
        """Yield every temporary file that this transaction may have left beside its targets."""
        for entry in self.entries:
            if entry.staged:
                yield entry.staged
                yield undo_temporary(entry)

    def mark(self, world: World, **facts: Any) -> None:
        """Append one mark to the log, synced."""
        append_synced(world, f"{self.path}/log", json.dumps(facts).encode() + b"\n", reserve=self.reserve)

    def marks(self) -> list[dict[str, Any]]:
        """Return the whole marks of the log; a torn last line was never synced and does not count."""
        try:
            with open(f"{self.path}/log", "rb") as file:
                content = file.read()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()]

    def marked(self, name: str) -> list[Any]:
        """Return the values of all marks of that name, in order."""
        return [mark[name] for mark in self.marks() if name in mark]


def undo_temporary(entry: Entry) -> str:
    """Return where the old file is prepared before it takes its place back."""
    return entry.staged + ".undo"


def new_txid() -> str:
    """Return a name that sorts by time and meets no other."""
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + "-" + binascii.hexlify(os.urandom(3)).decode()


def open_new(paths: Paths, world: World, journal: Journal) -> None:
    """Write the journal's directory and plan, synced; nothing may be staged before."""
    world.mkdir(journal.path)
    world.mkdir(f"{journal.path}/old")
    world.create(f"{journal.path}/plan.json", json.dumps(_to_json(journal)).encode())
    world.create(journal.reserve, b"\0" * RESERVE)
    # Made now, so that its name is on the disk before its first mark is.
    world.create(f"{journal.path}/log", b"")
    for path in (f"{journal.path}/plan.json", journal.reserve, journal.path, paths.journal):
        world.sync(path)


def unfinished(paths: Paths) -> list[str]:
    """Return the directories of transactions that have not ended, oldest first."""
    return [f"{paths.journal}/{name}" for name in listing(paths.journal)]


def load(path: str) -> Journal | None:
    """Return the journal at `path`; None where the crash came before anything was staged.

    Raise Unreadable for what another version wrote, or for a plan that is damaged although steps were taken.
    """
    try:
        with open(f"{path}/plan.json", encoding="utf-8") as file:
            told = json.load(file)
    except (FileNotFoundError, ValueError) as error:
        if os.path.exists(f"{path}/log") and os.path.getsize(f"{path}/log"):
            raise Unreadable(f"the journal {path} has a log but no readable plan: {error}") from error
        return None
    if (told["format"], told["vocabulary"]) != (FORMAT, VERSION):
        raise Unreadable(
            f"the journal {path} has format {told['format']}, vocabulary {told['vocabulary']}; this interpreter knows "
            f"{FORMAT} and {VERSION}: recover it with the version of the collection that wrote it"
        )
    return _from_json(path, told)


def close(paths: Paths, world: World, journal: Journal, *, keep: bool, retention: Retention) -> None:
    """End the transaction: its temporaries go, its directory goes to the undo store, or away with `keep=False`."""
    sweep(world, journal)
    secrets = [f"{journal.path}/{entry.copy}" for entry in journal.entries if entry.step.sensitive and entry.copy]
    for path in secrets:
        _unlink(world, path)
    if secrets:
        # Once the directory is in the undo store, nobody looks for them again.
        world.sync(f"{journal.path}/old")
    _unlink(world, journal.reserve)
    if keep:
        _drop_headers(world, journal)
        world.rename(journal.path, f"{paths.undo}/{journal.txid}")
        world.sync(paths.undo)
    else:
        discard(world, journal.path)
    world.sync(paths.journal)
    prune(paths, world, retention, now_s=time.time())


def _drop_headers(world: World, journal: Journal) -> None:
    """A check's headers may carry a credential, and no later undo needs them."""
    if any(check.spec.get("headers") for check in journal.plan.checks):
        bare = journal._replace(plan=journal.plan._replace(checks=()))
        temporary = f"{journal.path}/plan.json.new"
        world.create(temporary, json.dumps(_to_json(bare)).encode())
        world.sync(temporary)
        world.rename(temporary, f"{journal.path}/plan.json")
        world.sync(journal.path)


def sweep(world: World, journal: Journal) -> None:
    """Remove the temporaries beside the targets, and sync their directories."""
    touched = set()
    for path in journal.temporaries():
        if os.path.lexists(path):
            trees.clear(world, path)
            touched.add(os.path.dirname(path))
    for path in sorted(touched):
        world.sync(path)


def discard(world: World, path: str) -> None:
    """Remove a journal's directory, the plan last: as long as it is there the rest can be named."""
    for name in listing(f"{path}/old"):
        _unlink(world, f"{path}/old/{name}")
    with contextlib.suppress(FileNotFoundError):
        world.rmdir(f"{path}/old")
    for name in ("log", "reserve", "plan.json.new"):
        _unlink(world, f"{path}/{name}")
    # A log without a plan could not be understood, so their order has to reach the disk too.
    if os.path.isdir(path):
        world.sync(path)
    _unlink(world, f"{path}/plan.json")
    with contextlib.suppress(FileNotFoundError):
        world.rmdir(path)


def prune(paths: Paths, world: World, retention: Retention, *, now_s: float) -> None:
    """Remove ended transactions that are too old, and the oldest ones while the store is too large."""
    kept = []
    for name in listing(paths.undo):
        path = f"{paths.undo}/{name}"
        if now_s - os.stat(path).st_mtime > retention.days * 86400:
            _forget(world, path)
        else:
            kept.append((path, _size(path)))
    while kept and sum(size for _path, size in kept) > retention.size:
        _forget(world, kept.pop(0)[0])


def _forget(world: World, path: str) -> None:
    """What somebody else has put into the store stays there: that is no reason to call a good change failed."""
    with contextlib.suppress(OSError):
        discard(world, path)


def _size(path: str) -> int:
    return sum(os.lstat(f"{top}/{name}").st_size for top, _folders, names in os.walk(path) for name in names)


def _unlink(world: World, path: str) -> None:
    if os.path.lexists(path):
        world.unlink(path)


def _to_json(journal: Journal) -> dict[str, Any]:
    plan = journal.plan
    return {
        "format": FORMAT,
        "vocabulary": VERSION,
        "who": dict(journal.who),
        "name": plan.name,
        "checks": [list(check) for check in plan.checks],
        "within_s": plan.within_s,
        "stable": plan.stable,
        "units": list(plan.units),
        "entries": [_entry_to_json(entry) for entry in journal.entries],
    }


def _entry_to_json(entry: Entry) -> dict[str, Any]:
    step, old = entry.step, entry.old
    told: dict[str, Any] = {
        "kind": step.kind,
        "target": step.target,
        "args": {key: value for key, value in step.args.items() if key != "content"},
        "staged": entry.staged,
        "copy": entry.copy,
        "before": dict(entry.before),
        "sha256": entry.sha256,
    }
    if old is not None:
        xattrs = {name: base64.b64encode(value).decode() for name, value in old.xattrs.items()}
        told["old"] = {**old._asdict(), "content": None, "xattrs": xattrs}
    return told


def _from_json(path: str, told: Mapping[str, Any]) -> Journal:
    plan = Plan(
        name=told["name"],
        checks=tuple(Check(kind, spec) for kind, spec in told["checks"]),
        within_s=told["within_s"],
        stable=told["stable"],
        units=tuple(told["units"]),
    )
    entries = tuple(_entry_from_json(entry) for entry in told["entries"])
    return Journal(path, told["who"], plan._replace(steps=tuple(entry.step for entry in entries)), entries)


def _entry_from_json(told: Mapping[str, Any]) -> Entry:
    old = None
    if "old" in told:
        xattrs = {name: base64.b64decode(value) for name, value in told["old"]["xattrs"].items()}
        old = FileState(**{**told["old"], "xattrs": xattrs})
    step = Step(told["kind"], told["target"], told["args"])
    return Entry(step, old, told["staged"], told["copy"], told["before"], told["sha256"])
