# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a rollout may run now, until when, and from when on next. Pure: what time it is, is an argument."""

from __future__ import annotations

import calendar
import heapq
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_clock
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_windows import (
    LAST,
    Calendar,
    Freeze,
    Window,
)

# How far ahead somebody may want to know; a fifth Monday or the end of a long freeze is well within.
HORIZON = timedelta(days=800)
UTC = ZoneInfo("UTC")


class Span(NamedTuple):
    """One opening of a window, in UTC; at `end` it is closed."""

    start: datetime
    end: datetime
    window: Window


class Standing(NamedTuple):
    """How things stand at one moment.

    `window` is the one that is open, whether frozen or not; `until` says when it must be over, None for not within the
    HORIZON. `opens` is the next opening after that, with the window that opens.
    """

    open: bool
    window: Window | None
    until: datetime | None
    frozen: tuple[Freeze, ...]
    opens: tuple[datetime, Window | None] | None


def standing(when: Calendar, now: datetime) -> Standing:
    """Return how things stand at `now`, which has a zone."""
    now = now.astimezone(timezone.utc)
    frozen = tuple(freeze for freeze in when.freezes if freeze.begins <= now < freeze.ends)
    found = next((span.window for span in _spans(when, now) if span.start <= now), None)
    is_open = not frozen and (found is not None or not when.windows)
    until = _until(when, now) if is_open else None
    opens = None if is_open and until is None else _opens(when, until or now)
    return Standing(is_open, found, until, frozen, opens)


def _spans(when: Calendar, now: datetime) -> Iterator[Span]:
    """Yield the openings of all windows that end after `now`, by their start, as far as the HORIZON."""
    return heapq.merge(*(_spans_of(window, now) for window in when.windows), key=lambda span: span.start)


def _spans_of(window: Window, now: datetime) -> Iterator[Span]:
    # One that crosses midnight began yesterday; and a clock can skip a whole day.
    first = now.astimezone(window.zone).date() - timedelta(days=2)
    for number in range(HORIZON.days):
        day = first + timedelta(days=number)
        if _falls_on(window, day):
            span = _span(window, day)
            if span.end > max(now, span.start):
                yield span


def _falls_on(window: Window, day: date) -> bool:
    if day.weekday() not in window.days:
        return False
    length = calendar.monthrange(day.year, day.month)[1]
    numbers = {(day.day - 1) // 7 + 1, *((LAST,) if day.day + 7 > length else ())}
    return not window.weeks or bool(numbers & set(window.weeks))


def _span(window: Window, day: date) -> Span:
    last_day = day if window.end > window.start else day + timedelta(days=1)
    return Span(
        rollout_clock.moment(datetime.combine(day, window.start), window.zone),
        rollout_clock.moment(datetime.combine(last_day, window.end), window.zone),
        window,
    )


def _until(when: Calendar, now: datetime) -> datetime | None:
    """Return when it is over that things are open at `now`; windows that touch each other are one."""
    next_freeze = min((freeze.begins for freeze in when.freezes if freeze.begins > now), default=None)
    if not when.windows:
        return next_freeze
    end = now
    for span in _spans(when, now):
        if span.start > end or (next_freeze and end >= next_freeze):
            break
        end = max(end, span.end)
    if end - now > HORIZON - timedelta(days=7):
        return next_freeze
    return min(end, next_freeze) if next_freeze else end


def _opens(when: Calendar, after: datetime) -> tuple[datetime, Window | None] | None:
    """Return when things are open for the first time from `after` on, and the window; None for not within the HORIZON."""
    if not when.windows:
        return _thawed(when, after), None
    # By their start, and a later start never thaws earlier: the first that fits is the first to open.
    for span in _spans(when, after):
        opens = _thawed(when, max(after, span.start))
        if opens < span.end:
            return opens, span.window
    return None


def _thawed(when: Calendar, moment: datetime) -> datetime:
    """Return the first moment from this one on that no freeze holds."""
    for freeze in sorted(when.freezes, key=lambda one: one.begins):
        if freeze.begins <= moment < freeze.ends:
            moment = freeze.ends
    return moment


def tell(when: Calendar, now: datetime) -> list[str]:
    """Return the lines for the head of a run: in force now or not, what opens next, and every freeze that holds."""
    found = standing(when, now)
    lines = [f"in force now: {'yes' if found.open else 'no'} ({_why(when, found)})"]
    if found.opens and when.windows:
        opens, window = found.opens
        lines.append(
            f"next opens: {rollout_clock.tell(opens, _zone(window))} (window {window.name if window else '-'})"
        )
    elif found.opens:
        lines.append(f"next opens: {rollout_clock.tell(found.opens[0], _last_zone(when, found))}")
    elif not found.open:
        lines.append(f"next opens: not within {HORIZON.days} days")
    return [*lines, *(_frozen(freeze) for freeze in found.frozen)]


def _zone(window: Window | None) -> ZoneInfo:
    return window.zone if window else UTC


def _last_zone(when: Calendar, found: Standing) -> ZoneInfo:
    """Return the zone of the freeze that ends as things open, where there are no windows."""
    ends = [freeze.zone for freeze in when.freezes if found.opens and freeze.ends == found.opens[0]]
    return ends[0] if ends else UTC


def _why(when: Calendar, found: Standing) -> str:
    if found.frozen:
        return "frozen"
    until = f" until {rollout_clock.tell(found.until, _zone(found.window))}" if found.until else ""
    if found.window:
        return f"window {found.window.name}{until}"
    return "no window is open" if when.windows else f"no windows are set{until and ', open' + until}"


def _frozen(freeze: Freeze) -> str:
    why = f": {freeze.reason}" if freeze.reason else ""
    return f"freeze {freeze.name} until {rollout_clock.tell(freeze.ends, freeze.zone)}{why}"


def closed(when: Calendar, now: datetime, *, outside: str) -> str:
    """Return in one line why nothing may begin at `now`, "" when it may; `outside` is somebody's reason to do it anyway."""
    if outside or standing(when, now).open:
        return ""
    return "; ".join(tell(when, now))


def outside_reason(given: object) -> str:
    """Return the reason to go on outside the windows, "" when none is given. Raise BadInput unless it is a sentence."""
    if given is None or given == "":
        return ""
    if isinstance(given, str) and len(given.split()) > 1:
        return " ".join(given.split())
    raise BadInput(f"outside_windows: {given!r} gives no reason. Write a sentence, which goes into the record")
