"""One change that cuts us off, on a real host over real SSH."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.groundcrew.fleet.tests.crash.machine import CHECKOUT, Machine

INVENTORY = ("-i", "molecule/shared/inventory", "-i", "tests/lockout/hosts.yml")
SSH_CONFIG = CHECKOUT / ".cache/lab/lab-lockout/ssh_config"
ALONE = ("-o", "ControlPath=none", "-o", "ControlMaster=no", "-o", "BatchMode=yes", "-o", "ConnectTimeout=3")
# Seconds that a change has to be proven, and beyond which a host has to be back: its undo reloads and restarts services.
PROOF_S, BACK_S = 16, 20
# Everything that decides who comes in. Our own recovery is installed by the first transaction, and stays; sudo keeps a log.
STATE = """
find /etc /usr/share/pam-configs /var/lib/pam -xdev -type f -not -name 'groundcrew-*.service' -exec sha256sum {} + | grep -v ld.so.cache | sort
sshd -T; nft list ruleset 2>/dev/null; stat -c '%n %a %u %g' /etc/ssh/sshd_config /etc/sudoers.d
"""


class Attempt(NamedTuple):
    """A call that has been started: the process, the host, and how the host was before."""

    process: subprocess.Popen[str]
    host: str
    before: str
    began: float

    def result(self) -> dict[str, Any]:
        """Wait for the end of the call; return the module's result."""
        out, err = self.process.communicate(timeout=180)
        assert out.startswith("{"), out + err
        told: dict[str, Any] = json.loads(out)["plays"][0]["tasks"][0]["hosts"][self.host]
        return told

    def until_there(self, path: str) -> None:
        """Wait until the change is on the host."""
        deadline = time.monotonic() + 60
        while machine(self.host).run("sh", "-c", f"test -e {path}; echo $?").strip() != "0":
            assert time.monotonic() < deadline, f"{path} never came to {self.host}"
            time.sleep(0.1)

    def kill(self) -> None:
        """End the controller's whole process group at once, as a crash does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=10)


def machine(host: str) -> Machine:
    return Machine(f"lockout-{host}")


def state(host: str) -> str:
    """Return all that decides who comes in, seen from the console."""
    return machine(host).run("sh", "-c", STATE)


def attempt(host: str, module: str, options: Mapping[str, Any]) -> Attempt:
    """Start a call of the module, which has PROOF_S seconds to be proven."""
    before = state(host)
    process = subprocess.Popen(
        [
            *("ansible", host, "--become", *INVENTORY, "--module-name", f"groundcrew.fleet.{module}"),
            *("--args", json.dumps({**options, "proof_within_s": PROOF_S})),
        ],
        cwd=CHECKOUT,
        env={**os.environ, "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1", "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return Attempt(process, host, before, time.monotonic())


def becomes_root(host: str) -> bool:
    """Tell whether a new login can become root."""
    done = subprocess.run(
        ["ssh", "-F", str(SSH_CONFIG), *ALONE, host, "sudo -n id -u"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout.strip() == "0"


def settled(host: str) -> str:
    """Return the state of a host once its undo has put itself away too: logins work a little earlier."""
    empty = 'until [ -z "$(ls -A /var/lib/groundcrew/journal)" ]; do sleep 0.2; done'
    machine(host).run("timeout", "30", "sh", "-c", empty)
    return state(host)


def wait_for_root(host: str, within_s: float) -> None:
    """Wait until a new login can become root; fail after `within_s`."""
    began = time.monotonic()
    while not becomes_root(host):
        assert time.monotonic() - began < within_s, f"{host} could not be reached for {within_s} s"
        time.sleep(0.5)
