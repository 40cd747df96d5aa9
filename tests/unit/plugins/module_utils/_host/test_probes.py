"""How often each kind of probe is made while a service comes up; what the probes themselves see is in test_checks.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import checks, probes

pytestmark = pytest.mark.of_python_alone


def probed(monkeypatch: pytest.MonkeyPatch, port_ok: list[bool]) -> list[str]:
    """Have ports answer as told, units and commands pass; return the kinds of the probes in their order."""
    made: list[str] = []

    def answer(kind: str) -> Any:
        def probe(*_: Any) -> Any:
            made.append(kind)
            return probes._Seen(kind != "tcp" or port_ok.pop(0), kind)

        return probe

    monkeypatch.setattr(probes, "_PROBES", {kind: answer(kind) for kind in ("unit", "tcp", "command")})
    return made


@pytest.mark.parametrize("kind, longest", [("tcp", 0.1), ("command", 0.5)])
def test_a_port_that_is_about_to_open_is_asked_often(
    monkeypatch: pytest.MonkeyPatch, kind: str, longest: float
) -> None:
    answers = [False] * 9 + [True]
    monkeypatch.setattr(probes, "_PROBES", {kind: lambda *_: probes._Seen(answers.pop(0), "")})
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    assert checks.wait_for([checks.Check(kind, {})], within_s=9).ok
    assert max(pauses) == longest


def test_while_a_port_is_closed_the_unit_is_asked_only_once_in_an_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    made = probed(monkeypatch, [False] * 5 + [True])
    report = checks.wait_for([checks.unit("shop"), checks.tcp(1), checks.command(["true"])], within_s=5, interval_s=2)
    assert made == ["tcp", "unit", "command", *["tcp"] * 4, "tcp", "unit", "command"]
    assert [(result.check.kind, result.ok) for result in report.results] == [
        ("unit", True),
        ("tcp", True),
        ("command", True),
    ]


def test_a_unit_that_fails_is_seen_while_its_port_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    probed(monkeypatch, [False] * 99)
    fails = iter([probes._Seen(True, "active"), probes._Seen(False, "failed", hopeless=True)])
    monkeypatch.setitem(probes._PROBES, "unit", lambda *_: next(fails))
    report = checks.wait_for([checks.unit("shop"), checks.tcp(1)], within_s=9, interval_s=0.3)
    assert not report.ok
    assert 0.3 <= report.seconds < 2
    assert report.results[0].detail == "failed"


def hangs_after(first: probes._Seen) -> Callable[..., probes._Seen]:
    """A probe that answers once, and then never again."""
    answers = [first]

    def probe(_spec: Any, timeout_s: float) -> probes._Seen:
        if answers:
            return answers.pop()
        time.sleep(timeout_s)
        return probes._Seen(False, "no answer")

    return probe


@pytest.mark.parametrize(
    "timeout_s, first, told",
    [
        (5, probes._Seen(False, "answered 503"), "answered 503"),
        (5, probes._Seen(True, "answered 200"), "no answer"),
        (0.1, probes._Seen(False, "answered 503"), "no answer"),
    ],
    ids=["a fault is told and not its repetition", "what passed does not count again", "a whole time-out is told"],
)
def test_a_probe_that_the_end_cuts_off_does_not_hide_what_was_seen(
    monkeypatch: pytest.MonkeyPatch, timeout_s: float, first: probes._Seen, told: str
) -> None:
    monkeypatch.setattr(probes, "_PROBES", {"http": hangs_after(first)})
    report = checks.wait_for([checks.Check("http", {"timeout_s": timeout_s})], within_s=0.6, stable=2, interval_s=0.1)
    assert (report.ok, report.results[0].detail) == (False, told)
