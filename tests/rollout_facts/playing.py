"""Runs real playbooks, with the ansible-core of the Python that runs pytest, on hosts that are this machine.

Each host has a /var/lib of its own (a mount namespace around its Python), so locks and ledgers are real and apart.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import time
from typing import Any, NamedTuple

HERE = pathlib.Path(__file__).parent
CHECKOUT = HERE.parents[1]
ANSIBLE_PLAYBOOK = pathlib.Path(sys.executable).parent / "ansible-playbook"
# On a busy machine a play takes many times its two seconds.
PATIENCE_S = 240
PYTHON = """#!/bin/sh
exec unshare --map-root-user --mount sh -c 'mount --bind "$0" /var/lib && exec "{python}" "$@"' "{home}" "$@"
"""


class Outcome(NamedTuple):
    """How a playbook ended: status, all output, what the notes say (host what), and the run's report."""

    status: int
    output: str
    notes: list[str]
    report: dict[str, Any]

    def states(self) -> dict[str, str]:
        return {host["host"]: host["state"] for host in self.report["hosts"]}

    def balancers(self) -> dict[str, str]:
        return {host["host"]: host["load_balancer"] for host in self.report["hosts"]}

    def noted(self, what: str) -> list[str]:
        return [note.split()[0] for note in self.notes if note.split()[1] == what]


class Fleet:
    """A few hosts, a directory for all they write, and the playbooks that are run on them."""

    def __init__(self, base: pathlib.Path, collections: pathlib.Path) -> None:
        self.base = base
        self.state = base / "state"
        self.notes = base / "notes"
        (base / "ansible.cfg").touch()
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")},
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_ROLES_PATH": str(HERE / "roles"),
            "ANSIBLE_ACTION_PLUGINS": str(HERE / "action_plugins"),
            "ANSIBLE_CONFIG": str(base / "ansible.cfg"),
            "ANSIBLE_LOCAL_TEMP": str(base / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "GROUNDCREW_STATE": str(self.state),
            "NOTES": str(self.notes),
        }

    def hosts(
        self, *names: str, dead: tuple[str, ...] = (), monitors: tuple[str, ...] = (), **variables: dict[str, Any]
    ) -> Fleet:
        """Make an inventory of these hosts; nobody answers for the `dead` ones. `variables` are those of a host."""
        told = {
            name: {**(self._dead() if name in dead else self._alive(name)), **variables.get(name, {})}
            for name in (*names, *monitors)
        }
        groups = {"app": names, "monitors": monitors}
        inventory = {group: {"hosts": {name: told[name] for name in members}} for group, members in groups.items()}
        (self.base / "hosts.json").write_text(json.dumps(inventory))
        return self

    def _alive(self, name: str) -> dict[str, Any]:
        home = self.home(name)
        home.mkdir(parents=True, exist_ok=True)
        python = self.base / f"python-{name}"
        python.write_text(PYTHON.format(python=sys.executable, home=home))
        python.chmod(0o755)
        return {"ansible_connection": "local", "ansible_python_interpreter": str(python), "ansible_become": False}

    def _dead(self) -> dict[str, Any]:
        return {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_become": False}

    def home(self, name: str) -> pathlib.Path:
        """What the host sees as /var/lib."""
        return self.base / "var" / name

    def lock(self, name: str) -> pathlib.Path:
        return self.home(name) / "groundcrew" / "lock"

    def rollout(self, *words: str, **variables: Any) -> Outcome:
        """Run the skeleton with the test role to its end."""
        return self.end_of(self.start(*words, **variables))

    def start(self, *words: str, **variables: Any) -> subprocess.Popen[str]:
        """Start the skeleton and return at once."""
        told = {
            "rollout_target": "app",
            "rollout_role": "app",
            "rollout_balancer": "balancer",
            "rollout_name": "trial",
            **variables,
        }
        return self._popen(str(CHECKOUT / "playbooks" / "rollout.yml"), "-e", json.dumps(told), *words)

    def play(self, text: str, *words: str) -> Outcome:
        """Run a playbook given as text."""
        path = self.base / "play.yml"
        path.write_text(text)
        return self.end_of(self._popen(str(path), *words))

    def _popen(self, *words: str) -> subprocess.Popen[str]:
        argv = [str(ANSIBLE_PLAYBOOK), "-i", str(self.base / "hosts.json"), *words]
        return subprocess.Popen(
            argv,
            cwd=self.base,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end_of(self, process: subprocess.Popen[str]) -> Outcome:
        """Wait until a playbook that was started has ended."""
        with process:
            try:
                output, _errors = process.communicate(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        reports = sorted(self.state.glob("*/*.json"), key=os.path.getmtime)
        report = json.loads(reports[-1].read_text()) if reports else {}
        return Outcome(process.returncode, output, self.read_notes(), report)

    def read_notes(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    def wait_a_little(self) -> None:
        time.sleep(0.5)

    def wait_for_note(self, note: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while note not in self.read_notes():
            assert time.monotonic() < deadline, f"{note!r} never happened: {self.read_notes()}"
            time.sleep(0.05)
