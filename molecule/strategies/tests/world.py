"""The fleet as its users meet it at the floating address, and the plays that change it meanwhile."""

from __future__ import annotations

import csv
import json
import os
import re
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.groundcrew.fleet.tests.fleet.hosts import changes
from ansible_collections.groundcrew.fleet.tests.fleet.traffic import Traffic

PROJECT, SCENARIO = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
STATE = Path(PROJECT, ".cache/lab/lab-strategies")
ADDRESS = "10.89.169.100"
BALANCERS = {"lb1": "10.89.169.10", "lb2": "10.89.169.11"}
APPS = {"app1": "10.89.169.12", "app2": "10.89.169.13", "app3": "10.89.169.14"}
SINGLE, BLUE, GREEN = 8000, 8001, 8002
RATE = 200
# The long way takes a quarter of an hour more: 5 s to start, the waves and gates of the defaults, and the quiet to compare with.
FULL = os.environ.get("STRATEGIES") == "full"
MIN_REQUESTS = 10_000 if FULL else 0
BRIEFLY: Mapping[str, Any] = {
    "rollout_waves": "1,rest",
    "rollout_gate": {"load_balancers": list(BALANCERS), "observe_s": 1, "wait_s": 10},
}
TIMES = (("p50", "p50_s"), ("p99", "p99_s"), ("p99.9", "p999_s"), ("sender late", "sender_late_s"))
Marks = Mapping[str, Callable[[], None]]


class Played(NamedTuple):
    """The end of a playbook, and how many tasks changed something on each host."""

    rc: int
    said: str
    changed: Mapping[str, int]

    @property
    def why(self) -> str:
        """Its last words, in which a failure is told."""
        return self.said[-4000:]


class Seen(NamedTuple):
    """What the users saw while plays ran; `quiet` is what they saw while the same plays only checked, where that was asked for."""

    load: Mapping[str, Any]
    quiet: Mapping[str, Any]

    @property
    def versions(self) -> set[str]:
        return {name.removeprefix("shop/") for name in self.load["servers"]}

    @property
    def ratio(self) -> float:
        """How much longer the slowest hundredth took than in quiet; 0 where nobody measured that."""
        return float(self.load["p99_s"] / self.quiet["p99_s"]) if self.quiet else 0.0


def row(name: str, seen: Seen) -> str:
    """One line of what was measured; how late the sender itself was tells of a machine that has too much to do."""
    load = seen.load
    told = [f"{load['sent']:,} requests", f"{load['lost']} lost"]
    told += [f"{label} {_ms(load[key])}" for label, key in TIMES]
    if seen.quiet:
        told += [f"quiet {label} {_ms(seen.quiet[key])}" for label, key in TIMES[1::2]] + [f"ratio {seen.ratio:.2f}"]
    return f"under load: {name}: {', '.join(told)}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def play(name: str, *arguments: str, marks: Marks | None = None, **variables: Any) -> Played:
    """Play one of the collection's playbooks, or the scenario's; `marks` say what to do once a line holds a text."""
    given = {"rollout_state_dir": str(STATE / "rollouts"), **({} if FULL else BRIEFLY), **variables}
    inventories = [f"--inventory={PROJECT}/molecule/shared/inventory", f"--inventory={SCENARIO}/hosts.yml"]
    folder = f"{PROJECT}/playbooks" if Path(PROJECT, "playbooks", f"{name}.yml").exists() else SCENARIO
    argv = [
        "ansible-playbook",
        *inventories,
        f"--extra-vars={json.dumps(given)}",
        *arguments,
        f"{folder}/{name}.yml",
    ]
    left, lines = dict(marks or {}), []
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as playing:
        for line in playing.stdout or ():
            lines.append(line)
            for mark in [mark for mark in left if mark in line]:
                left.pop(mark)()
    said = "".join(lines)
    with (STATE / "plays.log").open("a", encoding="utf-8") as log:
        log.write(said)
    return Played(playing.returncode, said, changes(said))


@contextmanager
def requests(name: str) -> Iterator[Traffic]:
    """Users ask, as GET and POST, while the body runs and until there were enough of them."""
    traffic = Traffic(f"https://{ADDRESS}/", rate=RATE, record=STATE / f"{re.sub('[^a-z]+', '-', name)}.jsonl")
    with traffic.flowing(at_least=MIN_REQUESTS):
        yield traffic


def quiet(name: str, check: Callable[[], Played]) -> Mapping[str, Any]:
    """What users see while this controller plays the same in check mode, over and over; nothing where that is not asked for."""
    if not FULL:
        return {}
    ends = time.monotonic() + MIN_REQUESTS / RATE
    with requests(f"quiet {name}") as traffic:
        while time.monotonic() < ends:
            checked = check()
            assert checked.rc == 0, checked.why
    return traffic.summary


def on(host: str, *argv: str) -> str:
    """The output of a command that root runs on a host."""
    ssh = ["ssh", "-F", str(STATE / "ssh_config"), host, "sudo", *argv]
    return subprocess.run(ssh, capture_output=True, text=True, check=True, timeout=60).stdout


def version(app: str, port: int) -> str:
    """The version that a host itself answers with, "" where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://{APPS[app]}:{port}/version", timeout=5) as answer:
            return str(json.load(answer)["version"])
    except OSError:
        return ""


def servers(balancer: str, column: str = "status") -> dict[str, str]:
    """Each server of the shop with what the load balancer makes of it."""
    stat = on(balancer, "sh", "-c", "'echo show stat -1 4 -1 | socat - /run/haproxy/admin.sock'")
    rows = csv.DictReader(stat.removeprefix("# ").splitlines())
    return {row["svname"]: row[column] for row in rows if row["pxname"] == "shop"}


def certificate(balancer: str) -> str:
    """The name of the certificate that a load balancer shows."""
    shown = ssl.get_server_certificate((BALANCERS[balancer], 443)).strip()
    return next(name for name in ("first", "second") if shown == (STATE / f"{name}.crt").read_text().strip())
