"""The configuration of Alertmanager that comes of an on-call file: amtool accepts it, and it does what it says."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import (
    alert_routes,
    alert_times,
    oncall_alerting,
    oncall_intervals,
    oncall_lint,
    oncall_rota,
)
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.live_alertmanager import amtool, write
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.oncall_files import (
    PEOPLE,
    WEEKLY,
    file,
    team,
    utc,
)

NOW = utc("2026-11-29T12:00")
SMTP = {"global": {"smtp_smarthost": "localhost:25", "smtp_from": "fleet@example.com"}}
SECOND = {"people": ["carol", "dan"], "start": "2026-01-05", "time_zone": "Australia/Lord_Howe"}
PAGE = {"alertname": "Down", "owner": "shop", "severity": "page"}


def made(given: dict[str, Any], *, now: datetime = NOW, **more: Any) -> dict[str, Any]:
    return oncall_alerting.alerting(oncall_lint.check(given, now), now=now, **{"extra": SMTP, **more})


def paged(config: dict[str, Any], at: datetime = NOW, **labels: str) -> list[str]:
    return alert_routes.paged(config, {**PAGE, **labels}, at)


def two_teams(**more: Any) -> dict[str, Any]:
    teams = {"shop": team(WEEKLY, SECOND), "ops": team({**SECOND, "shift": "1d"}, tickets=None)}
    return {"people": PEOPLE, "teams": teams, "default_team": "ops", **more}


def test_amtool_accepts_it_with_every_way_to_reach_people(tmp_path: Path) -> None:
    people = {**PEOPLE, "Jörg Müller": {"contact": {"pushover_configs": [{"user_key": "u", "token": "t"}]}}}
    given = two_teams(people=people)
    given["teams"]["the net"] = team({**WEEKLY, "people": ["Jörg Müller", "alice"]})
    hook = {"webhook_configs": [{"url": "http://127.0.0.1:1/"}]}
    config = made(
        given, receivers=[{"name": "watchdog", **hook}, {"name": "audit", **hook}], route={"receiver": "audit"}
    )
    assert "SUCCESS" in amtool(write(tmp_path / "alertmanager.yml", config), "check-config")


@pytest.mark.parametrize(
    "labels,receivers",
    [
        ({}, ["person/alice"]),
        ({"severity": "critical"}, ["person/alice"]),
        ({"severity": "ticket"}, ["team/shop/tickets"]),
        ({"severity": "info"}, ["team/shop/tickets"]),
        ({"escalation": "1"}, ["person/carol"]),
        ({"escalation": "7"}, ["person/alice"]),
        ({"owner": "ops"}, ["person/carol"]),
        ({"owner": "ops", "severity": "ticket"}, ["nobody"]),
        ({"owner": "nobody we know"}, ["person/carol"]),
        ({"owner": ""}, ["person/carol"]),
        ({"alertname": "Watchdog"}, ["watchdog"]),
    ],
)
def test_who_is_told_follows_from_owner_severity_and_escalation(labels: dict[str, str], receivers: list[str]) -> None:
    config = made(two_teams(), receivers=[{"name": "watchdog"}])
    assert alert_routes.paged(config, {**PAGE, **labels}, NOW) == receivers


def test_what_no_team_owns_goes_to_a_receiver_where_one_is_named_and_the_watchdog_to_nobody_without_one() -> None:
    config = made(two_teams(), receivers=[{"name": "audit"}], route={"receiver": "audit"})
    assert paged(config, owner="somebody") == ["audit"]
    assert paged(config, owner="ops") == ["person/carol"]
    assert paged(config, alertname="Watchdog") == ["nobody"]


def test_somebody_from_outside_who_swaps_into_a_layer_is_a_receiver_and_paged(tmp_path: Path) -> None:
    given = file(swaps=[{"people": ["alice", "dan"], "from": "2026-11-23", "to": "2026-12-06"}])
    config = made(given)
    assert "SUCCESS" in amtool(write(tmp_path / "alertmanager.yml", config), "check-config")
    assert paged(config) == ["person/dan"]


def test_routes_that_come_first_are_passed_through() -> None:
    first = {"matchers": ['environment="staging"'], "receiver": "nobody"}
    assert paged(made(file(), route={"routes": [first]}), environment="staging") == ["nobody"]


STAGING = {"matchers": ['environment="staging"'], "receiver": "audit"}
ESCALATED = {"environment": "staging", "escalation": "1"}


@pytest.mark.parametrize(
    "first,labels,receivers",
    [
        (STAGING, {"environment": "staging"}, ["audit"]),
        (STAGING, ESCALATED, ["nobody"]),
        (STAGING, {"escalation": "1"}, ["person/carol"]),
        ({**STAGING, "continue": True}, {"environment": "staging"}, ["audit", "person/alice"]),
        ({**STAGING, "continue": True}, ESCALATED, ["nobody", "person/carol"]),
        ({"match": {"environment": "staging"}, "receiver": "audit"}, ESCALATED, ["nobody"]),
        ({"match_re": {"environment": "st.*"}, "receiver": "audit"}, ESCALATED, ["nobody"]),
        ({"receiver": "audit"}, {"escalation": "1"}, ["nobody"]),
        # It names the label.
        ({"matchers": ['escalation=~".+"'], "receiver": "audit"}, ESCALATED, ["audit"]),
        ({**STAGING, "routes": [{"matchers": ['escalation="1"'], "receiver": "audit"}]}, ESCALATED, ["audit"]),
    ],
)
def test_who_was_told_of_an_alert_by_a_route_that_comes_first_is_not_told_of_its_escalated_copy(
    tmp_path: Path, first: dict[str, Any], labels: dict[str, str], receivers: list[str]
) -> None:
    config = made(two_teams(), receivers=[{"name": "audit"}], route={"routes": [first]})
    assert alert_routes.paged(config, {**PAGE, **labels}, NOW) == receivers
    assert "SUCCESS" in amtool(write(tmp_path / "alertmanager.yml", config), "check-config")


def test_a_receiver_for_what_no_team_owns_is_not_told_of_escalated_copies() -> None:
    config = made(two_teams(), receivers=[{"name": "audit"}], route={"receiver": "audit"})
    assert paged(config, owner="somebody", escalation="1") == ["nobody"]
    assert paged(config, escalation="1") == ["person/carol"]


def test_after_the_horizon_and_before_it_everybody_is_paged() -> None:
    config = made(file(), horizon_days=30)
    (covered,) = [one for one in config["time_intervals"] if one["name"] == "shop/worked out"]
    assert covered["time_intervals"][0]["days_of_month"] == ["23:30"]
    for day, everybody in (
        ("2026-11-22T23:59", True),
        ("2026-11-23T00:00", False),
        ("2026-12-29T23:59", False),
        ("2026-12-30T00:00", True),
    ):
        assert (paged(config, utc(day)) == ["team/shop/all"]) == everybody, day
    (receiver,) = [one for one in config["receivers"] if one["name"] == "team/shop/all"]
    assert [one["to"] for one in receiver["email_configs"]] == ["alice@example.com"]
    assert len(receiver["webhook_configs"]) == 1


def test_a_contact_that_two_people_share_is_told_once_where_all_are_told() -> None:
    shared = {
        "webhook": ["https://pager.example.com/shop", "https://pager.example.com/shop"],
        "email": "shop@example.com",
    }
    people = {"alice": {"contact": shared}, "bob": {"contact": {**shared, "email": "bob@example.com"}}}
    (everybody,) = [one for one in made({**file(), "people": people})["receivers"] if one["name"] == "team/shop/all"]
    assert [one["url"] for one in everybody["webhook_configs"]] == ["https://pager.example.com/shop"]
    assert [one["to"] for one in everybody["email_configs"]] == ["shop@example.com", "bob@example.com"]


def test_all_days_of_a_week_give_the_same_and_the_next_week_another() -> None:
    week = [made(two_teams(), now=utc("2026-11-23T00:00") + timedelta(days=day, hours=day)) for day in range(7)]
    assert all(one == week[0] for one in week)
    assert made(two_teams(), now=utc("2026-11-30T00:00")) != week[0]


@pytest.mark.parametrize("start", ["2026-03-20T00:00", "2026-10-20T00:00", "2026-12-20T00:00", "2028-02-20T00:00"])
def test_the_simulated_page_is_who_is_on_call_at_every_hour(start: str) -> None:
    begin = utc(start)
    config, rota = made(two_teams(), now=begin), oncall_lint.check(two_teams(), begin)
    spans = oncall_rota.timeline(rota.teams["shop"].layers[1], begin, begin + timedelta(days=20))
    assert len(spans) >= 3
    drawn = random.Random(start)
    moments = [edge for span in spans for edge in (span.start, span.end - timedelta(minutes=1))]
    for at in [*moments, *(begin + timedelta(minutes=drawn.randrange(20 * 1440)) for _time in range(60))]:
        on = oncall_rota.on_call(rota.teams["shop"].layers[1], at).person
        assert paged(config, at, escalation="1") == [f"person/{on}"], at


def test_intervals_hold_exactly_the_minutes_of_their_spans() -> None:
    drawn, begin = random.Random(7), utc("2027-12-25T00:00")
    edges = sorted(begin + timedelta(minutes=drawn.randrange(70 * 1440)) for _time in range(40))
    spans = list(zip(edges[::2], edges[1::2]))
    intervals = oncall_intervals.time_intervals(spans)
    around = [edge + timedelta(minutes=step) for edge in edges for step in (-1, 0, 1)]
    for at in [*around, *(begin + timedelta(hours=hour) for hour in range(70 * 24))]:
        assert alert_times.holds(intervals, at) == any(start <= at < end for start, end in spans), at


def test_a_span_of_days_is_few_intervals() -> None:
    assert oncall_intervals.time_intervals([(utc("2026-11-28T08:00"), utc("2026-12-03T08:00"))]) == [
        {
            "times": [{"start_time": "00:00", "end_time": "24:00"}],
            "days_of_month": ["29:30"],
            "months": ["11"],
            "years": ["2026"],
        },
        {
            "times": [{"start_time": "08:00", "end_time": "24:00"}],
            "days_of_month": ["28"],
            "months": ["11"],
            "years": ["2026"],
        },
        {
            "times": [{"start_time": "00:00", "end_time": "08:00"}],
            "days_of_month": ["3"],
            "months": ["12"],
            "years": ["2026"],
        },
        {
            "times": [{"start_time": "00:00", "end_time": "24:00"}],
            "days_of_month": ["1:2"],
            "months": ["12"],
            "years": ["2026"],
        },
    ]


@pytest.mark.parametrize("value", ['a"b', "a\\", 'a\\"b', "a\nb", '"', 'x", owner="y', "{}", ",", "é"])
def test_a_value_cannot_break_out_of_its_matcher(tmp_path: Path, value: str) -> None:
    text = oncall_alerting.matcher("owner", value)
    assert alert_routes.parse(text) == [alert_routes.Matcher("owner", "=", value)]
    inner = {"receiver": "nobody", "routes": [{"matchers": [text], "receiver": "found"}]}
    config = {"route": inner, "receivers": [{"name": "nobody"}, {"name": "found"}]}
    path = write(tmp_path / "alertmanager.yml", config)
    assert "SUCCESS" in amtool(path, "check-config")
    assert alert_routes.paged(config, {"owner": value}, NOW) == ["found"]
    assert alert_routes.paged(config, {"owner": "y"}, NOW) == ["nobody"]


@pytest.mark.parametrize(
    "more,found",
    [
        (
            {"horizon_days": 20},
            "horizon_days 20 cannot be. Give 21 to 400 days: when 14 are left, OncallHorizonEnds fires",
        ),
        ({"horizon_days": True}, "horizon_days True cannot be"),
        ({"receivers": [{}]}, r"monitoring_receivers\[0\]: it has no name"),
        ({"receivers": [{"name": "a"}, {"name": "a"}]}, r"monitoring_receivers\[1\]: the name 'a' is taken"),
        ({"receivers": [{"name": "person/alice"}]}, "the name 'person/alice' is taken"),
        ({"receivers": [{"name": "nobody"}]}, "the name 'nobody' is taken"),
        ({"route": {"receiver": "x"}}, "route: receiver 'x' is not among the receivers: none"),
        ({"route": {"routes": ["x"]}}, "route: one of its routes is 'x'. Give a mapping"),
        ({"route": {"group": []}}, "route: 'group' is unknown. Known are group_by"),
        ({"extra": {"globals": {}}}, "extra: 'globals' is unknown. Known are global"),
    ],
)
def test_what_cannot_be_made_a_configuration_is_refused_with_the_cure(more: dict[str, Any], found: str) -> None:
    with pytest.raises(BadInput, match=found):
        made(file(), **more)


def test_grouping_and_further_parts_are_taken_as_given(tmp_path: Path) -> None:
    extra = {
        **SMTP,
        "inhibit_rules": [{"source_matchers": ['a="b"'], "target_matchers": ['c="d"']}],
        "time_intervals": [
            {"name": "nights", "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "06:00"}]}]}
        ],
        "templates": ["/etc/prometheus/*.tmpl"],
    }
    config = made(file(), route={"group_wait": "1s", "group_by": ["..."]}, extra=extra)
    assert (config["route"]["group_wait"], config["route"]["group_by"], config["route"]["repeat_interval"]) == (
        "1s",
        ["..."],
        "4h",
    )
    assert config["inhibit_rules"] == extra["inhibit_rules"]
    assert config["time_intervals"][-1]["name"] == "nights"
    assert "SUCCESS" in amtool(write(tmp_path / "alertmanager.yml", {**config, "templates": []}), "check-config")


def test_the_least_horizon_leaves_a_week_until_the_alert_that_it_ends() -> None:
    alerts = yaml.safe_load((Path(alert_routes.__file__).parent / "fleet_rules.yml").read_text())
    covered = alerts["thresholds"]["oncall_covered_days"]
    for day in range(7):
        _begin, end = oncall_alerting.horizon(NOW + timedelta(days=day), oncall_alerting.LEAST_DAYS)
        assert end - (NOW + timedelta(days=day)) >= timedelta(days=covered + 7)
