"""An engine's own plans, cut off: they are read and planned on this host as its module does, and taken by the interpreter.

The host is then as it was, or as one of the plans says, in every file of theirs; the administrator logs in by SSH and
becomes root all along.
"""

from __future__ import annotations

import base64
import functools
import importlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

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
WAYS = ("timer", "boot", "undo", "next")
ADMINISTRATOR = "crew"
KEY = "/opt/crash/administrator"


class Subject(NamedTuple):
    """What a module plans when it is asked, first for `before`, then for `after`; the trees are all that it may touch."""

    plans: Callable[[Mapping[str, Any]], Sequence[Any]]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    trees: tuple[str, ...]


def _key(number: int) -> str:
    kind = b"ssh-ed25519"
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (kind, number.to_bytes(32, "big")))
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} {number}"


def _engine(name: str, *parts: str) -> list[Any]:
    return [importlib.import_module(f"{module_utils.__name__}.{name}.{part}") for part in parts]


def accounts_plans(asked: Mapping[str, Any]) -> Sequence[Any]:
    """Return what the module accounts would do here now."""
    want, state, plan = _engine("accounts", "want", "state", "plan")
    wanted = want.parse({"proof_within_s": drive.PROOF_S, **asked})
    return [plan.plan(wanted, state.read(wanted, today=20000, wait_s=10))]


def hardening_plans(asked: Mapping[str, Any]) -> Sequence[Any]:
    """Return what the module hardening would do here now."""
    want, host, plan, registry = _engine("hardening", "want", "host", "plan", "registry")
    usual = {
        layer: {name: option.get("default") for name, option in module.OPTIONS.items()}
        for layer, module in registry.LAYERS.items()
    }
    wanted = want.parse({**usual, "proof_within_s": drive.PROOF_S, **asked})
    seen = host.read(wanted, wait_s=10, rehearsal=False)
    found: Sequence[Any] = plan.plan(wanted, seen.rules, seen.have)
    return found


PACKAGES = ("pam-pwquality-installed", "pam-tmpdir")
LAYERS = ["banners", "login", "coredumps", "sudo", "pam", "ssh"]
SUBJECTS = {
    "accounts": Subject(
        accounts_plans,
        {
            "purge": "absent",
            "accounts": [
                {"name": "bob", "ssh_keys": [_key(1)], "sudo": True},
                {"name": "dave", "ssh_keys": [_key(2)]},
                {"name": "erin", "comment": "Erin", "ssh_keys": [_key(3)]},
            ],
        },
        {
            "purge": "absent",
            "groups": [{"name": "developers"}],
            "accounts": [
                {"name": "alice", "ssh_keys": [_key(4)], "groups": ["developers"], "sudo": True},
                {"name": "bob", "ssh_keys": [_key(5)], "ssh_keys_exclusive": True, "shell": "/bin/sh"},
                {"name": "dave", "state": "locked"},
            ],
        },
        (*DATABASES, "/etc/sudoers.d", "/etc/ssh/sshd_config.d", "/etc/groundcrew", "/home", MANAGED),
    ),
    "hardening": Subject(
        hardening_plans,
        # One layer stands already, so that a manifest is written anew.
        {"layers": ["banners"], "exceptions": {}, "banners": {"text": "Keep out.\n"}},
        # Packages have crash tests of their own.
        {"layers": LAYERS, "exceptions": dict.fromkeys(PACKAGES, "it would take minutes")},
        (
            *(f"/etc/{name}" for name in ("issue", "issue.net", "login.defs", "profile.d", "securetty", "security")),
            *(f"/etc/{name}" for name in ("systemd/coredump.conf.d", "sudoers.d", "pam.d", "ssh", "groundcrew")),
            *("/etc/logrotate.d", "/usr/share/pam-configs", "/var/lib/pam", MANAGED),
        ),
    ),
}


def run(
    subject: Subject,
    asked: Mapping[str, Any],
    world: World,
    *,
    attempt: int,
    after_each: Callable[[], None] = lambda: None,
) -> None:
    """What the module and its action plugin do: recover the host, plan, execute, prove."""
    actor = scene.actor(attempt)
    context = Context(HOST, world, actor)
    with lock.exclusive(HOST, world, actor):
        if journal.unfinished(HOST):
            recovery.recover(context, unproven=True)
        unproven = ""
        for planned in subject.plans(asked):
            if planned.steps:
                outcome = interpreter.execute(planned, context, proof_within_s=planned.proof_within_s)
                unproven = outcome.txid if planned.proof_within_s else ""
                after_each()
    if unproven:
        with lock.exclusive(HOST, world, actor):
            interpreter.confirm(unproven, context)


def snapshot(trees: Sequence[str]) -> dict[str, Any]:
    """Everything in the trees, without time stamps."""
    found: dict[str, Any] = {}
    for top in trees:
        paths = [top] if os.path.lexists(top) else []
        for folder, folders, names in os.walk(top):
            paths += [f"{folder}/{name}" for name in (*folders, *names)]
        found.update({path: scene._facts(path)._replace(mtime_ns=0) for path in paths})
    return found


def save(trees: Sequence[str]) -> None:
    shutil.rmtree(SAVED, ignore_errors=True)
    for top in trees:
        if os.path.lexists(top):
            os.makedirs(os.path.dirname(SAVED + top), exist_ok=True)
            scene.call("cp", "-a", top, SAVED + top)


def reset(trees: Sequence[str], old: dict[str, Any]) -> None:
    """Bring back what differs from the saved trees, and clear what transactions leave."""
    scene.forget()
    scene.reset_units()
    now = snapshot(trees)
    for path in sorted(set(now) - set(old), reverse=True):
        os.rmdir(path) if now[path].kind == "directory" else os.unlink(path)
    for path in sorted(key for key in old if now.get(key) != old[key]):
        if old[path].kind != "directory":
            scene.call("cp", "-a", "--remove-destination", SAVED + path, path)
    if any(path.startswith("/etc/ssh/") and now.get(path) != old.get(path) for path in {*now, *old}):
        # It would go on with what is no longer there.
        scene.call("systemctl", "reload", "ssh")


class Judge:
    """The whole states, one after each transaction, and what was wrong where."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.failures: list[str] = []
        self.states: dict[str, int] = {}
        give_key()
        self.run(subject.before, World())
        save(subject.trees)
        self.whole = [snapshot(subject.trees)]
        self.reset()
        world = worlds.Traced()
        self.run(subject.after, world, after_each=lambda: self.whole.append(snapshot(subject.trees)))
        self.record = world.record

    def run(
        self, asked: Mapping[str, Any], world: World, attempt: int = 1, after_each: Callable[[], None] = lambda: None
    ) -> None:
        run(self.subject, asked, world, attempt=attempt, after_each=after_each)

    def reset(self) -> None:
        reset(self.subject.trees, self.whole[0])

    def look(self, where: str, expected: str = "") -> str:
        results = scene.results(HOST)
        stand = sum(result in ("done", "finished") for result in results)
        state = "old" if not stand else "new" if stand == len(self.whole) - 1 else "between"
        wrong = scene.differences(self.whole[min(stand, len(self.whole) - 1)], snapshot(self.subject.trees))
        wrong += scene.litter(HOST, "/etc", results)
        wrong += [f"is {state}, not {expected}"] if expected not in ("", state) else []
        wrong += unreachable()
        self.failures += [f"{where} ({state}, ledger {results}): {one[:600]}" for one in wrong]
        self.states[state] = self.states.get(state, 0) + 1
        return state


def give_key() -> None:
    """Let the administrator in by a key that lies on this host."""
    if os.path.exists(KEY):
        return
    scene.call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
    with open(f"{KEY}.pub", encoding="ascii") as key, open(f"/home/{ADMINISTRATOR}/.ssh/authorized_keys", "a") as file:
        file.write(key.read())


def unreachable() -> list[str]:
    """Return why the administrator cannot log in and become root, in the words of ssh and sudo."""
    options = (f"IdentityFile={KEY}", "BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null")
    done = subprocess.run(
        [
            *("ssh", "-o", "LogLevel=ERROR", *(word for option in options for word in ("-o", option))),
            *(f"{ADMINISTRATOR}@127.0.0.1", "sudo -n true"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return [f"the administrator is not let in as root: {done.stderr[-300:]!r}"] if done.returncode else []


def recover(way: str, judge: Judge) -> None:
    if way == "timer" and os.path.exists(f"{scene.UNITS}/groundcrew-undo.timer"):
        drive.hurry_timer()
    elif way == "undo":
        scene.call(BUNDLE, "recover", "--undo")
    elif way == "next":
        judge.run(judge.subject.after, World(), 2)
    else:
        scene.call("systemctl", "start", "groundcrew-recover.service")


def planned(options: dict[str, Any]) -> dict[str, Any]:
    """Stop at every `every`th operation, recover in turn in each of the ways, look, and run again."""
    judge = Judge(SUBJECTS[options["subject"]])
    asked = judge.subject.after
    numbers = range(options.get("from", 0), len(judge.record) + 1, options["every"])
    for turn, number in enumerate(numbers):
        way = WAYS[turn % len(WAYS)]
        where = f"{way} after kill -9 before operation {number}, {(*judge.record, 'the end')[number]}"
        judge.reset()
        died = drive.cut_off(functools.partial(judge.run, asked, worlds.dies_at(number)))
        if died != (signal.SIGKILL if number < len(judge.record) else 0):
            judge.failures.append(f"{where}: the run ended with {died}")
        try:
            recover(way, judge)
        except FleetError as error:
            judge.failures.append(f"{where}: {type(error).__name__}: {error}")
        if judge.look(where, "new" if way == "next" else "") != "new" and turn % 4 == 0:
            judge.run(asked, World(), 3)
            judge.look(f"the run after {where}", "new")
    judge.run(asked, World(), 4)
    if any(one.steps for one in judge.subject.plans(asked)):
        judge.failures.append("a further run still has steps")
    return {
        "operations": len(judge.record),
        "survived": len(numbers),
        "states": judge.states,
        "failures": judge.failures,
        "record": judge.record,
    }


SUITES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"planned": planned}
