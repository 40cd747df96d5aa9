# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows and freezes over a year: Berlin goes forward on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_calendar, rollout_clock, rollout_windows
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_windows import Calendar

pytestmark = pytest.mark.of_python_alone

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
BERLIN = "Europe/Berlin"


def window(**more: Any) -> dict[str, Any]:
    return {"name": "w", "days": WEEK, "start": "22:00", "end": "04:00", "timezone": BERLIN, **more}


def freeze(begins: str, until: str, **more: Any) -> dict[str, Any]:
    return {"name": "f", "from": begins, "until": until, "timezone": BERLIN, **more}


def utc(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=timezone.utc)


def when(*entries: dict[str, Any]) -> Calendar:
    windows = [entry for entry in entries if "days" in entry]
    return rollout_windows.understand(windows, [entry for entry in entries if "days" not in entry])


def opening(calendar: Calendar, moment: str) -> tuple[bool, str, str]:
    """Whether it is open at the moment, until when, and when it opens next: all in UTC."""
    found = rollout_calendar.standing(calendar, utc(moment))
    until, opens = found.until, found.opens
    return found.open, f"{until:%Y-%m-%d %H:%M}" if until else "", f"{opens[0]:%Y-%m-%d %H:%M}" if opens else ""


PATCH_TUESDAY = window(days=["tue"], weeks=[2])
LAST_SUNDAY = window(days=["sun"], weeks=["last"], start="10:00", end="12:00")


@pytest.mark.parametrize(
    "entries, now, expected",
    [
        # Across midnight, winter: 22:00 to 04:00 is 21:00 to 03:00 UTC; the end is closed.
        ([window()], "2026-12-08 20:59", (False, "", "2026-12-08 21:00")),
        ([window()], "2026-12-08 21:00", (True, "2026-12-09 03:00", "2026-12-09 21:00")),
        ([window()], "2026-12-09 02:59", (True, "2026-12-09 03:00", "2026-12-09 21:00")),
        ([window()], "2026-12-09 03:00", (False, "", "2026-12-09 21:00")),
        # The clock goes forward that night: one hour less.
        ([window()], "2026-03-28 21:00", (True, "2026-03-29 02:00", "2026-03-29 20:00")),
        # And back: one hour more.
        ([window()], "2026-10-24 20:00", (True, "2026-10-25 03:00", "2026-10-25 21:00")),
        # 02:30 does not exist on 2026-03-29: what would begin or end there does at 03:00, which is 01:00 UTC.
        ([window(start="02:30", end="05:00")], "2026-03-29 00:59", (False, "", "2026-03-29 01:00")),
        ([window(start="01:00", end="02:30")], "2026-03-29 00:30", (True, "2026-03-29 01:00", "2026-03-29 23:00")),
        # A window within the skipped hour does not open that day.
        ([window(start="02:15", end="02:45")], "2026-03-29 00:00", (False, "", "2026-03-30 00:15")),
        # 02:30 comes twice on 2026-10-25, at 00:30 and at 01:30 UTC: the first is meant.
        ([window(start="02:30", end="03:30")], "2026-10-25 00:00", (False, "", "2026-10-25 00:30")),
        ([window(start="01:00", end="02:30")], "2026-10-25 00:00", (True, "2026-10-25 00:30", "2026-10-26 00:00")),
        ([window(start="01:00", end="02:30")], "2026-10-25 01:00", (False, "", "2026-10-26 00:00")),
        # Sydney is on the other side of the earth and of the year.
        ([window(timezone="Australia/Sydney")], "2026-12-08 11:00", (True, "2026-12-08 17:00", "2026-12-09 11:00")),
        # Equal is the whole day, of 23 and of 25 hours too.
        ([window(days=["sun"], start="00:00", end="00:00")], "2026-03-28 23:00", (True, "2026-03-29 22:00", "2026-04-04 22:00")),
        ([window(days=["sun"], start="00:00", end="00:00")], "2026-10-24 22:00", (True, "2026-10-25 23:00", "2026-10-31 23:00")),
        ([window(days=["sun"], start="06:00", end="06:00")], "2026-12-07 04:59", (True, "2026-12-07 05:00", "2026-12-13 05:00")),
        # Days and windows that touch each other are one opening.
        ([window(days=["sat", "sun"], start="00:00", end="00:00")], "2026-12-05 12:00", (True, "2026-12-06 23:00", "2026-12-11 23:00")),
        ([window(end="23:00"), window(start="23:00", end="01:00")], "2026-12-08 21:30", (True, "2026-12-09 00:00", "2026-12-09 21:00")),
        ([window(start="00:00", end="00:00")], "2026-12-08 12:00", (True, "", "")),
        # Weeks of the month: the day on which it begins counts.
        ([PATCH_TUESDAY], "2026-12-01 21:30", (False, "", "2026-12-08 21:00")),
        ([PATCH_TUESDAY], "2026-12-09 02:00", (True, "2026-12-09 03:00", "2027-01-12 21:00")),
        ([LAST_SUNDAY], "2026-11-22 09:30", (False, "", "2026-11-29 09:00")),
        ([LAST_SUNDAY], "2026-11-29 09:30", (True, "2026-11-29 11:00", "2026-12-27 09:00")),
        ([LAST_SUNDAY], "2027-02-28 09:30", (True, "2027-02-28 11:00", "2027-03-28 08:00")),
        ([window(days=["sun"], weeks=[5], start="10:00", end="12:00")], "2026-12-01 00:00", (False, "", "2027-01-31 09:00")),
        # A freeze beats a window, cuts its end, and the next opening is after it.
        ([window(), freeze("2026-12-20", "2027-01-03")], "2026-12-20 21:30", (False, "", "2027-01-03 23:00")),
        ([window(), freeze("2026-12-20", "2027-01-03")], "2026-12-19 22:00", (True, "2026-12-19 23:00", "2027-01-03 23:00")),
        ([PATCH_TUESDAY, freeze("2026-12-01", "2026-12-31")], "2026-12-08 22:00", (False, "", "2027-01-12 21:00")),
        ([window(), freeze("2026-12-08 23:00", "2026-12-09 02:00")], "2026-12-08 21:00", (True, "2026-12-08 22:00", "2026-12-09 01:00")),
        ([window(), freeze("2026-12-08", "2026-12-09"), freeze("2026-12-10", "2026-12-11 23:30")], "2026-12-08 12:00", (False, "", "2026-12-11 22:30")),
        # A day that is frozen "until" is frozen to its end, and one of an hour that comes twice to the second.
        ([freeze("2026-10-25 01:00", "2026-10-25 02:30")], "2026-10-25 01:15", (False, "", "2026-10-25 01:30")),
        ([freeze("2026-12-24", "2026-12-24")], "2026-12-24 22:59", (False, "", "2026-12-24 23:00")),
        # Without windows it is open whenever nothing is frozen.
        ([], "2026-12-08 12:00", (True, "", "")),
        ([freeze("2026-12-20", "2027-01-03")], "2026-12-08 12:00", (True, "2026-12-19 23:00", "2027-01-03 23:00")),
        ([freeze("2026-12-20", "2027-01-03")], "2026-12-21 12:00", (False, "", "2027-01-03 23:00")),
        # A freeze over all that anybody can see.
        ([window(), freeze("2026-12-01", "2036-12-01")], "2026-12-08 12:00", (False, "", "")),
    ],
)  # fmt: skip
def test_it_is_open_when_a_window_says_so_and_no_freeze_does(
    entries: list[dict[str, Any]], now: str, expected: tuple[bool, str, str]
) -> None:
    assert opening(when(*entries), now) == expected


def test_what_is_said_of_the_next_change_comes_true_all_summer_long() -> None:
    calendar = when(window(), window(name="v", days=["sat"], weeks=[1, "last"], start="02:30", end="02:30"))
    moment, end = utc("2026-03-20 00:00"), utc("2026-11-02 00:00")
    changes = 0
    while moment < end:
        found = rollout_calendar.standing(calendar, moment)
        change = found.until if found.open else found.opens and found.opens[0]
        assert change is not None
        before, after = (rollout_calendar.standing(calendar, change + timedelta(minutes=m)).open for m in (-1, 0))
        assert (before, after) == (found.open, not found.open)
        moment, changes = change, changes + 1
    assert changes > 400


def test_the_head_tells_the_window_the_next_opening_in_both_zones_and_every_freeze() -> None:
    calendar = when(window(name="nights"), freeze("2026-12-20", "2027-01-03", name="fair", reason="the trade fair"))
    assert rollout_calendar.tell(calendar, utc("2026-12-08 22:00")) == [
        "in force now: yes (window nights until Wed 2026-12-09 04:00 Europe/Berlin (2026-12-09 03:00 UTC))",
        "next opens: Wed 2026-12-09 22:00 Europe/Berlin (2026-12-09 21:00 UTC) (window nights)",
    ]
    assert rollout_calendar.tell(calendar, utc("2026-12-21 22:00")) == [
        "in force now: no (frozen)",
        "next opens: Mon 2027-01-04 00:00 Europe/Berlin (2027-01-03 23:00 UTC) (window nights)",
        "freeze fair until Mon 2027-01-04 00:00 Europe/Berlin (2027-01-03 23:00 UTC): the trade fair",
    ]
    assert rollout_calendar.tell(Calendar(), utc("2026-12-08 22:00")) == ["in force now: yes (no windows are set)"]
    frozen = rollout_calendar.tell(when(freeze("2026-12-20", "2036-01-03")), utc("2026-12-21 22:00"))
    assert frozen[1] == "next opens: Fri 2036-01-04 00:00 Europe/Berlin (2036-01-03 23:00 UTC)"


@pytest.mark.parametrize("moment, may", [("2026-12-08 12:00", False), ("2026-12-08 22:00", True)])
def test_nothing_may_begin_while_it_is_closed_unless_somebody_says_why(moment: str, may: bool) -> None:
    calendar = when(window())
    assert (rollout_calendar.closed(calendar, utc(moment), outside="") == "") is may
    assert rollout_calendar.closed(calendar, utc(moment), outside="the shop is down") == ""


@pytest.mark.parametrize("given", [True, 5, "yes", " ", ["a b"]])
def test_a_reason_is_a_sentence(given: object) -> None:
    with pytest.raises(BadInput, match="gives no reason"):
        rollout_calendar.outside_reason(given)


def test_no_reason_is_none_and_a_sentence_is_one() -> None:
    assert [rollout_calendar.outside_reason(given) for given in (None, "", "it  burns")] == ["", "", "it burns"]


def test_a_whole_day_that_the_clock_skips_has_its_moment_too() -> None:
    samoa = ZoneInfo("Pacific/Apia")
    assert rollout_clock.moment(datetime.fromisoformat("2011-12-30 12:00"), samoa) == utc("2011-12-30 10:00")
