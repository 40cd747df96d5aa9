"""Signals in the middle of a transaction, and two runs that meet on one host."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import Machine
from ansible_collections.groundcrew.fleet.tests.crash.test_kill import tell, whole


@pytest.mark.parametrize("signals", [["HUP"], ["TERM"], ["TERM", "TERM"]], ids=" ".join)
def test_signal_at_any_operation_leaves_a_whole_host_and_no_journal(quick: Machine, signals: list[str]) -> None:
    report = quick.drive("signalled", signals=signals)
    tell(report, f"operations with {' and '.join(signals)}")
    whole(report)
    if signals == ["HUP"]:
        assert report["taken_back"] == 0
    else:
        assert report["taken_back"] > 40


@pytest.fixture(scope="module")
def meeting(quick: Machine) -> dict[str, Any]:
    return quick.drive("two_runs")


def test_second_run_waits_its_time_and_names_the_holder(meeting: dict[str, Any]) -> None:
    assert 1 <= float(meeting["waited"]) < 2.5
    assert meeting["refused"].startswith("HostLocked")
    assert "owner of first, run first" in meeting["refused"]


def test_second_run_goes_on_when_the_first_ends_in_time(meeting: dict[str, Any]) -> None:
    assert meeting["patient"] == "done"


def test_lock_of_a_run_is_shown_and_refused_with_its_cure(meeting: dict[str, Any]) -> None:
    assert "crash, run run-of-the-crash-test (attempt 1), reason: crash test" in meeting["held"]
    assert "groundcrew lock --release --reason" in meeting["held"]
    assert "run-of-the-crash-test" in meeting["shown"]


def test_lock_is_released_by_hand_only_with_a_reason_that_the_ledger_keeps(meeting: dict[str, Any]) -> None:
    without, given = meeting["free"]
    assert without.startswith("1: ")
    assert given.startswith("0: was held by: crash")
    assert meeting["after"] == "done"
    assert "lock released by hand" in meeting["ledger"]
    assert "it is dead" in meeting["ledger"]
    assert "every line follows from the one before" in meeting["ledger"]
