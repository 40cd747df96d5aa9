"""Power loss: what was not synced may be gone, all of it or any part."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import HOST

from . import drive, scene, worlds

# An inode is kept alive by a second name on its own mount.
GRAVEYARDS = {HOST.base: f"{HOST.base}/graves", scene.TOP: f"{scene.TOP}/graves"}


def power(options: dict[str, Any]) -> dict[str, Any]:
    """Cut the power before every operation: once with all that is unsynced lost, then with random parts of it."""
    suite = drive.Suite(options["trace"], options["seed"])
    numbers = [n for n in range(len(suite.record) + 1) if n % options["every"] == options["from"]]
    rounds = [None, *(suite.dice.randrange(1 << 30) for _subset in range(options["subsets"]))]
    for number in numbers:
        for seed in rounds:
            what = "everything unsynced" if seed is None else f"a part of the unsynced (seed {seed})"
            where = f"{what} lost before operation {number}, {(*suite.record, 'the end')[number]}"
            _lose_once(suite, number, seed, where)
    return {**drive.told(suite), "survived": len(numbers) * len(rounds)}


def _lose_once(suite: drive.Suite, number: int, seed: int | None, where: str) -> None:
    began = time.monotonic()
    scene.reset()
    for folder in GRAVEYARDS.values():
        os.mkdir(folder)
    suite.timed("reset", began)
    began = time.monotonic()
    chance = None if seed is None else random.Random(seed * 1000 + number)
    world = worlds.Volatile(number, GRAVEYARDS, chance)
    died = drive.cut_off(lambda: _until_the_end(suite.trace, world))
    suite.timed("transact", began)
    if died != signal.SIGKILL:
        suite.failures.append(f"{where}: the transaction ended with {died}")
    for folder in GRAVEYARDS.values():
        shutil.rmtree(folder)
    began = time.monotonic()
    # The machine comes up with what the disk holds.
    scene.call("systemctl", "restart", "crash-shop.service")
    suite.timed("boot", began)
    began = time.monotonic()
    try:
        drive.recover_here()
    except FleetError as error:
        suite.failures.append(f"{where}: {type(error).__name__}: {error}")
    suite.timed("recover", began)
    # What was told as done has to be on the disk by then.
    suite.look(where, expected="new" if number == len(suite.record) else "")


def _until_the_end(trace: str, world: worlds.Volatile) -> None:
    """The power fails after the last operation too: what was reported as done must be on the disk by then."""
    drive.transact(trace, world, attempt=1)
    world.lose()
    os.kill(os.getpid(), signal.SIGKILL)


SUITES = {"power": power}
