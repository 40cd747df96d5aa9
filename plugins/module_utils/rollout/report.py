# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What a rollout shows: the head, the table of hosts, the same as JSON and as JUnit, and the next command."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

from .decide import remaining, verdict
from .events import OPTED_OUT, Host, Run

HEADER = ("HOST", "WAVE", "STATE", "LOAD BALANCER", "SECONDS", "WHY")
_NO_TURN = ("planned", OPTED_OUT)
_NEXT = {
    "failed": "read why, mend the cause, then resume",
    "lost": "see whether the host is up and what `groundcrew recover --show` says on it, then resume",
    "stuck": "it is neither old nor new: `groundcrew recover --show` on the host says what is left to do",
    "undone": "it runs what it ran before; mend the cause, then resume",
    "planned": "it was not touched; resume brings it its turn",
}


def head(run: Run) -> str:
    """Return what is said before the first wave: the run, who comes when, what was done before, who takes no part."""
    lines = [f"rollout {run.run_id}, attempt {run.attempt}: {run.intent or run.name}"]
    lines += [f"reason: {run.reason}"] if run.reason else []
    lines += [f"allowed outside the maintenance windows: {run.outside_windows}"] if run.outside_windows else []
    lines += waves(run)
    lines += [f"opted out: {name}, {run.hosts[name].why}" for name in run.in_state(OPTED_OUT)]
    done = run.in_state("skipped")
    lines += [f"done before, skipped: {', '.join(done)}"] if done else []
    limit = "no host" if run.limit == 0 else f"at most {run.limit}"
    return "\n".join([*lines, f"{limit} may fail; take back when stopped: {run.take_back}"])


def waves(run: Run) -> list[str]:
    """Return one line for each wave."""
    return [f"wave {number}: {', '.join(wave)}" for number, wave in enumerate(run.waves, 1)]


def rows(run: Run) -> list[tuple[str, ...]]:
    """Return one row of words for each host, in the run's order."""
    return [
        (
            name,
            str(host.wave or "-"),
            host.state,
            _load_balancer(host),
            f"{host.ended - host.began:.1f}" if host.ended and host.began else "-",
            host.why or "-",
        )
        for name, host in run.hosts.items()
    ]


def _load_balancer(host: Host) -> str:
    if host.load_balancer:
        return host.load_balancer.replace("_", " ")
    return "unknown" if host.locked else "not touched"


def table(run: Run) -> str:
    """Return the table with the verdict below it, and what to do next for each state that asks for it."""
    cells = [HEADER, *rows(run)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADER) - 1)]
    lines = ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]).rstrip() for row in cells]
    return "\n".join([*lines, "", f"{run.run_id}: {verdict(run).text}", *next_steps(run)])


def next_steps(run: Run) -> list[str]:
    """Return one line for each state that needs somebody, and the command that resumes the run."""
    lines = [
        f"{state} ({', '.join(run.in_state(state))}): {what}" for state, what in _NEXT.items() if run.in_state(state)
    ]
    drained = [name for name, host in run.hosts.items() if _load_balancer(host) == "drained"]
    lines += [f"DRAINED, takes no requests: {', '.join(drained)}"] if drained else []
    if remaining(run, tuple(name for name, host in run.hosts.items() if host.state != OPTED_OUT)):
        lines.append(f"resume with the same command and: -e rollout_resume={run.run_id}")
    return lines


def as_dict(run: Run) -> dict[str, Any]:
    """Return the run for machines: what the table tells, in plain values."""
    judged = verdict(run)
    return {
        "run_id": run.run_id,
        "name": run.name,
        "intent": run.intent,
        "reason": run.reason,
        "outside_windows": run.outside_windows,
        "attempt": run.attempt,
        "ok": judged.ok,
        "verdict": judged.text,
        "stopped": run.stopped,
        "limit": run.limit,
        "take_back": run.take_back,
        "waves": [list(wave) for wave in run.waves],
        "hosts": [_host_dict(name, host) for name, host in run.hosts.items()],
    }


def _host_dict(name: str, host: Host) -> dict[str, Any]:
    seconds = round(host.ended - host.began, 3) if host.ended and host.began else None
    told = {key: getattr(host, key) for key in ("state", "wave", "attempt", "touched", "why", "began", "ended")}
    return {"host": name, **told, "load_balancer": _load_balancer(host), "seconds": seconds}


def as_json(run: Run) -> str:
    """Return `as_dict` as JSON text."""
    return json.dumps(as_dict(run), indent=2, ensure_ascii=False) + "\n"


def as_junit(run: Run) -> str:
    """Return the run as a JUnit test suite: one case a host.

    A failed, undone or stuck host is a failure, a lost one an error; one that never had its turn, or takes no part, is
    skipped.
    """
    cases = list(run.hosts.items())
    suite = ET.Element(
        "testsuite",
        name=run.run_id,
        tests=str(len(cases)),
        failures=str(_how_many(run, ("failed", "undone", "stuck"))),
        errors=str(_how_many(run, ("lost", "begun", "touched"))),
        skipped=str(_how_many(run, _NO_TURN)),
    )
    for name, host in cases:
        case = ET.SubElement(suite, "testcase", name=name, classname=f"rollout.{run.name}", time=_seconds(host))
        kind = _junit_kind(host.state)
        if kind:
            ET.SubElement(case, kind, message=_printable(host.why or host.state), type=host.state)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _how_many(run: Run, states: Sequence[str]) -> int:
    return len(run.in_state(*states))


def _seconds(host: Host) -> str:
    return f"{max(0.0, host.ended - host.began):.3f}" if host.ended and host.began else "0.000"


def _junit_kind(state: str) -> str:
    if state in ("failed", "undone", "stuck"):
        return "failure"
    if state in ("lost", "begun", "touched"):
        return "error"
    return "skipped" if state in _NO_TURN else ""


def _printable(text: str) -> str:
    """XML has no way to say most control characters, escape codes of a terminal among them."""
    return "".join(max(char, " ") for char in text)
