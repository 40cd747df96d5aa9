"""Prometheus and Alertmanager as their users ask them, the pages that they send, and plays on a fleet that may have lost a host."""

from __future__ import annotations

import base64
import json
import os
import re
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from ansible_collections.groundcrew.fleet.molecule.shared.calls import INVENTORIES, PROJECT, SCENARIO
from ansible_collections.groundcrew.fleet.tests.fleet.hosts import changes

STATE = Path(PROJECT, ".cache/lab/lab-monitoring")
WATCHING = {"mon1": "10.89.170.20", "mon2": "10.89.170.21"}
APPS = {"app1": "10.89.170.12", "app2": "10.89.170.13"}
HOSTS = {"lb1": "10.89.170.10", **APPS, **WATCHING}
PROMETHEUS, ALERTMANAGER = 9090, 9093
PASSWORD = "zq-planted-password"
# As hosts of the lab reach this machine.
RECEIVER = ("10.89.170.1", 18170)


class Answer(NamedTuple):
    status: int
    body: str


class Played(NamedTuple):
    rc: int
    said: str
    changed: dict[str, int]


def ask(host: str, port: int, path: str, *, password: str = PASSWORD, body: object = None) -> Answer:
    """Ask a server on a host by TLS, and verify who it is; without a password it is asked without one."""
    request = urllib.request.Request(
        f"https://{HOSTS[host]}:{port}{path}", None if body is None else json.dumps(body).encode()
    )
    request.add_header("Content-Type", "application/json")
    if password:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"prometheus:{password}".encode()).decode())
    trusted = ssl.create_default_context(cafile=str(STATE / "certificates/ca.crt"))
    try:
        with urllib.request.urlopen(request, timeout=5, context=trusted) as answer:
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode())


def api(host: str, path: str) -> Any:
    """The data of an answer of Prometheus' API."""
    answer = ask(host, PROMETHEUS, f"/api/v1/{path}")
    assert answer.status == 200, answer.body
    return json.loads(answer.body)["data"]


def health(host: str) -> dict[tuple[str, str], str]:
    """How each target is, by its job and its address or URL, as one Prometheus sees it."""
    targets = api(host, "targets?state=active")["activeTargets"]
    return {(one["labels"]["job"], one["labels"]["instance"]): one["health"] for one in targets}


def series(host: str, query: str) -> dict[str, float]:
    """The value of each series of a query, by the label host."""
    found = api(host, f"query?{urllib.parse.urlencode({'query': query})}")["result"]
    return {one["metric"].get("host", ""): float(one["value"][1]) for one in found}


def within(seconds: float, claim: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


@contextmanager
def looking(look: Callable[[], Iterable[Any]]) -> Iterator[list[Any]]:
    """Look ten times a second, and list what is seen."""
    seen: list[Any] = []
    stop = threading.Event()

    def keep_looking() -> None:
        while not stop.wait(0.1):
            seen.extend(look())

    thread = threading.Thread(target=keep_looking)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def unanswered(host: str) -> Iterator[str]:
    """Ask both servers of a host, and yield what gave no answer."""
    for port in (PROMETHEUS, ALERTMANAGER):
        try:
            status = str(ask(host, port, "/-/ready").status)
        except OSError as error:
            status = str(error)
        if status != "200":
            yield f"port {port}: {status}"


class Told(NamedTuple):
    """One message: when it came, to whom, and what it says; an alert, or what the dead man's switch says."""

    came: float
    whom: str
    says: dict[str, Any]

    def fits(self, name: str, host: str, status: str) -> bool:
        labels = self.says.get("labels", {})
        return (labels.get("alertname"), labels.get("host"), self.says["status"]) == (name, host, status)


class Pages(ThreadingHTTPServer):
    """The receiver that pages go to, at a path for each person."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(RECEIVER, _Receiver)
        self.told: list[Told] = []

    def firing(self, since: float, name: str, host: str) -> list[Told]:
        return [one for one in list(self.told) if one.came >= since and one.fits(name, host, "firing")]

    def wait(
        self, moment: float, name: str, host: str, status: str = "firing", *, whom: str = "", at_most_s: float = 30
    ) -> float:
        """Seconds from `moment` to the first alert of that name, host and status after it; AssertionError where none comes."""
        while time.monotonic() < moment + at_most_s:
            for one in list(self.told):
                if one.came >= moment and one.fits(name, host, status) and whom in ("", one.whom):
                    return one.came - moment
            time.sleep(0.05)
        raise AssertionError(
            f"no {status} {name} of {host} for {whom or 'anybody'} within {at_most_s:g} s, only {self.told[-3:]}"
        )


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        came, whom = time.monotonic(), urllib.parse.urlsplit(self.path).path.strip("/")
        assert isinstance(self.server, Pages)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.told += [Told(came, whom, one) for one in body.get("alerts", [body])]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@contextmanager
def receiver() -> Iterator[Pages]:
    with Pages() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def play(*words: str, playbook: str = "monitor", inventories: Sequence[str] = (), **variables: Any) -> Played:
    """Play one of the collection's playbooks on the scenario's hosts; the outcome is the test's to judge."""
    argv = [
        "ansible-playbook",
        "--diff",
        *(inventories or INVENTORIES),
        f"--extra-vars={json.dumps(variables)}",
        *words,
    ]
    plain = {**os.environ, "ANSIBLE_FORCE_COLOR": "false", "ANSIBLE_NOCOLOR": "true"}
    done = subprocess.run(
        [*argv, f"{PROJECT}/playbooks/{playbook}.yml"], env=plain, capture_output=True, text=True, check=False
    )
    return Played(done.returncode, done.stdout + done.stderr, changes(done.stdout))


def without(host: str) -> list[str]:
    """The inventories of the same fleet, in which a host is no more."""
    fleet = yaml.safe_load(Path(SCENARIO, "hosts.yml").read_text(encoding="utf-8"))
    for group in fleet["all"]["children"].values():
        group["hosts"].pop(host, None)
    return _inventories(yaml.safe_dump(fleet))


def with_other_secrets() -> tuple[list[str], list[str]]:
    """The inventories of the same fleet in which each planted secret is another one, and these."""
    text = Path(SCENARIO, "hosts.yml").read_text(encoding="utf-8")
    planted = sorted(set(re.findall(r"zq-planted-\w+", text)))
    return _inventories(text.replace("zq-planted-", "zq-replanted-")), [
        one.replace("planted", "replanted") for one in planted
    ]


def _inventories(hosts: str) -> list[str]:
    # A set of hosts is named after its directory, and lies two levels below the checkout.
    other = Path(PROJECT, ".cache/monitoring/hosts.yml")
    other.parent.mkdir(exist_ok=True)
    other.write_text(hosts, encoding="utf-8")
    return [INVENTORIES[0], f"--inventory={other}"]


def on(host: str, *argv: str) -> str:
    """The output of a command that root runs on a host."""
    ssh = ["ssh", "-F", str(STATE / "ssh_config"), host, "sudo", *argv]
    return subprocess.run(ssh, capture_output=True, text=True, check=True, timeout=60).stdout
