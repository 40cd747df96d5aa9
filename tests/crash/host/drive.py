"""Drives one suite on the host: `drive SUITE --options JSON`; prints one JSON object, the report of the suite."""

from __future__ import annotations

import functools
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import interpreter, journal, lock, recovery
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.interpreter import Context
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import HOST
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

from . import BUNDLE, scene, worlds

PROOF_S = 600.0


class Suite:
    """One trace, its two whole states, and what went wrong at which point."""

    def __init__(self, trace: str, seed: int) -> None:
        self.trace = trace
        self.packages = trace == "package"
        self.dice = random.Random(seed)
        self.failures: list[str] = []
        self.seconds: dict[str, float] = {}
        self.results: dict[str, int] = {}
        scene.reset()
        self.old = scene.snapshot(packages=self.packages)
        self.record = self._record()
        self.new = scene.ageless(scene.snapshot(packages=self.packages))

    def _record(self) -> list[str]:
        world = worlds.Traced()
        transact(self.trace, world, attempt=1)
        return world.record

    def look(self, where: str, *, expected: str = "") -> str:
        """Judge the host; return "old" or "new", and note every complaint under the name `where`."""
        results = scene.results(HOST)
        state = "new" if results and results[-1] in ("done", "finished") else "old"
        now = scene.snapshot(packages=self.packages)
        wrong = scene.differences(self.old, now) if state == "old" else scene.differences(self.new, scene.ageless(now))
        wrong += scene.litter(HOST, scene.ROOT, results)
        stale = scene.stale_service()
        wrong += [stale] if stale else []
        # Without a journal no recovery starts: a lock's temporary waits for the next run.
        wrong += ["the lock's temporary"] if expected and os.path.exists(f"{HOST.lock}.new") else []
        if expected and state != expected:
            wrong.append(f"is {state}, not {expected}")
        wrong += ["the chain of the ledger is broken"] if "BROKEN CHAIN" in results else []
        self.failures += [f"{where} ({state}, ledger {results}): {one[:600]}" for one in wrong]
        self.results[state] = self.results.get(state, 0) + 1
        return state

    def timed(self, name: str, since: float) -> None:
        self.seconds[name] = round(self.seconds.get(name, 0) + time.monotonic() - since, 2)


def transact(trace: str, world: World, *, attempt: int) -> None:
    """What a module of the run does: take the host, recover it, execute; prove it where the trace is armed."""
    actor = scene.actor(attempt)
    context = Context(HOST, world, actor)
    with lock.exclusive(HOST, world, actor):
        lock.hold(HOST, world, actor)
        if journal.unfinished(HOST):
            recovery.recover(context, unproven=trace == "armed")
        # Made of what is there now, as planners do.
        plan = scene.plan("files" if trace == "armed" else trace)
        if trace != "armed":
            interpreter.execute(plan, context)
            return
        outcome = interpreter.execute(plan, context, proof_within_s=PROOF_S)
    with lock.exclusive(HOST, world, actor):
        interpreter.confirm(outcome.txid, context)


def cut_off(act: Callable[[], None]) -> int:
    """Run `act` in a process of its own; return the signal that ended it, 0 for a good end, -1 for a failure that was told."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except (FleetError, OSError) as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        except BaseException:  # noqa: BLE001 - whatever it is, the child must never come back to what its parent does
            os.write(2, traceback.format_exc().encode())
            os._exit(2)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    return -os.WEXITSTATUS(status)


def recover(way: str, suite: Suite) -> str:
    """Recover the host in one of the ways there are; return the state it must be in now, "" for either."""
    if way == "boot":
        scene.call("systemctl", "start", "groundcrew-recover.service")
    elif way == "timer":
        if os.path.exists(f"{scene.UNITS}/groundcrew-undo.timer"):
            hurry_timer()
        else:
            scene.call("systemctl", "start", "groundcrew-undo.service")
    elif way in ("undo", "finish"):
        waiting = bool(os.listdir(HOST.journal))
        scene.call(BUNDLE, "recover", f"--{way}")
        return "old" if way == "undo" and waiting and not _closed_as_done(suite) else ""
    elif way == "twice":
        number = suite.dice.randrange(40)
        cut_off(lambda: transact(suite.trace, worlds.dies_at(number), attempt=2))
        transact(suite.trace, World(), attempt=3)
        return "new"
    else:
        transact(suite.trace, World(), attempt=2)
        return "new"
    return ""


def _closed_as_done(_suite: Suite) -> bool:
    return scene.results(HOST)[-1:] == ["done"]


def recover_here() -> None:
    """What the boot unit does, without the start of another Python."""
    actor = scene.actor(99)._replace(run_id="")
    world = World()
    with lock.exclusive(HOST, world, actor, any_run=True):
        recovery.recover(Context(HOST, world, actor), unproven=True)


def hurry_timer() -> None:
    """Let the armed timer fire now, by the real timer with a shorter time."""
    path = f"{scene.UNITS}/groundcrew-undo.timer"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(f"OnActiveSec={PROOF_S:.0f}s", "OnActiveSec=10ms"))
    scene.call("systemctl", "daemon-reload")
    scene.call("systemctl", "restart", "groundcrew-undo.timer")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and os.listdir(HOST.journal):
        time.sleep(0.02)
    while (
        time.monotonic() < deadline
        and scene.call("systemctl", "is-active", "groundcrew-undo.service").strip() == "activating"
    ):
        time.sleep(0.02)


def kill(options: dict[str, Any]) -> dict[str, Any]:
    """Stop at every operation of the record, recover in turn in each of the ways, and look.

    Two of the ways are the next run itself; after the others it is tried each `converge` times.
    """
    suite = Suite(options["trace"], options["seed"])
    suite.look("the recorded run", expected="new")
    numbers = [n for n in range(len(suite.record) + 1) if n % options["every"] == options["from"]]
    for turn, number in enumerate(numbers):
        way = options["ways"][turn % len(options["ways"])]
        where = f"{way} after kill -9 before operation {number}, {(*suite.record, 'the end')[number]}"
        began = time.monotonic()
        scene.reset()
        suite.timed("reset", began)
        began = time.monotonic()
        world = worlds.dies_at(number)
        died = cut_off(functools.partial(transact, suite.trace, world, attempt=1))
        suite.timed("transact", began)
        if died != (signal.SIGKILL if number < len(suite.record) else 0):
            suite.failures.append(f"{where}: the transaction ended with {died}")
        began = time.monotonic()
        try:
            expected = recover(way, suite)
        except FleetError as error:
            suite.failures.append(f"{where}: {type(error).__name__}: {error}")
            expected = ""
        suite.timed(way, began)
        began = time.monotonic()
        state = suite.look(where, expected=expected)
        suite.timed("look", began)
        if state == "old" and turn % options.get("converge", 3) == 0:
            began = time.monotonic()
            transact(suite.trace, World(), attempt=4)
            suite.look(f"the run after {where}", expected="new")
            suite.timed("converge", began)
    return {**told(suite), "survived": len(numbers)}


def told(suite: Suite) -> dict[str, Any]:
    return {
        "trace": suite.trace,
        "operations": len(suite.record),
        "record": suite.record,
        "states": suite.results,
        "seconds": suite.seconds,
        "failures": suite.failures,
    }


def _planned() -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
    """The suites of engines, which are on the host only where a test has brought them."""
    if sys.argv[1] != "planned":
        return {}
    from . import planned

    return planned.SUITES


def main() -> None:
    from . import disks, power, small, troubles

    suites: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "kill": kill,
        **_planned(),
        **power.SUITES,
        **disks.SUITES,
        **small.SUITES,
        **troubles.SUITES,
    }
    if worlds.unknown():
        sys.exit(f"operations that nobody traces: {worlds.unknown()}")
    began = time.monotonic()
    report = suites[sys.argv[1]](json.loads(sys.argv[2]))
    sys.stdout.write(json.dumps({**report, "took": round(time.monotonic() - began, 1)}) + "\n")


if __name__ == "__main__":
    main()
