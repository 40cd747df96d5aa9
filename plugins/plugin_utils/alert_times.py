# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a time interval of Alertmanager 0.25 holds a moment: all of its fields, as the server reads them. Pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = tuple(name.lower() for name in calendar.month_name[1:])
_CLOCK = re.compile(r"([01][0-9]|2[0-3]|24(?=:00)):([0-5][0-9])")
_FIELDS = ("times", "weekdays", "days_of_month", "months", "years", "location")


def holds(intervals: Sequence[Mapping[str, Any]], at: datetime) -> bool:
    """Return whether any of the intervals under one name holds the moment. Raise BadInput for what cannot be read."""
    return any(_holds(one, at) for one in intervals)


def _holds(interval: Mapping[str, Any], at: datetime) -> bool:
    """All fields that are given must fit; one that is an empty list fits nothing."""
    for key in interval:
        if key not in _FIELDS:
            raise BadInput(f"time interval: {key!r} is unknown. Known are {', '.join(_FIELDS)}")
    local = at.astimezone(_zone(interval.get("location")))
    fields: tuple[tuple[str, Callable[[Any, datetime], bool]], ...] = (
        ("times", _time),
        ("days_of_month", _day),
        ("months", lambda told, when: _between(told, when.month, _MONTHS, 1)),
        ("weekdays", lambda told, when: _between(told, (when.weekday() + 1) % 7, _WEEKDAYS, 0)),
        ("years", lambda told, when: _between(told, when.year, (), 0)),
    )
    return all(any(fits(one, local) for one in interval[key]) for key, fits in fields if interval.get(key) is not None)


def _zone(location: object) -> ZoneInfo | timezone:
    """`Local` is the zone of the server, which nobody knows here."""
    if location is None:
        return timezone.utc
    try:
        return ZoneInfo(str(location) or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(
            f"time interval: location {location!r} is no time zone known here. Name one, as Europe/Berlin"
        ) from error


def _time(told: object, when: datetime) -> bool:
    if not isinstance(told, Mapping):
        raise BadInput(f"time interval: times: {told!r} is no mapping. Give start_time and end_time")
    start, end = (_minutes(key, told.get(key)) for key in ("start_time", "end_time"))
    return start <= when.hour * 60 + when.minute < end


def _minutes(key: str, clock: object) -> int:
    """YAML that knows numbers of base 60 reads 17:00 without quotes as 1020: that is none."""
    match = _CLOCK.fullmatch(clock) if isinstance(clock, str) else None
    if match is None:
        raise BadInput(f'time interval: {key} {clock!r} is no time of day. Give one in quotes, from "00:00" to "24:00"')
    return int(match[1]) * 60 + int(match[2])


def _day(told: object, when: datetime) -> bool:
    """Negative days count from the end of the month; what reaches beyond its ends is cut."""
    length = calendar.monthrange(when.year, when.month)[1]
    days = _range(told, (), 0)
    if not all(1 <= abs(day) <= 31 for day in days):
        raise BadInput(
            f'time interval: {told!r} is no day of a month. Give 1 to 31, -1 to -31, or a range in quotes: "1:5"'
        )
    first, last = (length + day + 1 if day < 0 else day for day in days)
    return first <= length and max(first, -length) <= when.day <= min(last, length)


def _between(told: object, value: int, names: Sequence[str], base: int) -> bool:
    first, last = _range(told, names, base)
    return first <= value <= last


def _range(told: object, names: Sequence[str], base: int) -> tuple[int, int]:
    first, colon, last = str(told).lower().partition(":")
    return _number(first, names, base), _number(last if colon else first, names, base)


def _number(text: str, names: Sequence[str], base: int) -> int:
    text = text.strip()
    if text in names:
        return names.index(text) + base
    try:
        return int(text)
    except ValueError as error:
        raise BadInput(
            f"time interval: {text!r} is no number{' and none of ' + ', '.join(names) if names else ''}"
        ) from error
