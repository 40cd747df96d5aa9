# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows and freezes as somebody wrote them: understood, or refused with the entry, the value and the cure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_clock

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST = "last"
_WEEKS = (1, 2, 3, 4, 5, LAST)
_WINDOW = {"name": True, "days": True, "weeks": False, "start": True, "end": True, "timezone": True}
_FREEZE = {"name": True, "from": True, "until": True, "timezone": True, "reason": False}
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([0-9]{1,2}:[0-9]{2})(?::00)?)?")


class Window(NamedTuple):
    """A time in which changes are welcome, on these days (0 is Monday) from `start` to `end` of the same or the next day.

    `weeks` says which of the month's Mondays, Tuesdays and so on; none means each of them.
    """

    name: str
    days: tuple[int, ...]
    weeks: tuple[int | str, ...]
    start: time
    end: time
    zone: ZoneInfo


class Freeze(NamedTuple):
    """A time in which nothing may change, windows or not; `begins` and `ends` are moments in UTC."""

    name: str
    begins: datetime
    ends: datetime
    zone: ZoneInfo
    reason: str


class Calendar(NamedTuple):
    """When a rollout may run; without windows at any time that is not frozen."""

    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()


class Entry(NamedTuple):
    """One entry of an option, and how it is called in a refusal."""

    label: str
    told: Mapping[str, object]

    def refuse(self, key: str, wrong: str, cure: str) -> BadInput:
        return BadInput(f"{self.label}: {key} {self.told.get(key)!r} {wrong}. {cure}")


def understand(windows: object, freezes: object) -> Calendar:
    """Return the calendar of the two options, None for one that is not set. Raise BadInput for the first wrong value."""
    return Calendar(
        tuple(_window(entry) for entry in _entries("windows", windows, _WINDOW)),
        tuple(_freeze(entry) for entry in _entries("freezes", freezes, _FREEZE)),
    )


def _entries(option: str, given: object, keys: Mapping[str, bool]) -> list[Entry]:
    """Return the entries of a list; which keys each may have, and (True) must have, is `keys`."""
    if given is None:
        return []
    if not isinstance(given, (list, tuple)):
        raise BadInput(
            f"{option}: {given!r} is no list. Give a list of {{{', '.join(keys)}}}, dates and times in quotes"
        )
    return [_entry(f"{option}, entry {number}", one, keys) for number, one in enumerate(given, 1)]


def _entry(label: str, told: object, keys: Mapping[str, bool]) -> Entry:
    if not isinstance(told, Mapping) or not told:
        raise BadInput(f"{label}: {told!r} tells nothing. Give {', '.join(keys)}")
    if isinstance(told.get("name"), str) and told["name"].strip():
        label = f"{label.partition(',')[0]}, {str(told['name'])!r}"
    for key in told:
        if key not in keys:
            raise BadInput(f"{label}: {key!r} is unknown. Known are {', '.join(keys)}")
    for key, needed in keys.items():
        if needed and told.get(key) in (None, "", []):
            raise BadInput(f"{label}: {key} is missing or empty. {_CURES[key]}")
    if not isinstance(told["name"], str):
        raise BadInput(f"{label}: name {told['name']!r} is no text. {_CURES['name']}")
    return Entry(label, told)


_CURES = {
    "name": "Give it a name for people, in quotes",
    "days": f"List days: {', '.join(DAYS)}",
    "weeks": 'List which of the month: 1 to 5, or "last"; leave it out for every week',
    "start": 'Give a time of day in quotes: "22:00"; midnight is "00:00"',
    "end": 'Give a time of day in quotes: "04:00"; midnight is "00:00"',
    "timezone": "Give the name of a time zone, as Europe/Berlin or UTC",
    "from": 'Give a day or a minute in quotes: "2026-12-20" or "2026-12-20 18:00"',
    "until": 'Give a day, which is frozen to its end, or a minute, in quotes: "2027-01-03" or "2027-01-04 06:00"',
}


def _window(entry: Entry) -> Window:
    days = tuple(DAYS.index(str(day)) for day in _some_of(entry, "days", DAYS))
    weeks = _some_of(entry, "weeks", _WEEKS) if entry.told.get("weeks") is not None else ()
    start, end = _time(entry, "start"), _time(entry, "end")
    return Window(str(entry.told["name"]), days, weeks, start, end, _zone(entry))


def _some_of(entry: Entry, key: str, known: Sequence[int | str]) -> tuple[int | str, ...]:
    given = entry.told[key]
    if not isinstance(given, (list, tuple)) or not given:
        raise entry.refuse(key, "is no list with something in it", _CURES[key])
    for one in given:
        # True == 1, but nobody means it.
        if isinstance(one, bool) or one not in known:
            raise entry.refuse(key, f"has {one!r}", _CURES[key])
    return tuple(given)


def _time(entry: Entry, key: str) -> time:
    """YAML reads 22:00 without quotes as a number, 1320: that is no time for us either."""
    given = entry.told[key]
    match = _TIME.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        raise entry.refuse(key, "is no time of day", _CURES[key])
    return time(int(match[1]), int(match[2]))


def _zone(entry: Entry) -> ZoneInfo:
    given = entry.told["timezone"]
    try:
        return ZoneInfo(str(given))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        if not available_timezones():
            raise BadInput(
                "this controller has no database of time zones. Install its package tzdata, or the one of PyPI"
            ) from error
        raise entry.refuse("timezone", "is no time zone that this controller knows", _CURES["timezone"]) from error


def _freeze(entry: Entry) -> Freeze:
    """A day without a time counts whole: frozen from its beginning, or to its end."""
    zone = _zone(entry)
    begins, _whole = _moment(entry, "from")
    ends, whole_day = _moment(entry, "until")
    ends += timedelta(days=1) if whole_day else timedelta()
    if ends <= begins:
        raise entry.refuse("until", f"is not after from {str(entry.told['from'])!r}", "Swap or mend them")
    return Freeze(
        str(entry.told["name"]),
        rollout_clock.moment(begins, zone),
        rollout_clock.moment(ends, zone, last=True),
        zone,
        str(entry.told.get("reason") or ""),
    )


def _moment(entry: Entry, key: str) -> tuple[datetime, bool]:
    """Return what the clock of the zone shows then, and whether it is a whole day. YAML may have read a date already."""
    given = entry.told[key]
    match = _MOMENT.fullmatch(str(given)) if isinstance(given, (str, date)) else None
    if match is None:
        raise entry.refuse(key, "is neither a day nor a minute", _CURES[key])
    try:
        hour, minute = (match[2] or "00:00").split(":")
        return datetime.combine(date.fromisoformat(match[1]), time(int(hour), int(minute))), match[2] is None
    except ValueError as error:
        raise entry.refuse(key, "is not in any calendar", _CURES[key]) from error
