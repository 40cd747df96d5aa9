# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spans of time as time intervals of Alertmanager, in UTC: exact to the minute, whatever clocks do meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

Piece = tuple[int, int, str, str]
_MIDNIGHT = "00:00"


def time_intervals(spans: Iterable[tuple[datetime, datetime]]) -> list[dict[str, Any]]:
    """Return intervals that hold exactly the minutes of these spans, which are in UTC, in order and apart.

    Days of the same month that are open at the same hours are one interval.
    """
    days: dict[Piece, list[int]] = {}
    for start, end in joined(spans):
        for day, opens, closes in _days(start, end):
            days.setdefault((day.year, day.month, opens, closes), []).append(day.day)
    return [
        {
            "times": [{"start_time": opens, "end_time": closes}],
            "days_of_month": _ranges(numbers),
            "months": [str(month)],
            "years": [str(year)],
        }
        for (year, month, opens, closes), numbers in sorted(days.items())
    ]


def joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return the spans in order, with those that touch or overlap as one."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _days(start: datetime, end: datetime) -> Iterable[tuple[datetime, str, str]]:
    """Yield each day that a span touches, and from when to when it does."""
    day = start.replace(hour=0, minute=0)
    while day < end:
        after = day + timedelta(days=1)
        opens = f"{start:%H:%M}" if start > day else _MIDNIGHT
        yield day, opens, f"{end:%H:%M}" if end < after else "24:00"
        day = after


def _ranges(numbers: list[int]) -> list[str]:
    """Return days as Alertmanager's ranges: 1, 2, 3 and 7 are `1:3` and `7`."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [f"{first}:{last}" if first != last else str(first) for first, last in found]
