"""Everybody's turns as iCalendar: what a calendar program reads, and that an event stays the same one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_calendar, oncall_lint
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.oncall_files import (
    PEOPLE,
    WEEKLY,
    file,
    team,
    utc,
)

BEGIN = utc("2026-03-23T00:00")
LONG = "Ops, die Brücke; \\ " + "ü" * 60


def calendars(given: dict[str, Any], weeks: int = 0) -> dict[str, str]:
    begin = BEGIN + timedelta(days=7 * weeks)
    return oncall_calendar.calendars(oncall_lint.check(given, BEGIN), begin, begin + timedelta(days=28))


def events(text: str) -> list[dict[str, str]]:
    """The events as a calendar program reads them: unfolded, and without escapes."""
    found: list[dict[str, str]] = []
    for line in text.replace("\r\n ", "").split("\r\n"):
        name, _colon, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found:
            for escape, letter in (("\\,", ","), ("\\;", ";"), ("\\n", "\n"), ("\\\\", "\\")):
                value = value.replace(escape, letter)
            found[-1].setdefault(name, value)
    return found


def test_each_person_has_a_calendar_of_turns_in_utc_over_the_change_of_the_clock() -> None:
    alice, bob = (events(text) for text in calendars(file()).values())
    assert [(one["DTSTART"], one["DTEND"]) for one in alice] == [
        ("20260316T080000Z", "20260323T080000Z"),
        ("20260330T070000Z", "20260406T070000Z"),
        ("20260413T070000Z", "20260420T070000Z"),
    ]
    assert [one["DTSTART"] for one in bob] == ["20260323T080000Z", "20260406T070000Z"]
    assert {one["SUMMARY"] for one in alice} == {"On call: shop"}


def test_the_second_layer_says_so_and_an_override_its_reason() -> None:
    override = {"person": "dan", "from": "2026-03-24", "to": "2026-03-24", "reason": f"first; {LONG}", "layer": 1}
    given = file(WEEKLY, {**WEEKLY, "people": ["carol"]}, overrides=[override])
    (one,) = events(calendars(given)["dan"])
    assert (one["SUMMARY"], one["DESCRIPTION"]) == ("On call: shop, layer 1", f"override: first; {LONG}")


def test_a_turn_that_somebody_from_outside_has_swapped_for_is_in_that_calendar() -> None:
    (one,) = events(
        calendars(file(swaps=[{"people": ["bob", "dan"], "from": "2026-03-24", "to": "2026-03-24"}]))["dan"]
    )
    assert (one["DTSTART"], one["DESCRIPTION"]) == ("20260323T230000Z", "swap with bob")


def test_an_event_keeps_its_identity_from_week_to_week() -> None:
    now, later = (events(calendars(file(), weeks)["bob"]) for weeks in (0, 1))
    assert (
        now[1]["UID"] == later[1]["UID"]
        if now[1]["DTSTART"] == later[1]["DTSTART"]
        else now[1]["UID"] == later[0]["UID"]
    )
    two = {"people": PEOPLE, "default_team": "a", "teams": {"a": team(WEEKLY), "b": team(WEEKLY)}}
    found = [one["UID"] for text in calendars(two).values() for one in events(text)]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("start", ["", "x"])
def test_lines_are_short_end_as_they_must_and_cut_no_letter(start: str) -> None:
    given = file(overrides=[{"person": "dan", "from": "2026-03-24", "to": "2026-03-24", "reason": start + LONG}])
    text = calendars(given)["dan"]
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert text == calendars(given)["dan"]


def test_no_contact_is_in_a_calendar() -> None:
    assert "example" not in "".join(calendars(file()).values())
