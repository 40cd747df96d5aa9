# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of an on-call file that tell which hours are whose: shift, handover, days and hours."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import WEEK_HOURS, WEEK_MINUTES, Window
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_node import DAYS, Node

_DAY = "|".join(DAYS)
_RANGE = re.compile(rf"({_DAY})(?:\s*-\s*({_DAY}))?", re.IGNORECASE)
_SHIFT = re.compile(r"([1-9][0-9]{0,3})\s*([hdw])")
_HANDOVER = re.compile(rf"(?:({_DAY})\s+)?(\S+)", re.IGNORECASE)
_TIME = r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00"
_HOURS = re.compile(rf"(?:({_DAY})\s+)?({_TIME})\s*-\s*(?:({_DAY})\s+)?({_TIME})", re.IGNORECASE)
_UNITS = {"h": 1, "d": 24, "w": WEEK_HOURS}
_DAY_MINUTES = 24 * 60


def shift_hours(node: Node) -> int | None:
    """Return the length of a turn in hours, a week where nothing is said."""
    if node.value is None:
        return WEEK_HOURS
    match = _SHIFT.fullmatch(node.value) if isinstance(node.value, str) else None
    if match is None:
        node.error("is no length of a shift", 'Give a whole number of hours, days or weeks: "12h", "1d", "2w"')
        return None
    return int(match[1]) * _UNITS[match[2]]


def anchor(schedule: Node, hours: int) -> datetime | None:
    """Return when, by the wall's clock, the first of the list is on for the first time: `start` at the hour of `handover`."""
    given = schedule.child("handover")
    if given.value is None:
        given = given.holding("09:00")
    match = _HANDOVER.fullmatch(given.value.strip()) if isinstance(given.value, str) else None
    clock = given.holding(match[2] if match else given.value).clock()
    start = schedule.child("start").day()
    if clock is None or start is None:
        return None
    if match and match[1]:
        if hours % WEEK_HOURS:
            given.error("names a weekday, and the shift is no number of weeks", "Leave the weekday out")
            return None
        wanted = DAYS.index(match[1].lower())
        if start.weekday() != wanted:
            near = start - timedelta(days=(start.weekday() - wanted) % 7)
            schedule.child("start").error(
                f"is no {match[1]}, when turns are handed over", f"Give {near}, or {near + timedelta(7)}"
            )
            return None
    return datetime.combine(start, clock)


def windows(schedule: Node) -> tuple[Window, ...] | None:
    """Return the parts of a week that `days` and `hours` leave, merged; none for all of it. Return None where one is wrong."""
    days, given = schedule.child("days"), schedule.child("hours")
    if days.value is None and given.value is None:
        return ()
    before = len(schedule.found)
    numbers = _days(days)
    texts = [given] if isinstance(given.value, (str, type(None))) else given.items()
    parts = [part for text in texts for part in _parts(text, numbers, weekdays=days.value is not None)]
    if len(schedule.found) > before:
        return None
    if not parts:
        given.refuse("no hour is left. Leave it out for all hours")
        return None
    merged = _merged(parts)
    return () if merged == (Window(0, WEEK_MINUTES),) else merged


def _days(node: Node) -> list[int]:
    if node.value is None:
        return list(range(7))
    numbers: set[int] = set()
    for one in [node] if isinstance(node.value, str) else node.items():
        match = _RANGE.fullmatch(one.value.strip()) if isinstance(one.value, str) else None
        if match is None:
            one.error("is no day", f'Give days or "mon-fri"; known are {", ".join(DAYS)}')
            continue
        first = DAYS.index(match[1].lower())
        last = DAYS.index((match[2] or match[1]).lower())
        numbers |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return sorted(numbers)


def _parts(node: Node, days: list[int], *, weekdays: bool) -> list[Window]:
    """Return the windows of one text; those that cross midnight belong to the day on which they begin."""
    text = "00:00 - 24:00" if node.value is None else node.value
    match = _HOURS.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        cure = 'Give "09:00 - 17:00" for each day, or "fri 17:00 - mon 09:00" for a part of the week, in quotes'
        node.error("is no time of the week", cure)
        return []
    start, end = _minutes(match[2]), _minutes(match[6])
    if bool(match[1]) != bool(match[5]) or (match[1] and weekdays):
        node.error("has a weekday where it cannot be", "Give both ends a weekday and leave out days, or give none")
        return []
    if not match[1]:
        length = (end - start) % _DAY_MINUTES or _DAY_MINUTES
        return [Window(day * _DAY_MINUTES + start, day * _DAY_MINUTES + start + length) for day in days]
    start += DAYS.index(match[1].lower()) * _DAY_MINUTES
    end += DAYS.index(match[5].lower()) * _DAY_MINUTES
    return [Window(start, start + ((end - start) % WEEK_MINUTES or WEEK_MINUTES))]


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _merged(parts: list[Window]) -> tuple[Window, ...]:
    """Return the parts within one week, those that reach into the next one cut in two, in order and apart from each other."""
    cut = []
    for start, end in parts:
        first = start % WEEK_MINUTES
        last = first + end - start
        cut.append(Window(first, min(last, WEEK_MINUTES)))
        if last > WEEK_MINUTES:
            cut.append(Window(0, last - WEEK_MINUTES))
    merged: list[Window] = []
    for start, end in sorted(cut):
        if merged and start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(end, merged[-1].end))
        else:
            merged.append(Window(start, end))
    return tuple(merged)
