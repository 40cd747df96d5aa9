"""What the tests of the site's roles share. A play costs seconds, so plays are run once a host and judged by many tests."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.molecule.shared.calls import INVENTORIES, SCENARIO, name_of
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

    def play(role: str, tasks_from: str = "main", **variables: Any) -> subprocess.CompletedProcess[str]:
        given = json.dumps({"role": role, "tasks_from": tasks_from, **variables})
        words = [f"--limit={name_of(host)}", "-e", given, f"{SCENARIO}/role.yml"]
        return subprocess.run(
            ["ansible-playbook", "-vvv", "--diff", *INVENTORIES, *words],
            capture_output=True,
            text=True,
            check=False,
        )

    return play
