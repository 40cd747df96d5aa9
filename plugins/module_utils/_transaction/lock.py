# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The host's lock, in two layers.

The kernel's flock is held by the one process that changes the host at this moment, and dies with it. The lock file
belongs to a run (run id and attempt) over many processes, and ends by itself on the boot clock.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TextIO

from .._errors import BadInput, HostLocked
from . import ledger
from .paths import Paths, boot_id, boottime, now, remaining
from .world import World

POLL_S = 0.2


class Actor(NamedTuple):
    """Who changes the host, why, for which run, and how patient it is (seconds)."""

    owner: str
    reason: str = ""
    run_id: str = ""
    attempt: int = 1
    wait_s: float = 60
    ttl_s: float = 3600


def actor_of(options: Mapping[str, Any]) -> Actor:
    """Return who acts, from the options that the fragment `run` documents."""
    return Actor(
        owner=options["owner"] or login(),
        reason=options["reason"] or "",
        run_id=options["run_id"] or "",
        attempt=options["run_attempt"],
        wait_s=options["lock_wait_s"],
        ttl_s=options["lock_ttl_s"],
    )


def login() -> str:
    """Return who is at work, by the login behind sudo."""
    return os.environ.get("SUDO_USER") or os.environ.get("USER") or "root"


class Lock(NamedTuple):
    """A run's hold on the host. `ends` is in seconds of the boot clock of boot `boot`."""

    owner: str
    reason: str
    run_id: str
    attempt: int
    since: str
    ends: float
    boot: str
    ttl_s: float

    def remaining_s(self) -> float:
        return remaining(self.ends, self.boot, ttl_s=self.ttl_s)

    def is_of(self, actor: Actor) -> bool:
        return bool(actor.run_id) and (self.run_id, self.attempt) == (actor.run_id, actor.attempt)

    def is_superseded_by(self, actor: Actor) -> bool:
        """A resumed run takes over from its own earlier attempt; the flock keeps it from meeting its orphan."""
        return bool(actor.run_id) and self.run_id == actor.run_id and self.attempt < actor.attempt


def read(paths: Paths) -> Lock | None:
    """Return the lock in force, None where there is none or its time has run out."""
    try:
        with open(paths.lock, encoding="utf-8") as file:
            found = Lock(**json.load(file))
    except (FileNotFoundError, ValueError, TypeError):
        # A torn file is a lock that was never synced, so nobody was told that he holds it.
        return None
    return found if found.remaining_s() > 0 else None


def hold(paths: Paths, world: World, actor: Actor) -> Lock:
    """Take or renew the lock for the actor's run, to stay when this process ends. The caller holds the flock."""
    found = Lock(
        actor.owner, actor.reason, actor.run_id, actor.attempt, now(), boottime() + actor.ttl_s, boot_id(), actor.ttl_s
    )
    temporary = _temporary(paths)
    world.create(temporary, json.dumps(found._asdict()).encode())
    world.sync(temporary)
    world.rename(temporary, paths.lock)
    world.sync(paths.base)
    return found


def release(paths: Paths, world: World, actor: Actor) -> bool:
    """Give up the lock if it is this run's; tell whether it was."""
    found = read(paths)
    if not found or not found.is_of(actor):
        return False
    _drop(paths, world)
    return True


def seize(paths: Paths, world: World, actor: Actor, *, take: bool) -> Lock | None:
    """By hand: release whatever lock there is, or `take` it over; the stated reason goes to the ledger.

    Return the lock that was there. Raise BadInput without a reason. The caller holds the flock, for the ledger's sake.
    """
    if not actor.reason.strip():
        raise BadInput("a lock is released or taken by hand only with a stated reason: give --reason TEXT")
    found = read(paths)
    if take:
        hold(paths, world, actor)
    elif os.path.exists(paths.lock):
        _drop(paths, world)
    what = f"lock {'taken over' if take else 'released'} by hand"
    entry: dict[str, Any] = {"what": what, "who": actor.owner, "why": actor.reason, "result": "done"}
    if found:
        entry["from"] = {"owner": found.owner, "run_id": found.run_id, "reason": found.reason}
    ledger.append(paths, world, entry)
    return found


@contextlib.contextmanager
def exclusive(paths: Paths, world: World, actor: Actor, *, any_run: bool = False) -> Iterator[None]:
    """Be the only process that changes this host, and stay clear of a lock that another run holds.

    Waits up to `actor.wait_s` seconds, then raises HostLocked with the holder's name. A lock of the actor's own run
    is renewed. The flock is not kept while waiting for a run, since that run needs it to come to its end.
    With `any_run` it takes the flock alone: what a dead run left half-way is recovered although its lock goes on.
    """
    make_base(paths, world)
    deadline = time.monotonic() + actor.wait_s
    while True:
        with open(paths.flock, "a+", encoding="utf-8") as file:
            holder = _try(file, paths, actor, any_run=any_run)
            if not holder:
                _sign(file, actor)
                if os.path.lexists(_temporary(paths)):
                    world.unlink(_temporary(paths))
                if not any_run and read(paths):
                    hold(paths, world, actor)
                yield
                return
        if time.monotonic() >= deadline:
            raise HostLocked(f"this host is {holder}. {_CURE}")
        time.sleep(POLL_S)


def make_base(paths: Paths, world: World) -> None:
    """Make the state directory, for root alone."""
    for path in (paths.base, paths.journal, paths.undo, paths.units, paths.managed):
        if not os.path.isdir(path):
            with contextlib.suppress(FileExistsError):
                world.mkdir(path)
            world.sync(os.path.dirname(path))


_CURE = "Wait for it, or if that run is dead: groundcrew lock --release --reason TEXT on this host"


def tell(lock: Lock) -> str:
    """Return the holder in words: who, which run, why, since when, how long at most."""
    run = f"run {lock.run_id} (attempt {lock.attempt})" if lock.run_id else "a run without id"
    why = f", reason: {lock.reason}" if lock.reason else ""
    return f"{lock.owner}, {run}{why}, since {lock.since}, for {lock.remaining_s():.0f} s more at most"


def _try(file: TextIO, paths: Paths, actor: Actor, *, any_run: bool) -> str:
    """Take the flock; return "" when the host is ours now, otherwise who has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        return f"being changed by {file.read().strip() or 'a process that gave no name'}"
    found = None if any_run else read(paths)
    if found and not found.is_of(actor) and not found.is_superseded_by(actor):
        return f"locked by {tell(found)}"
    return ""


def _sign(file: TextIO, actor: Actor) -> None:
    """Leave our name for the message above; it needs no sync, and an old one is harmless."""
    file.truncate(0)
    file.write(f"{actor.owner}, run {actor.run_id or 'without id'}, pid {os.getpid()}, since {now()}")
    file.flush()


def _temporary(paths: Paths) -> str:
    return f"{paths.lock}.new"


def _drop(paths: Paths, world: World) -> None:
    world.unlink(paths.lock)
    world.sync(paths.base)
