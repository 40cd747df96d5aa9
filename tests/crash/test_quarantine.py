"""An undo that fails: the host is left alone by everybody, until a human says how to go on."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import Machine


@pytest.fixture(scope="module", params=["undo", "finish", "accept"])
def report(quick: Machine, request: pytest.FixtureRequest) -> dict[str, Any]:
    return {**quick.drive("quarantined", way=request.param), "way": request.param}


def test_failed_undo_quarantines_and_tells_both_causes_and_the_cure(report: dict[str, Any]) -> None:
    assert report["run"].startswith("StepFailed, undone False")
    for said in ("test -e /srv/crash/welcome", "The undo failed too", "mended", "groundcrew recover --show"):
        assert said in report["run"]


def test_quarantined_host_refuses_the_next_run_and_the_boot_unit(report: dict[str, Any]) -> None:
    assert report["next"].startswith("Quarantined: this host is quarantined since ")
    assert "recover --undo" in report["next"]
    assert report["boot"] != "0"


def test_show_tells_what_is_quarantined_and_how_far_it_came(report: dict[str, Any]) -> None:
    for said in ("QUARANTINED", "stubborn", "run-of-the-crash-test", "11 of 11 steps"):
        assert said in report["show"]


def test_undo_fails_again_while_the_cause_is_there(report: dict[str, Any]) -> None:
    assert report["unmended"].startswith("1: groundcrew: ")
    assert "quarantined" in report["unmended"]


def test_accept_needs_a_reason(report: dict[str, Any]) -> None:
    assert report["without_reason"].startswith("1: ")
    assert "--reason" in report["without_reason"]


def test_way_out_ends_in_the_state_that_was_asked_for(report: dict[str, Any]) -> None:
    result = {"undo": "undone", "finish": "finished", "accept": "accepted"}[report["way"]]
    assert report["settled"].startswith("0: ")
    assert result in report["settled"]
    assert report["ledger"] == [result]
    assert report["litter"] == []
    assert report["stale"] == "" or report["way"] == "accept"
    if report["way"] == "undo":
        assert report["differs_from_old"] == []
    if report["way"] == "finish":
        assert report["differs_from_new"] == []


def test_host_takes_transactions_again(report: dict[str, Any]) -> None:
    assert report["then"] == "done"


def test_reason_of_the_human_stands_in_the_ledger(report: dict[str, Any]) -> None:
    if report["way"] == "accept":
        assert "looked at it" in report["why"]
