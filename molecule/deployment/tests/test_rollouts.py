"""playbooks/deploy.yml is killed, is started twice, and loses a host in the middle: each host runs one whole version all the time."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PROJECT, SCENARIO = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
LAB = f"{PROJECT}/.cache/lab/lab-deployment"
INVENTORIES = [f"--inventory={PROJECT}/molecule/shared/inventory", f"--inventory={SCENARIO}/hosts.yml"]
# A host stays in the middle of its switch until a test lets it go on.
HOOKS = {"before": [{"argv": ["/bin/sh", "-c", "until [ -e /run/go ]; do sleep 0.1; done"], "timeout_s": 90}]}
HOOK = "groundcrew-shop-2.0.0-before-0.service"
VERSION = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/version').read().decode())"


def deploy(version: str, **more: object) -> list[str]:
    given = {
        "deployment_version": version,
        "rollout_target": "all",
        "rollout_waves": "1",
        "rollout_state_dir": f"{LAB}/state",
        **more,
    }
    return ["ansible-playbook", *INVENTORIES, "-e", json.dumps(given), f"{PROJECT}/playbooks/deploy.yml"]


def play(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def on(host: str, *command: str) -> subprocess.CompletedProcess[str]:
    # A connection of its own each time: the host may have had another life meanwhile.
    return play(["ssh", "-F", f"{LAB}/ssh_config", "-o", "ControlPath=none", host, " ".join(command)])


def running() -> dict[str, str]:
    """The version that answers on each host."""
    return {host: on(host, "python3", "-c", f'"{VERSION}"').stdout.strip() for host in ("old", "new")}


def until(is_so: Callable[[], bool], within_s: float = 120) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def in_its_hook(host: str) -> bool:
    return on(host, "systemctl", "is-active", HOOK).stdout.strip() == "active"


def family(pid: int) -> list[int]:
    """A process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


class Story(NamedTuple):
    second: subprocess.CompletedProcess[str]
    after_kill: dict[str, str]
    with_loss: subprocess.CompletedProcess[str]
    after_loss: dict[str, str]
    resumed: subprocess.CompletedProcess[str]
    at_last: dict[str, str]


class Begun:
    """A deploy that goes on by itself, and writes what it says to a file."""

    def __init__(self, command: list[str], path: Path) -> None:
        self.path = path
        with path.open("w") as said:
            self.process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)

    def kill(self) -> None:
        """As when the controller dies: all of its processes at once."""
        if self.process.poll() is None:
            for pid in family(self.process.pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end, and return how it was."""
        return subprocess.CompletedProcess([], self.process.wait(timeout=180), self.path.read_text(), "")


@pytest.fixture(scope="module")
def begin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[list[str]], Begun]]:
    """Begins a deploy, of which nothing is left after the tests."""
    where = tmp_path_factory.mktemp("deploys")
    begun: list[Begun] = []

    def begins(command: list[str]) -> Begun:
        begun.append(Begun(command, where / str(len(begun))))
        return begun[-1]

    yield begins
    for one in begun:
        one.kill()


@pytest.fixture(scope="module")
def story(begin: Callable[[list[str]], Begun]) -> Iterator[Story]:
    """A deploy meets a second one and is killed in its first wave; its next attempt loses the other host in the second wave."""
    first = begin(deploy("2.0.0", deployment_hooks=HOOKS))
    until(lambda: in_its_hook("old"))
    second = play(deploy("3.0.0"))
    first.kill()
    after_kill = running()

    on("old", "sudo", "touch", "/run/go")
    again = begin(deploy("2.0.0", deployment_hooks=HOOKS))
    until(lambda: in_its_hook("new"))
    # As when the power fails: nothing on the host ends in order.
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    play([*sudo, "podman", "exec", "deployment-new", "pkill", "-KILL", "sshd"])
    play([*sudo, "podman", "kill", "deployment-new"])
    with_loss = again.end()
    play([*sudo, "podman", "start", "deployment-new"])
    until(lambda: on("new", "systemctl", "is-active", "shop").stdout.strip() == "active")
    after_loss = running()

    on("new", "sudo", "touch", "/run/go")
    run = re.search(r"rollout_resume=(\S+)", with_loss.stdout)
    resumed = play(deploy("2.0.0", deployment_hooks=HOOKS, rollout_resume=run.group(1) if run else "auto"))
    yield Story(second, after_kill, with_loss, after_loss, resumed, running())
    play(["ansible-playbook", *INVENTORIES, f"{SCENARIO}/converge.yml"])


def test_a_second_deploy_is_refused_with_the_name_of_the_first(story: Story) -> None:
    assert story.second.returncode != 0
    assert re.search(r"\d{8}T\d{4}-deploy-\w{4}", story.second.stdout), story.second.stdout


def test_a_deploy_that_was_killed_leaves_the_version_before_serving(story: Story) -> None:
    assert story.after_kill == {"old": "1.0.0", "new": "1.0.0"}


def test_the_same_command_goes_on_where_it_was_killed(story: Story) -> None:
    assert "attempt 2" in story.with_loss.stdout, story.with_loss.stdout
    assert story.after_loss["old"] == "2.0.0"


def test_a_host_that_is_lost_in_the_middle_of_its_wave_serves_the_version_before_once_it_is_back(story: Story) -> None:
    assert story.with_loss.returncode != 0
    assert re.search(r"new +2 +lost", story.with_loss.stdout), story.with_loss.stdout
    assert story.after_loss["new"] == "1.0.0"


def test_resumed_it_comes_to_its_end(story: Story) -> None:
    assert story.resumed.returncode == 0, story.resumed.stdout
    assert story.at_last == {"old": "2.0.0", "new": "2.0.0"}
