"""An engine's own plan, cut off: it is read and planned on this host as its module does, and taken by the interpreter.

The host is then as it was, or as the plan says, in every file that decides who may log in; SSH and sudo answer all along.
"""

from __future__ import annotations

import base64
import functools
import importlib
import os
import shutil
import signal
from collections.abc import Callable
from typing import Any

from ansible_collections.groundcrew.fleet.plugins import module_utils
from ansible_collections.groundcrew.fleet.plugins.module_utils import _host
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import interpreter, journal, lock, recovery
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.interpreter import Context
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import HOST
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

from . import BUNDLE, drive, scene, worlds

ENGINES = "/opt/crash/engines"
# What is beside the interpreter in the collection is not in its bundle.
module_utils.__path__.append(ENGINES)
_host.__path__.append(f"{ENGINES}/_host")

SAVED = "/srv/crash-saved"
MANAGED = f"{HOST.base}/managed"
DATABASES = tuple(f"/etc/{name}" for name in ("passwd", "shadow", "group", "gshadow"))
TREES = (*DATABASES, "/etc/sudoers.d", "/etc/ssh/sshd_config.d", "/etc/groundcrew", "/home", MANAGED)
WAYS = ("timer", "boot", "undo", "next")
ADMINISTRATOR = "crew"


def _key(number: int) -> str:
    kind = b"ssh-ed25519"
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (kind, number.to_bytes(32, "big")))
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} {number}"


BEFORE = {
    "purge": "absent",
    "accounts": [
        {"name": "bob", "ssh_keys": [_key(1)], "sudo": True},
        {"name": "dave", "ssh_keys": [_key(2)]},
        {"name": "erin", "comment": "Erin", "ssh_keys": [_key(3)]},
    ],
}
AFTER = {
    "purge": "absent",
    "groups": [{"name": "developers"}],
    "accounts": [
        {"name": "alice", "ssh_keys": [_key(4)], "groups": ["developers"], "sudo": True},
        {"name": "bob", "ssh_keys": [_key(5)], "ssh_keys_exclusive": True, "shell": "/bin/sh"},
        {"name": "dave", "state": "locked"},
    ],
}


def accounts_plan(asked: dict[str, Any]) -> Any:
    """Return what the module accounts would do here now."""
    engine = f"{module_utils.__name__}.accounts"
    want, state, plan = (importlib.import_module(f"{engine}.{name}") for name in ("want", "state", "plan"))
    wanted = want.parse({"proof_within_s": drive.PROOF_S, **asked})
    return plan.plan(wanted, state.read(wanted, today=20000, wait_s=10))


def run(asked: dict[str, Any], world: World, *, attempt: int) -> None:
    """What the module and its action plugin do: recover the host, plan, execute, prove."""
    actor = scene.actor(attempt)
    context = Context(HOST, world, actor)
    with lock.exclusive(HOST, world, actor):
        if journal.unfinished(HOST):
            recovery.recover(context, unproven=True)
        planned = accounts_plan(asked)
        if not planned.steps:
            return
        outcome = interpreter.execute(planned, context, proof_within_s=planned.proof_within_s)
    if planned.proof_within_s:
        with lock.exclusive(HOST, world, actor):
            interpreter.confirm(outcome.txid, context)


def snapshot() -> dict[str, Any]:
    """Everything in the trees, without time stamps."""
    found: dict[str, Any] = {}
    for top in TREES:
        paths = [top] if os.path.lexists(top) else []
        for folder, folders, names in os.walk(top):
            paths += [f"{folder}/{name}" for name in (*folders, *names)]
        found.update({path: scene._facts(path)._replace(mtime_ns=0) for path in paths})
    return found


def save() -> None:
    shutil.rmtree(SAVED, ignore_errors=True)
    for top in TREES:
        if os.path.lexists(top):
            os.makedirs(os.path.dirname(SAVED + top), exist_ok=True)
            scene.call("cp", "-a", top, SAVED + top)


def reset(old: dict[str, Any]) -> None:
    """Bring back what differs from the saved trees, and clear what transactions leave."""
    for folder in (HOST.journal, HOST.undo):
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            shutil.rmtree(f"{folder}/{name}")
    for path in (HOST.ledger, HOST.lock, HOST.quarantine):
        if os.path.exists(path):
            os.unlink(path)
    scene.reset_units()
    now = snapshot()
    for path in sorted(set(now) - set(old), reverse=True):
        os.rmdir(path) if now[path].kind == "directory" else os.unlink(path)
    for path in sorted(key for key in old if now.get(key) != old[key]):
        if old[path].kind != "directory":
            scene.call("cp", "-a", "--remove-destination", SAVED + path, path)


class Judge:
    """The two whole states, and what was wrong where."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.states: dict[str, int] = {}
        run(BEFORE, World(), attempt=1)
        save()
        self.old = snapshot()
        reset(self.old)
        world = worlds.Traced()
        run(AFTER, world, attempt=1)
        self.record = world.record
        self.new = snapshot()

    def look(self, where: str, expected: str = "") -> str:
        results = scene.results(HOST)
        state = "new" if results[-1:] in (["done"], ["finished"]) else "old"
        wrong = scene.differences(self.old if state == "old" else self.new, snapshot())
        wrong += scene.litter(HOST, "/etc", results)
        wrong += [f"is {state}, not {expected}"] if expected not in ("", state) else []
        wrong += unreachable()
        self.failures += [f"{where} ({state}, ledger {results}): {one[:600]}" for one in wrong]
        self.states[state] = self.states.get(state, 0) + 1
        return state


def unreachable() -> list[str]:
    """Return why the administrator could not log in and become root, in the words of sshd and sudo."""
    wrong = []
    if scene.call("systemctl", "is-active", "ssh.service").strip() != "active":
        wrong.append("the SSH server does not run")
    told = scene.call("sshd", "-T", "-C", f"user={ADMINISTRATOR},host=a,addr=10.0.0.1")
    if "authorizedkeysfile .ssh/authorized_keys" not in told:
        wrong.append(f"the SSH server would not read the administrator's key: {told[-200:]!r}")
    if "NOPASSWD: ALL" not in scene.call("sudo", "-n", "-l", "-U", ADMINISTRATOR):
        wrong.append("sudo does not make the administrator root")
    return wrong


def recover(way: str) -> None:
    if way == "timer" and os.path.exists(f"{scene.UNITS}/groundcrew-undo.timer"):
        drive.hurry_timer()
    elif way == "undo":
        scene.call(BUNDLE, "recover", "--undo")
    elif way == "next":
        run(AFTER, World(), attempt=2)
    else:
        scene.call("systemctl", "start", "groundcrew-recover.service")


def planned(options: dict[str, Any]) -> dict[str, Any]:
    """Stop at every `every`th operation, recover in turn in each of the ways, look, and run again."""
    judge = Judge()
    numbers = range(options.get("from", 0), len(judge.record) + 1, options["every"])
    for turn, number in enumerate(numbers):
        way = WAYS[turn % len(WAYS)]
        where = f"{way} after kill -9 before operation {number}, {(*judge.record, 'the end')[number]}"
        reset(judge.old)
        died = drive.cut_off(functools.partial(run, AFTER, worlds.dies_at(number), attempt=1))
        if died != (signal.SIGKILL if number < len(judge.record) else 0):
            judge.failures.append(f"{where}: the run ended with {died}")
        try:
            recover(way)
        except FleetError as error:
            judge.failures.append(f"{where}: {type(error).__name__}: {error}")
        if judge.look(where, "new" if way == "next" else "") == "old" and turn % 4 == 0:
            run(AFTER, World(), attempt=3)
            judge.look(f"the run after {where}", "new")
    if accounts_plan(AFTER).steps:
        judge.failures.append("a further run still has steps")
    return {
        "operations": len(judge.record),
        "survived": len(numbers),
        "states": judge.states,
        "failures": judge.failures,
        "record": judge.record,
    }


SUITES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"planned": planned}
