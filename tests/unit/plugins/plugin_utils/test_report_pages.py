"""Pages, nights and silences, in tables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence.state import seconds
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import report_pages
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.report_pages import Episode

UTC = report_pages.zone_of("UTC")
DOWN = {"alertname": "AppDown", "severity": "page", "owner": "web", "app": "shop", "alertstate": "firing"}


def silence(start: str, end: str, *matchers: tuple[str, str, bool, bool], state: str = "expired") -> dict[str, Any]:
    told = [
        {"name": name, "value": value, "isRegex": regex, "isEqual": equal} for name, value, regex, equal in matchers
    ]
    return {
        "startsAt": start,
        "endsAt": end,
        "matchers": told,
        "createdBy": "ann",
        "comment": "patching",
        "status": {"state": state},
    }


@pytest.mark.parametrize(
    "times, found",
    [
        ([], []),
        ([60], [(0, 60)]),
        ([60, 120, 180], [(0, 180)]),
        ([60, 120, 240], [(0, 240)]),
        ([60, 120, 300, 360], [(0, 120), (240, 360)]),
    ],
)
def test_an_alert_fires_until_it_is_gone_for_two_steps(times: list[float], found: list[tuple[float, float]]) -> None:
    series = [{"labels": DOWN, "values": [[when, 1.0] for when in times]}]
    assert [(one.start, one.end) for one in report_pages.episodes(series, 60)] == found


@pytest.mark.parametrize(
    "moment, zone, night",
    [
        ("2026-01-15T21:59:59Z", "UTC", False),
        ("2026-01-15T22:00:00Z", "UTC", True),
        ("2026-01-15T05:59:59Z", "UTC", True),
        ("2026-01-15T06:00:00Z", "UTC", False),
        ("2026-01-15T21:00:00Z", "Europe/Berlin", True),
        ("2026-07-15T20:00:00Z", "Europe/Berlin", True),
        ("2026-07-15T19:59:00Z", "Europe/Berlin", False),
        ("2026-07-15T04:00:00Z", "Europe/Berlin", False),
        ("2026-01-15T04:59:00Z", "Europe/Berlin", True),
        ("2026-03-29T04:00:00Z", "Europe/Berlin", False),
        ("2026-03-28T04:00:00Z", "Europe/Berlin", True),
        ("2026-01-15T14:00:00Z", "Pacific/Auckland", True),
    ],
)
def test_night_is_by_the_clocks_of_the_zone(moment: str, zone: str, *, night: bool) -> None:
    assert report_pages.is_night(seconds(moment), report_pages.zone_of(zone)) is night


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "../etc/passwd", "Europe"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="is none"):
        report_pages.zone_of(name)


@pytest.mark.parametrize(
    "matchers, covered",
    [
        ([("app", "shop", False, True)], True),
        ([("app", "shop", False, False)], False),
        ([("app", "s.*", True, True), ("owner", "web", False, True)], True),
        ([("app", "s", True, True)], False),
        ([("app", "shop", False, True), ("owner", "db", False, True)], False),
        ([("host", "app1", False, False)], True),
        ([("app", "(?P<x>", True, True)], False),
    ],
)
def test_a_silence_covers_what_all_of_its_matchers_fit(
    matchers: list[tuple[str, str, bool, bool]], *, covered: bool
) -> None:
    start = seconds("2026-01-15T10:00:00Z")
    told = [silence("2026-01-15T09:00:00Z", "2026-01-15T11:00:00Z", *matchers)]
    assert report_pages.is_silenced(Episode(DOWN, start, start), told) is covered
    assert not report_pages.is_silenced(Episode(DOWN, start + 3600, start), told)
    assert not report_pages.is_silenced(Episode(DOWN, start - 3601, start), told)


def test_pages_go_to_whoever_has_the_shift_and_the_night_is_that_persons() -> None:
    shift = {"owner": "web", "start": "2026-01-15T00:00:00Z", "end": "2026-01-15T12:00:00Z"}
    shifts = report_pages.shifts_from(
        [
            {**shift, "person": "ann", "timezone": "Pacific/Auckland"},
            {**shift, "owner": "db", "person": "bob", "timezone": "UTC"},
        ]
    )
    found = [
        Episode(DOWN, seconds("2026-01-15T10:00:00Z"), seconds("2026-01-15T10:02:00Z")),
        Episode({**DOWN, "severity": "ticket"}, seconds("2026-01-15T10:30:00Z"), 0),
        Episode({"alertname": "X", "severity": "page"}, seconds("2026-01-15T11:00:00Z"), 0),
        Episode(DOWN, seconds("2026-01-15T12:00:00Z"), seconds("2026-01-15T12:00:00Z")),
    ]
    told = report_pages.pages(found, [], UTC, shifts)
    assert [(one["when"][11:16], one["owner"], one["person"], one["night"]) for one in told] == [
        ("12:00", "web", "", False),
        ("11:00", "nobody", "", False),
        ("10:00", "web", "ann", True),
    ]
    assert (told[2]["alert"], told[2]["about"], told[2]["seconds"]) == ("AppDown", "app=shop", 120)
    assert report_pages.counted(told, "owner") == [
        {"name": "web", "pages": 2, "night": 1},
        {"name": "nobody", "pages": 1, "night": 0},
    ]
    assert report_pages.counted(told, "person") == [{"name": "ann", "pages": 1, "night": 1}]


def test_what_has_no_team_goes_to_whoever_has_the_shift_of_the_rest() -> None:
    day = {"start": "2026-01-15T00:00:00Z", "end": "2026-01-16T00:00:00Z", "timezone": "UTC"}
    rest, web = {**day, "owner": "", "person": "bob"}, {**day, "owner": "web", "person": "ann"}
    start = seconds("2026-01-15T10:00:00Z")
    found = [Episode({**DOWN, "owner": owner}, start, start) for owner in ("web", "till", "")]
    told = report_pages.pages(found, [], UTC, report_pages.shifts_from([rest, web]))
    assert [(one["owner"], one["person"]) for one in told] == [("nobody", "bob"), ("till", "bob"), ("web", "ann")]


def test_an_alert_of_a_severity_that_nobody_knows_pages_too() -> None:
    found = [Episode({**DOWN, "severity": name}, 0, 0) for name in ("ticket", "info", "critical", "")]
    assert len(report_pages.pages(found, [], UTC)) == 2


def test_a_silenced_alert_pages_nobody() -> None:
    start = seconds("2026-01-15T10:00:00Z")
    told = [silence("2026-01-15T09:00:00Z", "2026-01-15T11:00:00Z", ("app", "shop", False, True))]
    assert report_pages.pages([Episode(DOWN, start, start)], told, UTC) == []


def test_silences_are_told_with_their_matchers_and_old_ones_are_not() -> None:
    told = [
        silence("2026-01-14T09:00:00Z", "2026-01-14T11:00:00Z", ("a", "b", False, True)),
        silence(
            "2026-01-15T09:00:00Z", "2026-01-15T11:00:00.5Z", ("app", "s.*", True, False), ("host", "x", False, True)
        ),
        silence("2026-01-15T09:00:00Z", "2026-01-15T12:00:00Z", ("a", "b", True, True), state="active"),
        silence("2026-01-17T09:00:00Z", "2026-01-18T12:00:00Z", ("a", "b", False, False), state="pending"),
    ]
    found = report_pages.silences_since(told, seconds("2026-01-15T00:00:00Z"))
    assert [(one["to"], one["active"], one["matchers"]) for one in found] == [
        ("2026-01-15T12:00:00Z", True, ['a=~"b"']),
        ("2026-01-15T11:00:00Z", False, ['app!~"s.*"', 'host="x"']),
    ]
