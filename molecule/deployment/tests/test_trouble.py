"""A switch that breaks in its middle ends where it began, and no client loses a request."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session", params=["old", "new"])
def ask(request: pytest.FixtureRequest, play: Callable[[str], Any]) -> Ask:
    """Return what a task answered on one host."""
    answers = play("trouble.yml")
    return lambda task: dict(answers[task][request.param])


def states(told: dict[str, Any]) -> dict[str, str]:
    return {one["version"]: one["state"] for one in told["releases"]}


def test_a_release_that_was_staged_is_not_switched_to_once_its_signer_is_withdrawn(ask: Ask) -> None:
    said = [one["msg"] for one in ask("Switch to what its signer may sign no more")["results"]]
    assert "with the signature of crew@example.com, which does not hold by /run/other_signers today" in said[0]
    assert "is by nobody in /run/other_signers" in said[1]


def test_a_hook_that_hangs_is_ended_after_its_time_and_there_is_no_switch(ask: Ask) -> None:
    said = ask("Switch with a hook that hangs")["msg"]
    assert "Finished with result: timeout" in said
    assert said.endswith("Everything was taken back")


def test_a_migration_that_fails_takes_those_before_it_back(ask: Ask) -> None:
    assert "expand-broken" in ask("Switch with a migration that fails after another")["msg"]
    assert ask("List the data after it")["stdout_lines"] == ["note"]


def test_a_release_that_is_well_every_other_moment_is_not_well(ask: Ask) -> None:
    said = ask("Switch to a release that is well every other moment")["msg"]
    assert said.startswith("not healthy within ")
    assert "http GET http://127.0.0.1:8000/health: " in said
    assert said.endswith("Everything was taken back")
    assert states(ask("Read what the shop has after it")) == {"1.0.0": "active", "2.0.0": "failed", "3.0.0": "failed"}


def test_the_lock_of_a_dead_run_is_named_and_ends_by_itself(ask: Ask) -> None:
    assert "locked by ann, run dead-run (attempt 1)" in ask("Switch without patience")["msg"]
    assert ask("Ensure that the new release runs, with patience")["to"] == "2.0.0"


def test_hooks_and_migrations_run_as_the_app_with_its_environment_home_and_umask_and_their_words_as_written(
    ask: Ask,
) -> None:
    assert ask("List the data of the new release")["stdout_lines"] == [
        "$HOME, 17 letters, 2.0.0, /var/lib/shop /var/lib/shop",
        "in cents",
        "-rw-------",
    ]


def test_a_second_call_changes_nothing(ask: Ask) -> None:
    again = ask("Ensure that the new release runs, once more")
    assert (again["changed"], again["steps"]) == (False, [])


def test_the_way_back_undoes_the_migrations(ask: Ask) -> None:
    back = ask("Ensure that the release before is back")
    assert (back["from"], back["to"]) == ("2.0.0", "1.0.0")
    assert ask("List the data of the release before")["stdout_lines"] == ["note"]


def test_no_request_was_lost_in_restarts_failures_and_switches_of_one_host_alone(ask: Ask) -> None:
    seen = json.loads(ask("Ask the client")["stdout"])
    assert [version for version, _times in seen["answers"]] == ["1.0.0", "3.0.0", "1.0.0", "2.0.0", "1.0.0"]
    assert seen["lost"] == []
    assert seen["slow"] > 50


def test_of_many_releases_those_stay_that_run_ran_before_or_wait(ask: Ask) -> None:
    assert states(ask("Read which releases there are")) == {"2": "former", "3": "active", "4": "staged"}
    assert "till 2 is the way back from 3" in ask("Remove the way back")["msg"]


def test_there_is_no_way_back_behind_data_that_was_contracted(ask: Ask) -> None:
    assert "3 has contracted prices, so 2 would not find its data any more" in ask("Go back behind it")["msg"]


def test_data_is_not_contracted_by_the_call_that_switches(ask: Ask) -> None:
    assert "names would end the way back before anybody knows" in ask("Switch and contract at once")["msg"]


def test_a_hook_that_fails_after_the_switch_leaves_it_and_says_so(ask: Ask) -> None:
    said = ask("Switch with a hook that fails after it")["msg"]
    assert said.endswith("4 runs and stays; the next call runs hooks.after again")
    assert states(ask("Read which releases there are after it, of both apps")["apps"]["till"])["4"] == "active"


def test_several_apps_are_told_of_at_once_with_what_systemd_calls_them(ask: Ask) -> None:
    told = ask("Read which releases there are after it, of both apps")["apps"]
    assert {name: (one["active"], one["unit_state"]) for name, one in told.items()} == {
        "till": ("4", "inactive"),
        "shop": ("1.0.0", "active"),
    }
