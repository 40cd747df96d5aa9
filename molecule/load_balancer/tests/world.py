"""Both load balancers, asked from outside as clients do and from inside as root, and plays on them."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from testinfra.host import Host

ADDRESSES = {"lb1": "10.89.168.12", "lb2": "10.89.168.13"}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str

    @property
    def server(self) -> str:
        """The app that answered."""
        return self.headers.get("server", "")


class Balancer(NamedTuple):
    """One load balancer."""

    name: str
    address: str
    host: Host

    def ask(self, port: int, path: str = "/", *, tls: bool = False, cookie: str = "") -> Answer:
        """Ask it as a client does."""
        return ask(self.address, port, path, tls=tls, cookie=cookie)

    def tell(self, order: str) -> str:
        """Give HAProxy an order, and return what it says."""
        return str(self.host.check_output(f"echo '{order}' | socat - /run/haproxy/admin.sock"))

    def servers(self, backend: str) -> dict[str, str]:
        """Each server of the backend with what HAProxy makes of it."""
        rows = [line.split(",") for line in self.tell("show stat -1 4 -1").splitlines()]
        return {row[1]: row[17] for row in rows if row[0] == backend}

    def journal(self) -> list[str]:
        """What HAProxy has said in the journal."""
        return str(self.host.check_output("journalctl --no-pager --output cat --unit haproxy")).splitlines()


def ask(address: str, port: int, path: str = "/", *, tls: bool = False, cookie: str = "") -> Answer:
    """Ask once, on a connection of its own."""
    connection = http.client.HTTPConnection(address, port, timeout=5)
    if tls:
        connection = http.client.HTTPSConnection(address, port, timeout=5, context=context())
    try:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read().decode())
    finally:
        connection.close()


def context() -> ssl.SSLContext:
    """For a client that takes the scenario's own certificate."""
    made = ssl.create_default_context()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def until(claim: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether the claim comes true in time."""
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def ansible(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's programs on the scenario's inventory. The outcome is the test's to judge."""
    project, scenario = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
    inventories = [f"--inventory={project}/molecule/shared/inventory", f"--inventory={scenario}/hosts.yml"]
    return subprocess.run(
        [program, *inventories, *arguments],
        cwd=scenario,
        env={**os.environ, "ANSIBLE_FORCE_COLOR": "false", "ANSIBLE_NOCOLOR": "true"},
        capture_output=True,
        text=True,
        check=False,
    )


class Played(NamedTuple):
    rc: int
    said: str
    changed: dict[str, int]

    @property
    def why(self) -> str:
        """The last failure, in its own words."""
        return self.said.rpartition("fatal: ")[2][:3000]


def play(name: str, **variables: Any) -> Played:
    """Run a playbook of the scenario, as talkative as can be, and tell how much changed on each host."""
    run = ansible("ansible-playbook", "-vvv", "--diff", "--extra-vars", json.dumps(variables), f"{name}.yml")
    recap = [line for line in run.stdout.partition("PLAY RECAP")[2].splitlines() if "changed=" in line]
    changed = {line.split()[0]: int(line.partition("changed=")[2].split()[0]) for line in recap}
    return Played(run.returncode, run.stdout + run.stderr, changed)


def module(host: str, name: str, **arguments: Any) -> dict[str, Any]:
    """Return what a module says on one host."""
    run = ansible("ansible", host, "--become", f"--module-name={name}", f"--args={json.dumps(arguments)}")
    assert run.returncode == 0, run.stdout + run.stderr
    return dict(json.loads(run.stdout.partition("=>")[2]))
