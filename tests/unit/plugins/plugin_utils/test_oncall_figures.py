"""What people want to know of a rota: who is on, how fair it is, and how far it is worked out."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_alerting, oncall_figures, oncall_lint
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import Rota
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.oncall_files import (
    PEOPLE,
    WEEKLY,
    file,
    team,
    utc,
)

NOW = utc("2026-03-25T12:00")


def rota(given: dict[str, Any]) -> Rota:
    return oncall_lint.check(given, NOW)


def test_who_is_on_is_told_in_utc_and_on_the_clock_of_that_person() -> None:
    assert oncall_figures.who(rota(file()), "shop", 0, NOW) == {
        "person": "bob",
        "from": "2026-03-23T08:00:00Z",
        "to": "2026-03-30T07:00:00Z",
        "from_local": "2026-03-23 04:00",
        "to_local": "2026-03-30 03:00",
        "time_zone": "America/New_York",
        "why": "rotation",
    }


def test_the_page_has_who_is_on_now_and_next_in_each_layer_of_each_team() -> None:
    alone = {**WEEKLY, "people": ["dan"]}
    teams = {"shop": team(WEEKLY, alone), "ops": team({**WEEKLY, "people": ["carol", "dan"]})}
    page = oncall_figures.page(rota({"people": PEOPLE, "teams": teams, "default_team": "ops"}), NOW)
    assert page["at"] == "2026-03-25T12:00:00Z"
    assert [one["name"] for one in page["teams"]] == ["ops", "shop"]
    first, second = page["teams"][1]["layers"]
    assert (first["now"]["person"], first["next"]["person"]) == ("bob", "alice")
    assert first["now"]["to"] == first["next"]["from"]
    assert (second["layer"], second["now"]["person"], second["next"]) == (1, "dan", None)


def test_shifts_are_those_of_the_first_layer_and_what_no_team_owns_has_those_of_the_default_team() -> None:
    teams = {"shop": team(WEEKLY, {**WEEKLY, "people": ["dan"]}), "ops": team({**WEEKLY, "people": ["carol", "dan"]})}
    given = rota({"people": PEOPLE, "teams": teams, "default_team": "ops"})
    found = oncall_figures.shifts(given, utc("2026-03-25T12:00"), utc("2026-03-31T12:00"))
    assert [(one["owner"], one["person"]) for one in found] == [
        *(("ops", one) for one in ("dan", "carol")),
        *(("shop", one) for one in ("bob", "alice")),
        *(("", one) for one in ("dan", "carol")),
    ]
    assert found[2] == {
        "owner": "shop",
        "person": "bob",
        "start": "2026-03-25T12:00:00Z",
        "end": "2026-03-30T07:00:00Z",
        "timezone": "America/New_York",
    }


def test_whoever_swaps_into_a_layer_of_one_comes_next() -> None:
    swap = {"people": ["alice", "dan"], "from": "2026-03-27 09:00", "to": "2026-03-28 09:00"}
    page = oncall_figures.page(rota(file({**WEEKLY, "people": ["alice"]}, swaps=[swap])), NOW)
    (layer,) = page["teams"][0]["layers"]
    assert (layer["now"]["person"], layer["next"]["person"]) == ("alice", "dan")


def test_fairness_counts_hours_nights_and_weekends_by_the_clock_of_who_is_on() -> None:
    given = file({**WEEKLY, "handover": "00:00"}, time_zone="UTC")
    given = {**given, "people": {name: {**one, "time_zone": "UTC"} for name, one in PEOPLE.items()}}
    found = oncall_figures.fairness(rota(given), utc("2026-01-05T00:00"), utc("2026-02-02T00:00"))
    assert found["people"] == [
        {"person": name, "hours": 336, "night_hours": 112, "weekend_hours": 96, "turns": 2} for name in ("alice", "bob")
    ]
    assert found["layers"] == [{"team": "shop", "layer": 0, **one} for one in found["people"]]
    assert (found["from"], found["to"]) == ("2026-01-05T00:00:00Z", "2026-02-02T00:00:00Z")


@pytest.mark.parametrize("zone,nights", [("Europe/Berlin", 3), ("America/New_York", 0), ("Australia/Lord_Howe", 0)])
def test_a_night_is_one_where_the_person_sleeps(zone: str, nights: float) -> None:
    given = file({**WEEKLY, "people": ["alice"]})
    given = {**given, "people": {"alice": {**PEOPLE["alice"], "time_zone": zone}}}
    found = oncall_figures.fairness(rota(given), utc("2026-01-07T00:00"), utc("2026-01-07T03:00"))
    assert found["people"][0]["night_hours"] == nights


def test_a_weekend_over_a_change_of_the_clock_is_an_hour_shorter() -> None:
    given = file({**WEEKLY, "people": ["alice"]})
    found = oncall_figures.fairness(rota(given), utc("2026-03-23T00:00"), utc("2026-04-06T00:00"))
    assert found["people"][0]["weekend_hours"] == 47 + 48


def test_somebody_who_is_never_on_counts_as_nothing() -> None:
    found = oncall_figures.fairness(rota(file()), utc("2026-01-06T00:00"), utc("2026-01-07T00:00"))
    assert [one["hours"] for one in found["people"]] == [24, 0]


def test_metrics_tell_until_when_turns_are_worked_out() -> None:
    covers = {"shop": oncall_alerting.cover(rota(file()).teams["shop"], NOW, 60)}
    assert oncall_figures.metrics(covers).splitlines()[1:] == [
        "# TYPE groundcrew_oncall_covered_until_timestamp_seconds gauge",
        f'groundcrew_oncall_covered_until_timestamp_seconds{{team="shop"}} {utc("2026-05-29T00:00").timestamp():.0f}',
    ]


def test_escalation_has_the_seconds_of_each_layer_but_the_last() -> None:
    layers = [{**WEEKLY, "escalate_after_s": 300}, {**WEEKLY, "people": ["carol"]}, {**WEEKLY, "people": ["dan"]}]
    assert oncall_figures.escalation(rota(file(*layers))) == {"default_team": "shop", "teams": {"shop": [300, 900]}}
