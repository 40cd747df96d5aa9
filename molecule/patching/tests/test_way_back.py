"""A run is taken back to the last package, mark, hold and configuration file, without any archive's help."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[[str], dict[str, Any]]
UPDATED = {
    "crew-back": ("1.0", "1.1"),
    "crew-back-epoch": ("1:1.0", "1:1.1"),
    "crew-back-library": ("1.0", "1.1"),
    "crew-back-lost": ("1.0", "1.1"),
    "crew-back-new": ("", "1.0"),
}


@pytest.fixture(scope="session", params=["old", "new"])
def ask(request: pytest.FixtureRequest, play: Callable[[str], Any]) -> Ask:
    """Return what a task answered on one host."""
    answers = play("way_back.yml")
    return lambda task: dict(answers[task][request.param])


def snapshot(ask: Ask, when: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(f"Take a snapshot {when}")["stdout"])
    return found


def changes(told: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    return {one["name"]: (one["from"], one["to"]) for one in told}


def test_before_it_goes_the_run_knows_that_it_can_come_back(ask: Ask) -> None:
    told = ask("Ensure that all is updated")
    assert changes(told["packages"]) == UPDATED
    assert told["way_back"] == {"complete": True, "missing": {}}


def test_a_plan_that_is_carried_out_twice_changes_nothing_the_second_time(ask: Ask) -> None:
    told = ask("Ensure that all is updated once more")
    assert (told["changed"], told["steps"], told["packages"]) == (False, [], [])


def test_an_edited_configuration_file_was_taken_new(ask: Ask) -> None:
    assert snapshot(ask, "in between")["files"]["/etc/crew-back.conf"][1] == "shipped with 1.1\n"
    assert ask("Ensure that all is updated")["new_config_files"] == []


def test_everything_is_as_before_without_any_archive(ask: Ask) -> None:
    before, after = snapshot(ask, "before"), snapshot(ask, "after")
    assert after == before
    assert before["files"]["/etc/crew-back.conf"] == ["100640", "edited here\n"]


def test_check_mode_foretells_it(ask: Ask) -> None:
    foreseen, done = ask("Foresee the way back"), ask("Ensure that all is as before")
    assert changes(done["packages"]) == {name: (after, before) for name, (before, after) in UPDATED.items()}
    assert foreseen["packages"] == done["packages"]
    assert foreseen["steps"] == done["steps"]


def test_a_run_that_is_taken_back_is_not_taken_back_again(ask: Ask) -> None:
    told = ask("Ensure that all is as before once more")
    assert (told["changed"], told["steps"]) == (False, [])
