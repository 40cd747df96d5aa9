"""What the tests on the lab share: the fleet as playbooks/site.yml leaves it, and ways to run Ansible against it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


class Played(NamedTuple):
    """How ansible-playbook ended and everything it said."""

    rc: int
    said: str


class Fleet:
    """The lab's hosts; `directory` takes the playbooks that tests write."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def play(self, playbook: str | Path, *arguments: str) -> Played:
        """Run a playbook of the collection, or of a test, with these arguments."""
        command = [BIN / "ansible-playbook", playbook, *arguments]
        env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=env,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return Played(done.returncode, done.stdout.decode(errors="replace"))

    def tasks(
        self,
        hosts: str,
        tasks: Sequence[Mapping[str, Any]],
        *arguments: str,
        variables: Mapping[str, Any] | None = None,
    ) -> Played:
        """Run these tasks as root on the hosts."""
        play = {
            "hosts": hosts,
            "gather_facts": False,
            "become": True,
            "vars": dict(variables or {}),
            "tasks": list(tasks),
        }
        playbook = self._directory / "playbook.yml"
        playbook.write_text(yaml.safe_dump([play], sort_keys=False))
        return self.play(playbook, *arguments)


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """The lab, brought up where it is down, with everything that playbooks/site.yml puts on it."""
    lab = Fleet(tmp_path_factory.mktemp("playbooks"))
    for playbook in ("playbooks/lab.yml", "playbooks/site.yml"):
        played = lab.play(playbook)
        assert played.rc == 0, played.said
    return lab
