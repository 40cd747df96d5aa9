"""One update that is killed in the middle, what the next run makes of it, and the way back."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.groundcrew.fleet.tests.crash.machine import CHECKOUT, Machine, sudo

INVENTORY = ("-i", "molecule/shared/inventory", "-i", "tests/patch_kill/hosts.yml")
SSH_CONFIG = CHECKOUT / ".cache/lab/lab-patch_kill/ssh_config"
HERE = "ansible_collections/groundcrew/fleet/tests/patch_kill"
WITHIN_S = 180
SHOWN = 6000
# How long a run may outlive its controller in the lock of a rollout.
TTL_S = 15

DPKG, APT, BOTH, SCRIPT, MODULE = "dpkg", "apt-get", "both", "script", "module"
ORPHAN, TWICE = "orphan", "twice"
CONTROLLER, ROLLOUT, LOCK, REBOOT, POWER = "controller", "rollout", "lock", "reboot", "power"
# What is killed on the host itself; dpkg first, so that it does not live to tell apt-get.
VICTIMS = {
    DPKG: "dpkg",
    APT: "apt-get",
    BOTH: "dpkg,apt-get",
    SCRIPT: "script",
    ORPHAN: "dpkg,apt-get,module",
    TWICE: "dpkg,apt-get,module",
    MODULE: "module",
}
# The apt of Debian 13 has logind refuse a reboot meanwhile; systemd itself does not ask.
HALTS = {
    REBOOT: [["exec", "{}", "systemctl", "start", "reboot.target", "--job-mode=replace-irreversibly", "--no-block"]],
    POWER: [["kill", "{}"], ["start", "{}"]],
}


class Case(NamedTuple):
    """On which host, what is killed, at which moment (see host/strike.py), and how many seconds after it."""

    host: str
    kind: str
    at: str
    then: float = 0.0

    def __str__(self) -> str:
        return f"{self.kind} at {self.at}+{self.then:.2f} on {self.host}"


class Story(NamedTuple):
    """What happened: the blow, the first run's result, the host then, the second's, the host after it and after the way back.

    `between` is empty where what was begun still goes on by itself.
    """

    case: Case
    struck: Mapping[str, Any]
    lock: str
    first: Mapping[str, Any]
    between: Mapping[str, Any]
    second: Mapping[str, Any]
    after: Mapping[str, Any]
    back: Mapping[str, Any]
    seconds: tuple[float, float]


class Normal(NamedTuple):
    """An undisturbed update: the plan, the host before it, after it and after the way back; dpkg's log has so many lines more."""

    plan: Sequence[Mapping[str, Any]]
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    back: Mapping[str, Any]
    lines: int


def machine(host: str) -> Machine:
    return Machine(f"patch_kill-{host}")


def on_host(host: str, program: str, *arguments: str) -> list[str]:
    """Return the command that runs a program of the folder `host` there."""
    settings = ["--env", "PYTHONPATH=/opt/kill", "--env", "PYTHONDONTWRITEBYTECODE=1"]
    words = ["/usr/bin/python3", "-m", f"{HERE}/host/{program}".replace("/", "."), *arguments]
    return [*sudo(), "podman", "exec", *settings, machine(host).name, *words]


def look(host: str) -> dict[str, Any]:
    """Return all that an update may leave wrong."""
    done = subprocess.run(on_host(host, "look"), capture_output=True, text=True, check=False, timeout=WITHIN_S)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def set_pace(host: str, *, quick: bool) -> None:
    """Let the scripts take their time, or not."""
    machine(host).run(*(["touch"] if quick else ["rm", "-f"]), "/srv/quick")


class Call:
    """One run of Ansible, in a process group of its own; the process is to be waited for or killed."""

    def __init__(self, argv: Sequence[str], host: str) -> None:
        self._host, self._began = host, time.monotonic()
        # A pipe would be kept open by the connection that outlives us.
        self._out = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it is read when the process has ended
        # A host that has just come up may let ssh wait, on a machine that is busy.
        settings = {
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_TIMEOUT": "60",
        }
        self._process = subprocess.Popen(
            argv,
            cwd=CHECKOUT,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)

    def result(self) -> dict[str, Any]:
        """Wait for its end; return the last result for the host, with `rc` and `took`."""
        rc = self._process.wait(WITHIN_S)
        self._out.seek(0)
        said = self._out.read()
        self._out.close()
        told: dict[str, Any] = {}
        with contextlib.suppress(ValueError):
            for play in json.loads(said[said.index("{") :])["plays"]:
                for task in play["tasks"]:
                    told = task["hosts"].get(self._host, told)
        return {"said": said[-SHOWN:], **told, "rc": rc, "took": round(time.monotonic() - self._began, 1)}


def module(host: str, name: str, options: Mapping[str, Any]) -> Call:
    """Start a module of ours on the host."""
    argv = ["ansible", host, "--become", *INVENTORY, "--module-name", f"groundcrew.fleet.{name}"]
    return Call([*argv, "--args", json.dumps(options)], host)


def rollout(host: str, records: Path) -> Call:
    """Start the whole playbook for the one host; the same call resumes it."""
    settings = {
        "rollout_target": host,
        "rollout_drain": False,
        "rollout_lock_ttl_s": TTL_S,
        "rollout_state_dir": str(records / host),
    }
    return Call(["ansible-playbook", *INVENTORY, "playbooks/patch.yml", "-e", json.dumps(settings)], host)


def update(host: str, plan: Sequence[Mapping[str, Any]], run_id: str, attempt: int = 1) -> Call:
    """Start an update by the plan."""
    return module(host, "package_updates", {"plan": list(plan), "run_id": run_id, "run_attempt": attempt})


def measure(host: str) -> Normal:
    """Update without disturbance, and go back."""
    old = look(host)
    plan = module(host, "package_updates_info", {"cache_valid_time_s": 0}).result()
    assert plan.get("plan"), plan["said"]
    before = int(machine(host).run("sh", "-c", "wc -l </var/log/dpkg.log"))
    done = update(host, plan["plan"], "normal").result()
    assert done["rc"] == 0, done["said"]
    lines = int(machine(host).run("sh", "-c", "wc -l </var/log/dpkg.log")) - before
    new = look(host)
    return Normal(plan["plan"], old, new, take_back(host, new["runs"]), lines)


def take_back(host: str, runs: Sequence[str]) -> dict[str, Any]:
    """Undo these runs, the last one first; return the host after it."""
    for run in reversed(runs):
        done = module(host, "package_updates", {"state": "undone", "undo": run}).result()
        assert done["rc"] == 0, (run, done["said"])
    return look(host)


def play(case: Case, normal: Normal, number: int, records: Path) -> Story:
    """Play the case. Raise AssertionError where the moment does not come, or the way back does not end well."""
    host, run_id = case.host, f"kill-{number}"
    machine(host).run("sh", "-c", "rm -f /srv/quick; : >/srv/marks; cp /var/lib/groundcrew/ledger.jsonl /srv/ledger")
    blow = Blow(host, case.at, case.then, VICTIMS.get(case.kind, ""))
    is_rollout = case.kind in (ROLLOUT, LOCK)
    call = rollout(host, records) if is_rollout else update(host, normal.plan, run_id)
    struck = blow.told(call)
    _hit(case, call)
    set_pace(host, quick=True)
    lock = machine(host).run("groundcrew", "lock").strip()
    first = call.result()
    between = look(host) if case.kind in (DPKG, APT, BOTH, SCRIPT) else {}
    if case.kind == TWICE:
        struck["killed"] += _again(host, update(host, normal.plan, run_id, 2))
    # Another run may not take over from it, and has to wait for the end of its lock.
    again = rollout(host, records) if case.kind == ROLLOUT else update(host, normal.plan, run_id, 3)
    second = again.result()
    after = look(host)
    took = (first["took"], second["took"])
    return Story(case, struck, lock, first, between, second, after, take_back(host, after["runs"]), took)


class Blow:
    """The program on the host that waits for the moment, and kills."""

    def __init__(self, host: str, at: str, then: float, kinds: str) -> None:
        self._host = host
        argv = on_host(host, "strike", "--at", at, "--then", str(then), "--kill", kinds)
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self._process.stdout
        assert self._process.stdout.readline() == "ready\n"

    def told(self, call: Call) -> dict[str, Any]:
        """Return what was going on; raise AssertionError with the result of the call that ended before."""
        _out, errors = self._process.communicate(timeout=WITHIN_S)
        if self._process.returncode:
            missed = call.result()
            raise AssertionError(f"{errors.strip()}: {missed.get('msg') or missed['said']}")
        told: dict[str, Any] = json.loads(machine(self._host).run("cat", "/srv/struck"))
        return told


def _again(host: str, call: Call) -> list[Any]:
    """Kill the run that recovers, in its turn; return what was killed."""
    killed: list[Any] = Blow(host, "lines:2", 0, VICTIMS[MODULE]).told(call)["killed"]
    call.result()
    return killed


def _hit(case: Case, call: Call) -> None:
    """Do what the controller's side has to do."""
    if case.kind in (CONTROLLER, ROLLOUT, LOCK):
        call.kill()
    if case.kind in HALTS:
        began = _first_process(case.host)
        for words in HALTS[case.kind]:
            # The command ends with its container, in whichever way.
            subprocess.run(
                [*sudo(), "podman", *(word.format(machine(case.host).name) for word in words)],
                check=False,
                capture_output=True,
            )
        _wait_for_boot(case.host, began)
        # The controller would notice it in a quarter of a minute by itself.
        subprocess.run(["ssh", "-F", str(SSH_CONFIG), "-O", "exit", case.host], check=False, capture_output=True)


def _first_process(host: str) -> str:
    """When the host's first process began, in ticks since this machine's boot."""
    return machine(host).run("cut", "-d", " ", "-f", "22", "/proc/1/stat")


def _wait_for_boot(host: str, began: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(AssertionError):
            if _first_process(host) != began:
                machine(host).run("timeout", "60", "sh", "-c", "until systemctl -q is-active ssh; do sleep 0.2; done")
                return
        assert time.monotonic() < deadline, f"{host} did not come back"
        time.sleep(0.2)
