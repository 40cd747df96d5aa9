"""What the tests of the site's roles share. A play costs seconds, so plays are run once a host and judged by many tests."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from testinfra.host import Host

Answer = tuple[int, str]
Play = Callable[..., "subprocess.CompletedProcess[str]"]

PROGRAM = """
import sys, urllib.error, urllib.request
try: answer = urllib.request.urlopen(sys.argv[1], timeout=5)
except urllib.error.HTTPError as error: answer = error
print(answer.status, answer.read().decode())
"""


@pytest.fixture(scope="module")
def get(host: Host) -> Callable[[str], Answer]:
    """Ask the host itself: a URL in, status and body out."""

    def ask(url: str) -> Answer:
        status, _space, body = host.check_output("python3 -c %s %s", PROGRAM, url).partition(" ")
        return int(status), body

    return ask


@pytest.fixture(scope="module")
def include_role(host: Host) -> Play:
    """Run one task file of a role on the host; variables by name. The outcome is the test's to judge."""
    project, scenario = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
    name = host.backend.get_pytest_id().removeprefix("ssh://")

    def play(role: str, tasks_from: str = "main", **variables: Any) -> subprocess.CompletedProcess[str]:
        inventories = [f"--inventory={project}/molecule/shared/inventory", f"--inventory={scenario}/hosts.yml"]
        given = ["-e", json.dumps({"role": role, "tasks_from": tasks_from, **variables})]
        return subprocess.run(
            ["ansible-playbook", "-vvv", "--diff", *inventories, f"--limit={name}", *given, f"{scenario}/role.yml"],
            capture_output=True,
            text=True,
            check=False,
        )

    return play
