"""A run that is killed while its host is down: the next one finds out how the reboot ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from testinfra.host import Host

testinfra_hosts = ["ssh://old"]
SSH = [
    "ssh",
    "-F",
    f"{os.environ['MOLECULE_PROJECT_DIRECTORY']}/.cache/lab/lab-rebooting/ssh_config",
    "-o",
    "ControlPath=none",
    "old",
]


def answers() -> bool:
    return subprocess.run([*SSH, "true"], capture_output=True, check=False, timeout=20).returncode == 0


def until(*, answering: bool) -> None:
    deadline = time.monotonic() + 60
    while answers() != answering:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def family(pid: int) -> list[int]:
    """A process and all below it: Ansible's workers live on, and would see the reboot to its end, when only their parent dies."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        children = []
    return [pid, *(one for child in children for one in family(int(child)))]


def test_the_next_run_settles_the_reboot_and_does_not_reboot_again(host: Host, ledger: Any, command: Any) -> None:
    before = len(ledger())
    run = subprocess.Popen(command("again.yml", "old"), stdout=subprocess.DEVNULL)
    until(answering=False)
    for pid in family(run.pid):
        # Each look at the host is a process that may just have ended.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    run.wait()
    until(answering=True)
    assert [line["result"] for line in ledger()[before:]] == ["begun"]
    since = host.check_output("cut -d ' ' -f 22 /proc/1/stat")

    settled = subprocess.run(command("converge.yml", "old"), capture_output=True, text=True, check=False)

    assert settled.returncode == 0, settled.stdout
    ended = ledger()[-1]
    assert (ended["what"], ended["result"], ended["made_up"], ended["away_s"]) == ("rebooted", "done", True, None)
    assert ended["why"] == "The test asks for it"
    assert host.check_output("cut -d ' ' -f 22 /proc/1/stat") == since
    assert host.service("slow").is_running
