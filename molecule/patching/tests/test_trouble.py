"""What stands in the way of an update is named; nothing is changed by what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session", params=["old", "new"])
def ask(request: pytest.FixtureRequest, play: Callable[[str], Any]) -> Ask:
    """Return what a task answered on one host."""
    answers = play("trouble.yml")
    return lambda task: dict(answers[task][request.param])


def test_an_update_of_the_same_second_is_seen(ask: Ask) -> None:
    assert ask("Read what was updated a moment ago")["plan"] == []


def test_a_host_that_has_drifted_from_its_plan_is_refused_with_each_difference(ask: Ask) -> None:
    said = ask("Update by a plan that was made for another host")["msg"]
    assert "crew-drift is 1.0.5, the plan goes from 1.0 to 1.1" in said
    assert "crew-drift-more is left alone now: on hold on this host" in said
    assert "Nothing was changed: read a new plan" in said


def test_an_edited_file_and_a_way_that_is_lost_are_refused_where_the_policy_says_so(ask: Ask) -> None:
    told = ask("Read what an edited file and a lost version are worth")
    said = ask("Update what could not go back, against the policy")["msg"]
    assert told["way_back"]["complete"] is False
    assert "packed anew would hide that somebody has edited its files" in told["way_back"]["missing"]["crew-worn"]
    assert len(told["refused"]) == 2
    assert "somebody has edited /etc/crew-worn.conf" in said
    assert all(one in said for one in told["refused"])


def test_needrestart_restarts_nothing_while_we_update(ask: Ask) -> None:
    told = ask("Ensure that a library is new and its service is not")
    assert told["left"]["crew@libneeded.so.1.service"] == "restarts are switched off: set restart to true"
    assert told["restarted"] == []


def test_needrestart_would_have_restarted_the_service(ask: Ask) -> None:
    """Another apt ran in between, without us."""
    before, after = (ask(f"Ask the service {again}how long it runs")["stdout"].split() for again in ("", "again "))
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_another_apt_is_named_when_patience_ends(ask: Ask) -> None:
    said = ask("Update without patience")["msg"]
    assert "/apt-get -qq install crew-slow) has the lock /var/lib/dpkg/lock-frontend, and still did after 1 s" in said


def test_another_apt_is_waited_for(ask: Ask) -> None:
    told = ask("Update with patience")
    assert [one["name"] for one in told["packages"]] == ["crew-patient"]
    assert told["changed"] is True
