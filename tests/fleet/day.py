"""The steps of the demo's day: each does one job of the team with the collection's playbooks and checks what it promised."""

from __future__ import annotations

import json
import os
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import hosts, packages
from .screen import Step
from .traffic import Traffic

LOAD_BALANCER = "lb1"
APP = {"app1": "10.89.77.11", "app2": "10.89.77.12", "app3": "10.89.77.13"}
PRODUCTION = (LOAD_BALANCER, *APP, "mon1")
SHOP = "http://127.0.0.1:18080/"
SHOP_PORT = 8000
CONFIG = "/etc/haproxy/haproxy.cfg"
ADDRESSES = (
    ("the shop, through the load balancer", SHOP),
    ("HAProxy's statistics", "http://127.0.0.1:18404/"),
    ("Prometheus", "http://127.0.0.1:19090/"),
    ("Alertmanager", "http://127.0.0.1:19093/"),
)
# What is promised of deploy and patch together.
MIN_REQUESTS = 10_000
MAX_P999_S = 1.0
MAX_EXECUTIONS = 10


class Fleet:
    """The lab's fleet, and what the day has measured on it so far."""

    def __init__(self, checkout: Path, *, rate: int) -> None:
        self.checkout = checkout
        self.cache = checkout / ".cache"
        self.rollouts = self.cache / "demo/rollouts"
        self.rate = rate
        self.traffic: dict[str, dict[str, Any]] = {}
        self.offered: dict[str, dict[str, str]] = {}
        self.executions: dict[str, int] = {}
        self._started = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._started

    def play(self, step: Step, playbook: str, *more: str, status: Sequence[int] = (0,)) -> str:
        """The output of a playbook of this checkout, run with the variables or options `more`."""
        argv = [str(self.checkout / ".venv/bin/ansible-playbook"), playbook, *more]
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "GROUNDCREW_STATE": str(self.rollouts)}
        return step.run(argv, cwd=self.checkout, env=environment, status=status)

    @contextmanager
    def load(self, step: Step, *, at_least: int = 0) -> Iterator[None]:
        """Requests flow while the body runs, and until `at_least` were sent; none of them may be lost."""
        record = self.cache / "demo" / f"traffic-{len(self.traffic) + 1}.jsonl"
        traffic = Traffic(SHOP, rate=self.rate, record=record)
        step.aside = traffic.progress
        try:
            with traffic.flowing(at_least=at_least):
                yield
        finally:
            seen = self.traffic[step.title] = traffic.summary
        step.expect(seen["lost"] == 0, f"{seen['lost']} of {seen['sent']} requests were lost: {seen['failures']}")
        step.remark = f"{seen['sent']:,} requests, 0 lost, slowest {seen['slowest_s'] * 1000:.0f} ms"


def release_on(host: str) -> str:
    """The release of the shop that `host` itself answers with."""
    with urllib.request.urlopen(f"http://{APP[host]}:{SHOP_PORT}/version", timeout=5) as answer:
        return str(json.load(answer)["version"])


def expect_release(step: Step, release: str) -> None:
    releases = {host: release_on(host) for host in APP}
    step.expect(set(releases.values()) == {release}, f"the shop should be at {release} everywhere, but is {releases}")


def bring_up(fleet: Fleet, step: Step) -> None:
    fleet.play(step, "playbooks/lab.yml", "-e", "lab_state=started")
    step.remark = ", ".join(hosts.running())


def take_down(fleet: Fleet, step: Step) -> None:
    fleet.play(step, "playbooks/lab.yml", "-e", "lab_state=absent")
    step.expect(not hosts.running(), f"still there: {hosts.running()}")


def release_locks(fleet: Fleet) -> None:
    """Forget rollouts of an earlier day that was broken off: the hosts that they hold, and which ones they had finished."""
    for host in hosts.running():
        if hosts.on(host, "find", "/var/lib", "-maxdepth", "2", "-path", "*/groundcrew/lock"):
            hosts.on(host, "groundcrew", "lock", "--release", "--reason", "a new day of the demo")
    shutil.rmtree(fleet.rollouts, ignore_errors=True)


def converge(fleet: Fleet, step: Step) -> None:
    release_locks(fleet)
    # On a lab that is up the shop may be at 2.0.0 from the day before, which site.yml alone would leave there.
    fleet.play(
        step,
        "playbooks/site.yml",
        "-e",
        "deployment_version=1.0.0",
        "-e",
        json.dumps({"deployment_change_version": True}),
    )
    expect_release(step, "1.0.0")
    step.remark = "the shop is at 1.0.0"


def offer_upgrades(fleet: Fleet, step: Step) -> None:
    seen = {host: packages.see(host) for host in hosts.running()}
    number = packages.next_number([version for host in seen.values() for version in host.versions.values()])
    one_of = {has.release: host for host, has in seen.items()}
    offers = {name: packages.offer(host, name, number, fleet.cache / "packages") for name, host in one_of.items()}
    fleet.offered = {host: offers[has.release].versions for host, has in seen.items()}
    for host, has in seen.items():
        step.doing = host
        hosts.unpack(host, offers[has.release].archive)
    step.remark = f"{', '.join(packages.PACKAGES)} as +gc{number} for {', '.join(sorted(offers))}"


def deploy(fleet: Fleet, step: Step) -> None:
    with fleet.load(step, at_least=MIN_REQUESTS // 2):
        fleet.play(step, "playbooks/deploy.yml", "-e", "deployment_version=2.0.0")
    expect_release(step, "2.0.0")


def patch(fleet: Fleet, step: Step) -> None:
    with fleet.load(step, at_least=MIN_REQUESTS // 2):
        fleet.play(step, "playbooks/patch.yml", "-e", "rollout_target=app:monitoring")
    for host in (*APP, "mon1"):
        have = packages.see(host).versions
        step.expect(have == fleet.offered[host], f"{host} should have {fleet.offered[host]}, but has {have}")
    for host in APP:
        step.expect(not stale(host), f"the shop on {host} still runs with the old libz")


def stale(host: str) -> bool:
    """Whether the shop on `host` maps a libz that was replaced on disk: it was not restarted after the upgrade."""
    pid = hosts.on(host, "systemctl", "show", "--property=MainPID", "--value", "shop.service").strip()
    maps = hosts.on(host, "cat", f"/proc/{pid}/maps").splitlines()
    return any("libz.so" in line and "(deleted)" in line for line in maps)


def state_of_haproxy() -> dict[str, str]:
    """What must not move when a configuration is refused: the process, when it was last reloaded, and the bytes on disk."""
    show = hosts.on(
        LOAD_BALANCER, "systemctl", "show", "haproxy.service", "--property=MainPID,ActiveState,StateChangeTimestamp"
    )
    facts = dict(line.split("=", 1) for line in show.splitlines())
    return {**facts, "sha256": hosts.on(LOAD_BALANCER, "sha256sum", CONFIG)}


def refuse(fleet: Fleet, step: Step) -> None:
    before = state_of_haproxy()
    with fleet.load(step):
        said = fleet.play(step, "tests/fleet/playbooks/break_config.yml", status=(2,))
    step.expect("defualt_backend" in said, "the refusal should quote what HAProxy has against the file")
    after = state_of_haproxy()
    step.expect(after == before, f"HAProxy should be untouched, but {before} became {after}")
    step.remark = "refused; same process, same bytes"


def take_back(fleet: Fleet, step: Step) -> None:
    with fleet.load(step):
        fleet.play(step, "playbooks/deploy.yml", "-e", "deployment_version=3.0.0", status=(2,))
    expect_release(step, "2.0.0")
    servers = fleet.traffic[step.title]["servers"]
    step.expect(not any("3.0.0" in server for server in servers), f"users saw the broken release: {servers}")


def again(fleet: Fleet, step: Step) -> None:
    since = {host: hosts.clock(host) for host in hosts.running()}
    output = fleet.play(step, "playbooks/site.yml", "--diff")
    counted = {host: hosts.executions(host, since[host]) for host in since}
    changed = {host: count for host, count in hosts.changes(output).items() if count}
    step.expect(not changed, f"nothing should change, but these tasks did: {changed}")
    step.expect(max(counted.values()) <= MAX_EXECUTIONS, f"more than {MAX_EXECUTIONS} executions on a host: {counted}")
    fleet.executions = counted
    step.remark = f"0 changed, at most {max(counted.values())} executions on a host"


def judge(fleet: Fleet, step: Step) -> None:
    judged = [fleet.traffic[title] for title, work in STEPS if work in (deploy, patch)]
    sent = sum(summary["sent"] for summary in judged)
    slow = max(summary["p999_s"] for summary in judged)
    step.expect(sent >= MIN_REQUESTS, f"{sent:,} requests are too few to judge by, {MIN_REQUESTS:,} are needed")
    step.expect(slow < MAX_P999_S, f"p99.9 was {slow} s, {MAX_P999_S} s is the limit")
    step.remark = f"{sent:,} requests in deploy and patch, 0 lost, p99.9 {slow * 1000:.0f} ms"


STEPS: tuple[tuple[str, Callable[[Fleet, Step], None]], ...] = (
    ("Bring up the lab", bring_up),
    ("Make the fleet what site.yml says, the shop at 1.0.0", converge),
    ("Offer the hosts package upgrades", offer_upgrades),
    ("Deploy 2.0.0 in waves, under load", deploy),
    ("Patch the hosts in waves, under load", patch),
    ("Refuse a broken configuration, under load", refuse),
    ("Take a broken release back, under load", take_back),
    ("Run site.yml again", again),
    ("Judge the requests", judge),
)

TRAFFIC_HEAD = ("during", "sent ", "lost ", "p50 ms ", "p99.9 ms ", "slowest ms ", "reconnected ", "answered by")


def traffic_rows(fleet: Fleet) -> list[tuple[str, ...]]:
    """What the users saw in each step under load."""
    rows = []
    for title, summary in fleet.traffic.items():
        times = (f"{summary[key] * 1000:.0f}" for key in ("p50_s", "p999_s", "slowest_s"))
        servers = ", ".join(f"{name} {count:,}" for name, count in sorted(summary["servers"].items()))
        rows.append((title, f"{summary['sent']:,}", str(summary["lost"]), *times, str(summary["reconnected"]), servers))
    return rows


HOSTS_HEAD = ("host", "Debian", "shop", *packages.PACKAGES, "executions in the second site.yml ")


def host_rows(fleet: Fleet) -> list[tuple[str, ...]]:
    """Where the fleet stands at the end of the day."""
    rows = []
    for host in hosts.running():
        has = packages.see(host)
        shop = release_on(host) if host in APP else ""
        rows.append((host, has.release, shop, *has.versions.values(), str(fleet.executions[host])))
    return rows
