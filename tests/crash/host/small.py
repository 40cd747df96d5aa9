"""The quick proof, in seconds: no units; every operation killed or unplugged, and so is the recovery."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import journal, lock, quarantine, recovery
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

from . import disks, drive, scene, worlds

ROOM = "/srv/crash/room"
GRAVES = f"{ROOM}/graves"
NEVER = 1 << 30


def small(options: dict[str, Any]) -> dict[str, Any]:
    """Cut every operation off in each way; with `stop` the first complaint is enough."""
    host = disks.Small("none")
    record = _record(host)
    numbers = list(range(len(record) + 1))
    # In no order, so that what is broken shows early.
    random.Random(options["seed"]).shuffle(numbers)
    for number in numbers:
        where = f"before operation {number}, {(*record, 'the end')[number]}"
        for way, cut in _ways(host, number, options["seed"]).items():
            _cut_once(host, f"{way} {where}", cut, ended=number == len(record))
        if options.get("stop") and host.failures:
            break
    return {"survived": sum(host.results.values()), "states": host.results, "failures": host.failures}


def _record(host: disks.Small) -> list[str]:
    world = worlds.Traced()
    host.reset()
    host.execute(world)
    return world.record


def _ways(host: disks.Small, number: int, seed: int) -> dict[str, Callable[[], None]]:
    def unplugged(chance: random.Random | None) -> Callable[[], None]:
        def act() -> None:
            world = worlds.Volatile(number, {ROOM: GRAVES}, chance)
            host.execute(world)
            world.lose()

        return act

    return {
        "killed": lambda: host.execute(worlds.dies_at(number)),
        "unplugged": unplugged(None),
        "half unplugged": unplugged(random.Random(seed + number)),
        "killed again in its recovery": lambda: _killed_twice(host, number, random.Random(seed + number).randrange(60)),
        "unplugged after its recovery": lambda: _recovered_and_unplugged(host, number),
    }


def _killed_twice(host: disks.Small, number: int, later: int) -> None:
    drive.cut_off(lambda: host.execute(worlds.dies_at(number)))
    _recover(host, worlds.dies_at(later))


def _recovered_and_unplugged(host: disks.Small, number: int) -> None:
    drive.cut_off(lambda: host.execute(worlds.dies_at(number)))
    world = worlds.Volatile(NEVER, {ROOM: GRAVES}, None)
    _recover(host, world)
    world.lose()


def _recover(host: disks.Small, world: World) -> None:
    if quarantine.read(host.paths) or journal.unfinished(host.paths):
        with lock.exclusive(host.paths, world, scene.actor(), any_run=True):
            recovery.recover(host.context(world))


def _cut_once(host: disks.Small, where: str, cut: Callable[[], None], *, ended: bool) -> None:
    host.reset()
    os.mkdir(GRAVES)
    died = drive.cut_off(cut)
    shutil.rmtree(GRAVES)
    if died < 0:
        host.failures.append(f"{where}: ended with {died}")
    if drive.cut_off(lambda: _recover(host, World())) != 0:
        host.failures.append(f"{where}: could not be recovered")
        return
    state = host.look(where, "cut off")
    if ended and state != "new":
        host.failures.append(f"{where}: was told as done, and is {state}")


SUITES = {"small": small}
