"""Full disks: real ones at every level, and operations that fail one by one."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError, StepFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import (
    interpreter,
    journal,
    lock,
    quarantine,
    recovery,
    steps,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.interpreter import Context
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

from . import scene, worlds

# A tmpfs of a few MiB.
SMALL = "/small"
STEP = 4096


class Small:
    """A transaction without units, with the state directory, the targets or both on the small disk."""

    def __init__(self, which: str) -> None:
        on_disk = "/srv/crash/room"
        shutil.rmtree(on_disk, ignore_errors=True)
        os.makedirs(on_disk)
        self.paths = Paths(base=f"{SMALL if which in ('state', 'both') else on_disk}/state")
        self.root = f"{SMALL if which in ('targets', 'both') else on_disk}/shop"
        self.filler = f"{SMALL}/filler"
        self.reset()
        big = tuple(steps.write(f"{self.root}/big-{n}.conf", bytes([65 + n]) * 9000) for n in range(4))
        self.plan = Plan("crash full disk", (*big, *scene.file_steps(self.root), *self._release()))
        self.failures: list[str] = []
        self.results: dict[str, int] = {}
        self.old = scene.snapshot(self.root)
        self.execute(World())
        self.new = scene.ageless(scene.snapshot(self.root))

    def _release(self) -> tuple[steps.Step, ...]:
        """The link is switched by the other steps already."""
        return tuple(step for step in scene.release_steps(self.root) if step.kind != "link")

    def context(self, world: World) -> Context:
        return Context(self.paths, world, scene.actor())

    def execute(self, world: World) -> None:
        context = self.context(world)
        with lock.exclusive(self.paths, world, context.actor):
            quarantine.refuse(self.paths)
            recovery.recover(context)
            interpreter.execute(self.plan, context)

    def reset(self) -> None:
        self.empty()
        lock.make_base(self.paths, World())
        scene.reset(self.paths, self.root)

    def empty(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.filler)

    def fill(self, left: int = 0) -> None:
        """Leave `left` bytes on the small disk, rounded to its blocks."""
        room = os.statvfs(SMALL)
        keep = max(room.f_bavail * room.f_frsize - left, 0)
        with open(self.filler, "ab") as file:
            os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size + keep or 1)

    def attempt(self, world: World) -> str:
        """Execute; return how it ended: done, or the class of the failure with its words."""
        try:
            self.execute(world)
        except StepFailed as error:
            return f"{'undone' if error.undone else 'stuck'}: {error}"
        except (FleetError, OSError) as error:
            return f"{type(error).__name__}: {error}"
        return "done"

    def look(self, where: str, ended: str) -> str:
        """The tree is old or new, as the run said; when it said neither, the way out leads to the old state."""
        way_out = ""
        # Nobody frees a disk before he reads the message, so the tree is judged after room was made.
        self.empty()
        if journal.unfinished(self.paths) or quarantine.read(self.paths):
            way_out = "undo" if quarantine.read(self.paths) else "auto"
            world = World()
            with lock.exclusive(self.paths, world, scene.actor(), any_run=True):
                recovery.recover(self.context(world), way_out)
        results = scene.results(self.paths)
        state = "new" if results and results[-1] in ("done", "finished") else "old"
        now = scene.snapshot(self.root)
        wrong = scene.differences(self.old, now) if state == "old" else scene.differences(self.new, scene.ageless(now))
        wrong += scene.litter(self.paths, self.root, results)
        # What fails after the ledger's line, in the tidying up, is told although the change stands.
        if not way_out and state == "old" and ended == "done":
            wrong.append("the run said that it was done")
        self.failures += [f"{where} ({state}, {ended[:300]}, way out {way_out}): {one[:500]}" for one in wrong]
        key = f"{state}{' by ' + way_out if way_out else ''}"
        self.results[key] = self.results.get(key, 0) + 1
        return state


def levels(options: dict[str, Any]) -> dict[str, Any]:
    """A disk with 0, 4, 8 … KiB left, until the transaction goes through: before that nothing may have changed."""
    small = Small(options["which"])
    passed = level = 0
    while passed < 3:
        small.reset()
        small.fill(level * STEP)
        ended = small.attempt(World())
        if ended != "done" and "No space left on device" not in ended:
            small.failures.append(f"{level} blocks left: the message does not name the cause: {ended}")
        if small.look(f"{level} blocks left", ended) == "new":
            passed += 1
        level += 1
        if level > 200:
            small.failures.append("200 blocks are not enough")
            break
    return _told(small, level)


def fills(options: dict[str, Any]) -> dict[str, Any]:
    """Somebody else fills the disk in the middle, before each operation in turn."""
    small = Small(options["which"])
    world = worlds.Traced()
    small.reset()
    small.execute(world)
    for number, operation in enumerate(world.record):
        small.reset()
        ended = small.attempt(worlds.fills_at(number, small.fill))
        small.look(f"filled before operation {number}, {operation}", ended)
    return _told(small, len(world.record))


def fails(options: dict[str, Any]) -> dict[str, Any]:
    """Each operation in turn fails: with "no space" or an I/O error, once, or from there on for good."""
    small = Small("none")
    world = worlds.Traced()
    small.reset()
    small.execute(world)
    for number, operation in enumerate(world.record):
        small.reset()
        for_good = bool(options["for_good"])
        ended = small.attempt(worlds.fails_at(number, for_good=for_good))
        small.look(f"operation {number} fails {'for good' if for_good else 'once'}, {operation}", ended)
    return _told(small, len(world.record))


def _told(small: Small, tried: int) -> dict[str, Any]:
    return {"survived": tried, "states": small.results, "failures": small.failures}


SUITES = {"levels": levels, "fills": fills, "fails": fails}
