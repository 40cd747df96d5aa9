"""Ansible on a scenario's hosts from within its tests: playbooks and single modules."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from testinfra.host import Host

PROJECT, SCENARIO = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
INVENTORIES = [f"--inventory={PROJECT}/molecule/shared/inventory", f"--inventory={SCENARIO}/hosts.yml"]

Answers = Mapping[str, Mapping[str, dict[str, Any]]]


def name_of(host: Host) -> str:
    return str(host.backend.get_pytest_id()).removeprefix("ssh://")


def ansible(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ansible or ansible-playbook on the scenario's hosts; its output is JSON. The outcome is the test's to judge."""
    return subprocess.run(
        [program, *INVENTORIES, *words],
        env={**os.environ, "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1", "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
        capture_output=True,
        text=True,
        check=False,
    )


def call(host: Host, module: str, options: Mapping[str, Any], *flags: str) -> dict[str, Any]:
    """Call a module of the collection on the host from the outside; return its result."""
    named = ["--module-name", f"groundcrew.fleet.{module}", "--args", json.dumps(dict(options))]
    done = ansible("ansible", name_of(host), "--become", *flags, *named)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    result: dict[str, Any] = json.loads(done.stdout)["plays"][0]["tasks"][0]["hosts"][name_of(host)]
    return result


def rehearsed(host: Host, module: str, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Call a module of the collection in check mode, for real and once more, in one run; return all three results."""
    task = {f"groundcrew.fleet.{module}": dict(options), "ignore_errors": True}
    tasks = [{"name": f"turn {turn}", "check_mode": turn == 0, **task} for turn in range(3)]
    play = {"hosts": name_of(host), "gather_facts": False, "become": True, "tasks": tasks}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as playbook:
        json.dump([play], playbook)
        playbook.flush()
        done = ansible("ansible-playbook", playbook.name)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    return [task["hosts"][name_of(host)] for task in json.loads(done.stdout)["plays"][0]["tasks"]]


def play_on(host: Host, playbook: str) -> None:
    """Play one of the scenario's playbooks on the host, to a good end."""
    done = ansible("ansible-playbook", "--limit", name_of(host), f"{SCENARIO}/{playbook}")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def play() -> Callable[[str], Answers]:
    """Play one of the scenario's playbooks, once; return each task's result by the task's name, which is its own, and host."""
    played: dict[str, Answers | str] = {}

    def answers(name: str) -> Answers:
        if name not in played:
            played[name] = _played(name)
        found = played[name]
        assert not isinstance(found, str), found
        return found

    return answers


def _played(name: str) -> Answers | str:
    """Return the answers, or what failed."""
    done = ansible("ansible-playbook", f"{SCENARIO}/{name}")
    told = done.stdout[done.stdout.find("{") :]
    tasks = [task for one in json.loads(told)["plays"] for task in one["tasks"]] if told else []
    found = {task["task"]["name"]: task["hosts"] for task in tasks}
    if done.returncode == 0:
        return found
    failed = [
        f"{task} on {host}: {result['msg']}\n{result.get('stderr', '')}"
        for task, hosts in found.items()
        for host, result in hosts.items()
        if result.get("failed")
    ]
    return "\n".join(failed) or done.stdout + done.stderr
