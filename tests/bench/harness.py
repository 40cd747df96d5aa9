"""What every bench is made of: a lab of its own, plays that take turns, medians, a table and a verdict.

A bench is a file beside this one with one line of docstring and `measure(lab, rounds)`, which returns Results.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
HOST = "bench1"
INVENTORIES = (ROOT / "molecule" / "shared" / "inventory", ROOT / "tests" / "bench" / "hosts.yml")
SSH_CONFIG = ROOT / ".cache" / "lab" / "lab-bench" / "ssh_config"
PLAY_S = 1800


class BenchFailedError(Exception):
    """A play of the bench ended badly, so that its time means nothing."""


class Contender(NamedTuple):
    """One way to do the work; `rounds` bounds how often a slow one is run."""

    name: str
    playbook: Path
    rounds: int = 1000


class Case(NamedTuple):
    """One piece of work: ours is held against the floor, and the peer stands beside it."""

    name: str
    ours: Contender
    floor: Contender
    at_most: float
    peer: Contender | None = None

    @property
    def contenders(self) -> tuple[Contender, ...]:
        return tuple(one for one in (self.floor, self.ours, self.peer) if one)


class Result(NamedTuple):
    """The seconds of each round, and the executions on the host, of every contender of a case."""

    case: Case
    seconds: dict[str, list[float]]
    executions: dict[str, int]

    def median(self, contender: Contender | None) -> float:
        return statistics.median(self.seconds[contender.name]) if contender else float("nan")

    @property
    def ratio(self) -> float:
        return self.median(self.case.ours) / self.median(self.case.floor)

    @property
    def met(self) -> bool:
        return self.ratio <= self.case.at_most


class Lab:
    """The bench's host and the plays that run on it."""

    def __init__(self, name: str) -> None:
        self.directory = ROOT / ".cache" / "bench" / name
        self.directory.mkdir(parents=True, exist_ok=True)
        # What plays need besides, and what the last one printed.
        self.env: dict[str, str] = {}
        self.said = ""

    @contextmanager
    def up(self, hosts: str = HOST) -> Iterator[None]:
        """Make the hosts, and remove them afterwards."""
        self.run(ROOT / "playbooks" / "lab.yml", "-e", "lab_state=started", "-e", f"lab_hosts={hosts}")
        try:
            yield
        finally:
            self.run(ROOT / "playbooks" / "lab.yml", "-e", "lab_state=absent", "-e", f"lab_hosts={hosts}")

    def install(self, archive: Path) -> None:
        """Have plays find a peer's collection; raise BenchFailedError where its archive is not there."""
        if not archive.exists():
            raise BenchFailedError(f"the peer is not at {archive}")
        place = self.directory / "collections"
        galaxy = [f"{ROOT}/.venv/bin/ansible-galaxy", "collection", "install", "--offline", "--no-deps", "--force"]
        path = f"{ROOT}/.venv/bin:{os.environ['PATH']}"
        subprocess.run(
            [*galaxy, "-p", str(place), str(archive)], check=True, capture_output=True, env={**os.environ, "PATH": path}
        )
        self.env["ANSIBLE_COLLECTIONS_PATH"] = f"{ROOT / '.cache/collections'}:{place}"

    def playbook(self, name: str, tasks: Sequence[dict[str, Any]], **play: Any) -> Path:
        """Return a playbook of these tasks; templates are looked for beside it, in templates/."""
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps([{"hosts": HOST, "gather_facts": False, "become": True, "tasks": tasks, **play}]))
        return path

    def run(self, playbook: Path, *arguments: str) -> float:
        """Return the seconds that a playbook took; raise BenchFailedError, with its last words, if it failed."""
        began = time.monotonic()
        done = subprocess.run(
            [ROOT / ".venv/bin/ansible-playbook", *(f"--inventory={one}" for one in INVENTORIES), *arguments, playbook],
            cwd=ROOT,
            env={
                **os.environ,
                "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}",
                "ANSIBLE_CONFIG": f"{ROOT}/ansible.cfg",
                **self.env,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=PLAY_S,
        )
        seconds, self.said = time.monotonic() - began, done.stdout
        if done.returncode != 0:
            raise BenchFailedError(f"{playbook.name} failed:\n{(done.stdout + done.stderr)[-3000:]}")
        return seconds

    def counted(self, playbook: Path) -> tuple[float, int]:
        """Return the seconds of a playbook, and how many commands it had the host run, as sshd counts them."""
        before = self.sessions()
        seconds = self.run(playbook)
        # The question itself is a session too.
        return seconds, self.sessions() - before - 1

    def sessions(self, host: str = HOST) -> int:
        """Return how many commands the host has run over SSH so far."""
        question = "sudo journalctl --sync; sudo journalctl -q -o cat -t sshd | grep -c 'Starting session: command'"
        done = subprocess.run(
            ["ssh", "-F", SSH_CONFIG, host, question], capture_output=True, text=True, check=True, timeout=60
        )
        return int(done.stdout)


def interval(seconds: Sequence[float]) -> tuple[float, float]:
    """Return between which two of the values the true median lies, with 90 % certainty or more; of fewer than five, the extremes."""
    ordered, count = sorted(seconds), len(seconds)
    # How many of the values lie below the true median is a matter of tossing coins.
    tails = itertools.accumulate(math.comb(count, below) / 2**count for below in range(count))
    left_out = max(sum(tail <= 0.05 for tail in tails) - 1, 0)
    return ordered[left_out], ordered[count - 1 - left_out]


def take_turns(lab: Lab, cases: Sequence[Case], rounds: int) -> list[Result]:
    """Run the contenders in turns, so that a busy moment hits all of them alike; the first round counts executions."""
    results = [Result(case, {one.name: [] for one in case.contenders}, {}) for case in cases]
    for number in range(rounds):
        for case, seconds, executions in results:
            for one in case.contenders:
                if number == 0:
                    took, executions[one.name] = lab.counted(one.playbook)
                    seconds[one.name].append(took)
                elif number < one.rounds:
                    seconds[one.name].append(lab.run(one.playbook))
    return results


def table(results: Sequence[Result]) -> str:
    """Return peer, floor and ours side by side: median seconds, and executions on the host in brackets."""
    head = ("case", "floor", "ours", "peer", "ours/floor", "bar", "peer/ours")
    rows = [head, *(_row(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def verdict(name: str, results: Sequence[Result]) -> str:
    """Return the last line: that of the case which is nearest to its bar, or furthest beyond it."""
    worst = max(results, key=lambda result: result.ratio / result.case.at_most)
    met = "met" if worst.met else "missed"
    return f"{name}: ratio {worst.ratio:.2f}, bar {worst.case.at_most:.2f}, {met}"


def figures(name: str, results: Sequence[Result]) -> dict[str, Any]:
    """Return everything that was measured, as plain data."""
    cases = [
        {
            "case": result.case.name,
            "bar": result.case.at_most,
            "ratio": round(result.ratio, 3),
            "met": result.met,
            "seconds": {who: [round(one, 3) for one in took] for who, took in result.seconds.items()},
            "executions": result.executions,
        }
        for result in results
    ]
    return {"bench": name, "met": all(result.met for result in results), "cases": cases}


def _row(result: Result) -> tuple[str, ...]:
    def cell(one: Contender | None) -> str:
        return f"{result.median(one):.2f} s ({result.executions[one.name]})" if one else "-"

    case = result.case
    faster = f"{result.median(case.peer) / result.median(case.ours):.1f}" if case.peer else "-"
    return (
        case.name,
        cell(case.floor),
        cell(case.ours),
        cell(case.peer),
        f"{result.ratio:.2f}",
        f"{case.at_most:.2f}",
        faster,
    )
