"""One trouble at a time: an undo that fails, signals, two runs, a reboot, a proof, packages that are cut off."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError, StepFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import checks
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import (
    interpreter,
    journal,
    lock,
    quarantine,
    recovery,
    steps,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.interpreter import Context
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import HOST
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

from . import BUNDLE, drive, scene, shop, worlds

# An argv step whose undo works only while this file is there.
MENDED = f"{scene.TOP}/mended"
# A check that passes only while this file is there.
WELCOME = f"{scene.TOP}/welcome"


def quarantined(options: dict[str, Any]) -> dict[str, Any]:
    """An undo that fails, and one of the ways out of it: undo, finish or accept."""
    way = options["way"]
    suite = drive.Suite("disk", 1)
    scene.reset()
    for path in (MENDED, WELCOME):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    ended = _attempt(_stubborn(way))
    said: dict[str, Any] = {
        "run": ended,
        "next": _attempt(scene.plan("disk")),
        "boot": _boot(),
        "show": _groundcrew("recover", "--show"),
    }
    said["unmended"] = _groundcrew("recover", "--undo")
    said["without_reason"] = _groundcrew("recover", "--accept")
    for path in (MENDED, WELCOME):
        with open(path, "w", encoding="utf-8"):
            pass
    said["settled"] = _groundcrew("recover", f"--{way}", *(["--reason", "looked at it"] if way == "accept" else []))
    now = scene.snapshot()
    said["differs_from_old"] = scene.differences(suite.old, now)
    said["differs_from_new"] = scene.differences(suite.new, scene.ageless(now))
    said["ledger"] = scene.results(HOST)
    said["why"] = _groundcrew("ledger", "--last", "1")
    said["litter"] = scene.litter(HOST, scene.ROOT, scene.results(HOST))
    said["stale"] = scene.stale_service()
    said["then"] = _attempt(scene.plan("disk"))
    return said


def _stubborn(way: str) -> Plan:
    """A change whose check fails until there is a welcome, and whose undo fails until somebody mends it.

    The undo fails first of all, or last of all where the half-made undo is to be settled.
    """
    guard = steps.argv(["true"], undo=["test", "-e", MENDED])
    plan = scene.plan("disk")
    unwelcome = checks.command(["test", "-e", WELCOME])
    sequence = (*plan.steps, guard) if way == "finish" else (guard, *plan.steps)
    return plan._replace(name="stubborn", steps=sequence, checks=(*plan.checks, unwelcome), within_s=1)


def signalled(options: dict[str, Any]) -> dict[str, Any]:
    """SIGHUP and SIGTERM at every operation: the first changes nothing, the second takes it back, once or twice."""
    number_of = {"HUP": signal.SIGHUP, "TERM": signal.SIGTERM}
    suite = drive.Suite("disk", 1)
    counts = {0: 0, -1: 0}
    for number, operation in enumerate(suite.record):
        where = f"{options['signals']} at operation {number}, {operation}"
        scene.reset()
        world = worlds.Traced(_sends(number, [number_of[name] for name in options["signals"]]))
        # Before execute() begins a signal ends the process as it ends any other.
        ended = drive.cut_off(functools.partial(drive.transact, "disk", world, attempt=1))
        if ended > 0:
            drive.transact("disk", World(), attempt=2)
        else:
            counts[ended] += 1
        if os.listdir(HOST.journal):
            suite.failures.append(f"{where}: left an unfinished journal")
            drive.recover_here()
        suite.look(where)
    return {**drive.told(suite), "survived": len(suite.record), "went_through": counts[0], "taken_back": counts[-1]}


def _sends(number: int, signals: list[signal.Signals]) -> Callable[[int, str], None]:
    def before(current: int, _name: str) -> None:
        # The second one comes while the first is being answered.
        for late, one in enumerate(signals):
            if current == number + 3 * late:
                os.kill(os.getpid(), one)

    return before


def two_runs(_options: dict[str, Any]) -> dict[str, Any]:
    """A second run waits for the time it states, then fails naming the holder; one that may wait longer goes on."""
    scene.reset()
    slow = Plan("slow", (steps.argv(["sleep", "3"]),))
    child = os.fork()
    if child == 0:
        _attempt(slow, run_id="first")
        os._exit(0)
    time.sleep(0.5)
    began = time.monotonic()
    refused = _attempt(scene.plan("disk"), run_id="second", wait_s=1)
    waited = time.monotonic() - began
    patient = _attempt(scene.plan("disk"), run_id="second", wait_s=30)
    os.waitpid(child, 0)
    with lock.exclusive(HOST, World(), scene.actor()):
        lock.hold(HOST, World(), scene.actor())
    held = _attempt(scene.plan("disk"), run_id="second", wait_s=0.3)
    shown = _groundcrew("lock")
    free = [_groundcrew("lock", "--release"), _groundcrew("lock", "--release", "--reason", "it is dead")]
    return {
        "refused": refused,
        "waited": waited,
        "patient": patient,
        "held": held,
        "shown": shown,
        "free": free,
        "after": _attempt(scene.plan("disk"), run_id="second"),
        "ledger": _groundcrew("ledger", "--verify") + _groundcrew("ledger"),
    }


def cut(options: dict[str, Any]) -> dict[str, Any]:
    """Leave a transaction that was killed before the operation that starts so, for what comes next from outside."""
    suite = drive.Suite(options["trace"], 1)
    scene.reset()
    found = [number for number, operation in enumerate(suite.record) if options["before"] in operation]
    drive.cut_off(lambda: drive.transact(options["trace"], worlds.dies_at(found[options.get("nth", 0)]), attempt=1))
    return {"operation": suite.record[found[options.get("nth", 0)]], "journal": os.listdir(HOST.journal)}


def arm(options: dict[str, Any]) -> dict[str, Any]:
    """An armed transaction that waits for its proof."""
    scene.reset()
    world, actor = World(), scene.actor()
    with lock.exclusive(HOST, world, actor):
        outcome = interpreter.execute(
            scene.plan("files"), Context(HOST, world, actor), proof_within_s=options["within_s"]
        )
    # A run that comes after the time is over would take it back itself.
    refused = _attempt(scene.plan("disk")) if options["within_s"] > 60 else ""
    return {
        "txid": outcome.txid,
        "ledger": outcome.ledger,
        "refused": refused,
        "show": _groundcrew("recover", "--show"),
    }


def confirm(options: dict[str, Any]) -> dict[str, Any]:
    """The proof comes."""
    world, actor = World(), scene.actor()
    try:
        with lock.exclusive(HOST, world, actor):
            return {"ledger": interpreter.confirm(options["txid"], Context(HOST, world, actor))}
    except FleetError as error:
        return {"error": f"{type(error).__name__}: {error}"}


def state(options: dict[str, Any]) -> dict[str, Any]:
    """What the host is in now: old, new, or what differs from both; the traces are those of `cut` and `arm`."""
    timer = scene.call("systemctl", "is-active", "groundcrew-undo.timer").strip()
    now = scene.snapshot()
    results, stale = scene.results(HOST), scene.stale_service()
    found = {"timer": timer, "results": results, "litter": scene.litter(HOST, scene.ROOT, results), "stale": stale}
    suite = drive.Suite(options["trace"], 1)
    old, new = scene.differences(suite.old, now), scene.differences(suite.new, scene.ageless(now))
    scene.reset()
    return {**found, "state": "old" if not old else "new" if not new else f"neither: {old}, {new}"}


def settle(_options: dict[str, Any]) -> dict[str, Any]:
    """Wait for the recovery that systemd does by itself; return the seconds it took to come and to end."""
    units = ("groundcrew-recover.service", "groundcrew-undo.service")
    began = time.monotonic()
    while time.monotonic() < began + 120:
        works = any(scene.call("systemctl", "is-active", unit).strip() == "activating" for unit in units)
        if not works and not os.listdir(HOST.journal):
            break
        time.sleep(0.1)
    return {"seconds": round(time.monotonic() - began, 1)}


def package_killed(options: dict[str, Any]) -> dict[str, Any]:
    """kill -9 while apt works: the interpreter alone, whose apt goes on, or apt and all that it started."""
    suite = drive.Suite("package", options["seed"])
    for turn in range(options["times"]):
        everything = turn % 2 == 0
        delay = suite.dice.uniform(0.0, options["span_s"])
        what = "apt and the interpreter" if everything else "the interpreter"
        where = f"{what} killed {delay:.3f} s into the package step"
        scene.reset()
        _kill_in_apt(delay, everything=everything)
        drive.transact("package", World(), attempt=2)
        suite.look(where, expected="new")
    return {**drive.told(suite), "survived": options["times"]}


def _kill_in_apt(delay_s: float, *, everything: bool) -> None:
    child = os.fork()
    if child == 0:
        with contextlib.suppress(FleetError, OSError):
            drive.transact("package", World(), attempt=1)
        os._exit(0)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not _apt():
        time.sleep(0.005)
    time.sleep(delay_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for pid in _apt() if everything else ():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _apt() -> list[int]:
    """The processes of apt and dpkg, but not the package's own script, which outlives them as it does in real life."""
    done = subprocess.run(["pgrep", "-x", "apt-get|dpkg"], capture_output=True, text=True, check=False)
    return [int(pid) for pid in done.stdout.split()]


def package_broken(_options: dict[str, Any]) -> dict[str, Any]:
    """A package whose script fails goes again; so does a good one when the service does not come up with it."""
    suite = drive.Suite("package", 1)
    scene.reset()
    reload = steps.unit("crash-shop.service", "reload")
    write = steps.write(f"{scene.ROOT}/service.conf", b"version = 2\n")
    broken = Plan("broken package", (write, steps.package("install", {"crash-broken": "1.0"}), reload))
    said = {"script": _attempt(broken)}
    suite.look("after a package whose script fails", expected="old")
    never = (checks.http(f"http://127.0.0.1:{shop.PORT}/", contains="version = 3"),)
    unwell = Plan("unwell", (write, steps.package("install", {"crash-tool": "1.0"}), reload), checks=never, within_s=1)
    scene.reset()
    said["unwell"] = _attempt(unwell)
    suite.look("after a service that did not come up with the package", expected="old")
    return {**said, "failures": suite.failures, "audit": scene.call("dpkg", "--audit")}


def foreseen(_options: dict[str, Any]) -> dict[str, Any]:
    """A journal that is unfinished, looked at without touching it."""
    before = _whole_state()
    told = recovery.pending(HOST)
    shown = _groundcrew("recover", "--show")
    return {"told": told, "shown": shown, "same": before == _whole_state(), "waiting": journal.unfinished(HOST)}


def _whole_state() -> scene.Snapshot:
    return {**scene.snapshot(HOST.base), **scene.snapshot()}


def _attempt(plan: Plan, *, run_id: str = scene.RUN, wait_s: float = 60) -> str:
    """Execute as the glue of a module does; return "done" or what the user is told."""
    world, actor = World(), scene.actor(wait_s=wait_s)._replace(run_id=run_id, owner=f"owner of {run_id}")
    context = Context(HOST, world, actor)
    try:
        with lock.exclusive(HOST, world, actor):
            quarantine.refuse(HOST)
            recovery.recover(context)
            interpreter.execute(plan, context)
    except StepFailed as error:
        return f"StepFailed, undone {error.undone}: {error}"
    except FleetError as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def _boot() -> str:
    done = subprocess.run(["systemctl", "start", "groundcrew-recover"], capture_output=True, text=True, check=False)
    return f"{done.returncode}"


def _groundcrew(*arguments: str) -> str:
    done = subprocess.run([BUNDLE, *arguments], capture_output=True, text=True, check=False)
    return f"{done.returncode}: {done.stdout}{done.stderr}"


SUITES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "quarantined": quarantined,
    "signalled": signalled,
    "two_runs": two_runs,
    "cut": cut,
    "arm": arm,
    "confirm": confirm,
    "state": state,
    "settle": settle,
    "package_killed": package_killed,
    "package_broken": package_broken,
    "foreseen": foreseen,
}
