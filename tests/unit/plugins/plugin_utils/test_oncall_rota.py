"""Who is on call, over ten years of hours, held against a slow reference that knows nothing of spans."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_file, oncall_lint, oncall_rota
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import (
    WEEK_MINUTES,
    Layer,
    Rota,
    Schedule,
    Span,
)
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.oncall_files import (
    PEOPLE,
    WEEKLY,
    file,
    team,
    utc,
)

pytestmark = pytest.mark.of_python_alone

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
TEN_YEARS = (utc("2026-01-05T00:00"), utc("2036-01-05T00:00"))
HALF_HOUR = timedelta(minutes=30)
MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001 - the wall's clock has no zone


def layer(made: dict[str, Any], zone: str = "Europe/Berlin", **more: Any) -> Layer:
    rota, found = oncall_file.read(file(made, **{"time_zone": zone, **more}))
    assert rota, [str(one) for one in found]
    return rota.teams["shop"].layers[0]


@cache
def walls(zone: ZoneInfo, begin: datetime, end: datetime) -> list[tuple[int, int]]:
    """Each hour, and the latest that the clock on the wall has shown until then: of a doubled hour the first counts.

    Both in minutes, so that ten years of them are counted fast. Half past is when turns change in a skipped or doubled hour;
    only Lord Howe, whose clock changes by half an hour, needs to be looked at twice as often.
    """
    step = HALF_HOUR if zone.key == "Australia/Lord_Howe" else 2 * HALF_HOUR
    found, at, latest = [], begin + HALF_HOUR, 0
    while at < end:
        latest = max(latest, minutes(at.astimezone(zone).replace(tzinfo=None)))
        found.append((minutes(at.replace(tzinfo=None)), latest))
        at += step
    return found


def minutes(when: datetime) -> int:
    return (when.replace(tzinfo=None) - MONDAY) // timedelta(minutes=1)


def reference(schedule: Schedule) -> Iterator[tuple[int, str]]:
    """Who is on at each hour, "" for nobody, by counting turns one after the other from the anchor on."""
    length, count, last, anchor = schedule.hours * 60, -1, -1, minutes(schedule.anchor)
    for at, wall in walls(schedule.zone, TEN_YEARS[0] - timedelta(days=2), TEN_YEARS[1] - HALF_HOUR):
        minute = wall % WEEK_MINUTES
        opened = not schedule.windows or any(window.start <= minute < window.end for window in schedule.windows)
        shift = (wall - anchor) // length
        if opened and shift >= 0 and shift != last:
            count, last = count + 1, shift
        yield at, schedule.people[count % len(schedule.people)] if opened and count >= 0 else ""


SUN = {
    "schedules": [
        {"people": ["alice", "dan"], "start": "2026-01-05", "hours": "08:00-20:00", "shift": "1d", "handover": "08:00"},
        {"people": ["bob", "carol"], "start": "2026-01-05", "hours": "20:00-08:00", "shift": "1d", "handover": "20:00"},
    ]
}
WEEKENDS = {
    "schedules": [
        {"people": ["alice", "bob", "dan"], "start": "2026-01-05", "hours": "mon 09:00 - fri 17:00", "shift": "1d"},
        {"people": ["carol", "dan"], "start": "2026-01-05", "hours": "fri 17:00 - mon 09:00"},
    ]
}
ROTATIONS: dict[str, dict[str, Any]] = {
    "weekly": WEEKLY,
    "daily, handed over at night": {**WEEKLY, "people": ["alice", "bob", "carol"], "shift": "1d", "handover": "02:30"},
    "five hours": {**WEEKLY, "people": ["alice", "bob", "carol", "dan"], "shift": "5h", "handover": "01:30"},
    "two weeks": {**WEEKLY, "people": ["dan", "carol", "bob"], "shift": "2w", "handover": "mon 12:00"},
    "follow the sun": SUN,
    "weekends apart": WEEKENDS,
}


@cache
def ten_years(name: str, zone: str) -> list[Span]:
    return oncall_rota.timeline(layer(ROTATIONS[name], zone), *TEN_YEARS)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", ROTATIONS)
def test_exactly_one_person_is_on_at_each_moment_of_ten_years(name: str, zone: str) -> None:
    assert_one_at_each_moment(ten_years(name, zone))


def assert_one_at_each_moment(spans: list[Span]) -> None:
    assert (spans[0].start, spans[-1].end) == TEN_YEARS
    assert all(span.start < span.end for span in spans)
    assert all(one.end == after.start for one, after in zip(spans[:-1], spans[1:]))


@pytest.mark.parametrize(
    "name,zone",
    [
        ("weekly", "Europe/Berlin"),
        ("daily, handed over at night", "America/New_York"),
        ("five hours", "Australia/Lord_Howe"),
        ("follow the sun", "Europe/Berlin"),
        ("weekends apart", "Australia/Lord_Howe"),
    ],
)
def test_the_person_is_the_one_of_a_reference_at_each_hour_of_ten_years(name: str, zone: str) -> None:
    made, beyond = layer(ROTATIONS[name], zone), TEN_YEARS[1] + timedelta(days=7)
    for schedule in made.schedules:
        spans = [
            (minutes(one.start), minutes(one.end), one.person)
            for one in oncall_rota.turns(schedule, TEN_YEARS[0], beyond)
        ]
        number, day = 0, minutes(schedule.anchor) + 1440
        for at, person in reference(schedule):
            while number < len(spans) - 1 and at >= spans[number][1]:
                number += 1
            start, _end, mine = spans[number]
            if at > day:
                assert person == (mine if at >= start else ""), at


def wall_hours(span: Span, zone: ZoneInfo) -> timedelta:
    return span.end.astimezone(zone).replace(tzinfo=None) - span.start.astimezone(zone).replace(tzinfo=None)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", ROTATIONS)
def test_totals_are_fair_to_one_shift_over_ten_years(name: str, zone: str) -> None:
    for schedule in layer(ROTATIONS[name], zone).schedules:
        spans = [span for span in oncall_rota.turns(schedule, *TEN_YEARS) if TEN_YEARS[0] <= span.start]
        turns = Counter(dict.fromkeys(schedule.people, 0))
        hours = dict.fromkeys(schedule.people, timedelta())
        for span in spans:
            turns[span.person] += 1
            hours[span.person] += span.end - span.start
        # A turn may have no length on the one night in which the clock jumps over it.
        assert max(turns.values()) - min(turns.values()) <= (1 if schedule.hours >= 24 else 3)
        # One shift, and the hours that the clock gives and takes, at most one at each of its changes.
        longest = max(wall_hours(span, schedule.zone) for span in spans)
        assert max(hours.values()) - min(hours.values()) <= longest + timedelta(hours=20)


def test_turns_within_windows_are_all_as_long_as_each_other() -> None:
    (schedule, _weekend) = layer(SUN).schedules
    assert oncall_rota.lengths(schedule) == {timedelta(hours=12)}


def shuffled(value: Any, drawn: random.Random) -> Any:
    """The same with the keys of every mapping in another order."""
    if isinstance(value, dict):
        keys = list(value)
        drawn.shuffle(keys)
        return {key: shuffled(value[key], drawn) for key in keys}
    return [shuffled(one, drawn) for one in value] if isinstance(value, list) else value


def test_the_order_of_the_file_changes_nothing() -> None:
    drawn = random.Random(1)
    teams = {f"team{number}": team(made, **CHANGES) for number, made in enumerate(ROTATIONS.values())}
    given = {"people": copy.deepcopy(PEOPLE), "teams": teams, "default_team": "team3"}
    wanted = plan(given)
    for _time in range(4):
        mixed = shuffled(given, drawn)
        for one in mixed["teams"].values():
            # The order of schedules, and of what comes over them, is no order of people.
            for entries in (one["overrides"], one["swaps"], *(each.get("schedules", []) for each in one["layers"])):
                drawn.shuffle(entries)
        assert plan(mixed) == wanted


def plan(given: dict[str, Any]) -> dict[str, list[Span]]:
    rota, found = oncall_file.read(given)
    assert rota, found
    return {
        name: oncall_rota.timeline(one.layers[0], utc("2026-04-05T00:00"), utc("2027-01-05T00:00"))
        for name, one in rota.teams.items()
    }


CHANGES: dict[str, Any] = {
    "holidays": [{"name": "Christmas", "dates": ["2026-12-26", "2026-12-25"], "people": ["dan", "carol"]}],
    "swaps": [
        {"people": ["alice", "bob"], "from": "2026-08-03 09:00", "to": "2026-08-17 09:00"},
        {"people": ["carol", "dan"], "from": "2026-08-05", "to": "2026-08-06"},
    ],
    "overrides": [
        {"person": "carol", "from": "2026-05-01 18:00", "to": "2026-05-02 06:00", "reason": "concert"},
        {"person": "dan", "from": "2026-12-25 12:00", "to": "2026-12-25"},
        {"person": "dan", "from": "2026-08-04 12:00", "to": "2026-08-04 13:00"},
    ],
}


@pytest.mark.parametrize("zone", ZONES)
def test_exactly_one_person_is_on_where_holidays_swaps_and_overrides_change_the_rotation_too(zone: str) -> None:
    assert_one_at_each_moment(oncall_rota.timeline(layer(SUN, zone, **CHANGES), *TEN_YEARS))


def told(made: Layer, begin: str, end: str) -> list[str]:
    return [
        f"{span.start:%d %H:%M} {span.person}, {span.why}" for span in oncall_rota.timeline(made, utc(begin), utc(end))
    ]


def test_holidays_swaps_and_overrides_come_over_the_rotation_in_this_order() -> None:
    made = layer(WEEKLY, **CHANGES)
    assert told(made, "2026-12-24T12:00", "2026-12-28T12:00") == [
        "24 12:00 alice, rotation",
        "24 23:00 dan, holiday: Christmas",
        "25 11:00 dan, override",
        "25 23:00 carol, holiday: Christmas",
        "26 23:00 alice, rotation",
        "28 08:00 bob, rotation",
    ]
    assert told(made, "2026-08-03T00:00", "2026-08-18T00:00") == [
        "03 00:00 bob, rotation",
        "03 07:00 bob, swap with alice",
        "04 10:00 dan, override",
        "04 11:00 bob, swap with alice",
        "10 07:00 alice, swap with bob",
        "17 07:00 alice, rotation",
    ]
    assert told(made, "2026-05-01T12:00", "2026-05-02T12:00") == [
        "01 12:00 alice, rotation",
        "01 16:00 carol, override: concert",
        "02 04:00 alice, rotation",
    ]


@pytest.mark.parametrize(
    "zone,handover,day,moment",
    [
        # 02:00 to 03:00 is skipped: handed over at the jump.
        ("Europe/Berlin", "02:30", "2026-03-29", "2026-03-29T01:00"),
        # 02:00 to 03:00 comes twice: handed over in the first.
        ("Europe/Berlin", "02:30", "2026-10-25", "2026-10-25T00:30"),
        ("America/New_York", "02:30", "2026-03-08", "2026-03-08T07:00"),
        ("America/New_York", "01:30", "2026-11-01", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "02:15", "2026-10-04", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "01:45", "2026-04-05", "2026-04-04T14:45"),
        ("UTC", "00:00", "2028-02-29", "2028-02-29T00:00"),
    ],
)
def test_a_handover_in_an_hour_that_is_skipped_or_doubled_has_its_moment(
    zone: str, handover: str, day: str, moment: str
) -> None:
    made = layer({**WEEKLY, "start": day, "handover": handover, "shift": "1d"}, zone)
    at = utc(moment)
    assert oncall_rota.on_call(made, at - timedelta(seconds=1)).person == "bob"
    assert oncall_rota.on_call(made, at) == oncall_rota.on_call(made, at + timedelta(hours=20))
    assert (oncall_rota.on_call(made, at).start, oncall_rota.on_call(made, at).person) == (at, "alice")


def test_a_daily_turn_at_weekends_only_comes_round_to_everybody() -> None:
    weekend = {"people": ["alice", "bob", "carol"], "start": "2026-01-03", "days": ["sat", "sun"], "handover": "00:00"}
    made = layer({"schedules": [{**weekend, "shift": "1d"}]}, "UTC")
    people = [span.person for span in oncall_rota.base(made, utc("2026-01-03T00:00"), utc("2026-01-19T00:00"))]
    assert people == ["alice", "bob", "carol", "alice", "bob", "carol"]


def test_the_time_before_the_start_is_somebodys_too() -> None:
    assert oncall_rota.on_call(layer(WEEKLY), utc("2026-01-04T00:00")).person == "bob"


def test_a_long_turn_is_told_whole() -> None:
    span = oncall_rota.on_call(layer({**WEEKLY, "shift": "20w"}, "UTC"), utc("2026-02-01T00:00"))
    assert (span.start, span.end) == (utc("2026-01-05T09:00"), utc("2026-05-25T09:00"))


def test_a_rota_that_is_asked_for_what_is_not_there_says_what_is() -> None:
    rota = oncall_lint.check(file(), TEN_YEARS[0])
    assert isinstance(rota, Rota)
    with pytest.raises(Exception, match=r"team 'shoop' is not in the on-call file\. Known are shop"):
        oncall_rota.team_of(rota, "shoop")
    for number in (1, -1, True):
        with pytest.raises(Exception, match=r"team 'shop' has no layer .*. Give 0 to 0; 0 is paged first"):
            oncall_rota.layer_of(rota.teams["shop"], number)
