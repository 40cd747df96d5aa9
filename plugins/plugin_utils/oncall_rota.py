# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is on call when: a pure function of the rota and a time.

Turns are counted on the wall's clock of the schedule's zone, where every day has 24 hours, and each of their ends becomes a
moment by one and the same rule: the first at which that clock has reached it. So whoever goes and whoever comes meet at
the same moment. A handover in an hour that the clock skips is at the jump; one in an hour that it shows twice is at the first.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import accumulate

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_clock
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import (
    WEEK_HOURS,
    WEEK_MINUTES,
    Layer,
    Patch,
    Rota,
    Schedule,
    Span,
    Swap,
    Team,
    Window,
)

# No clock is set by more than this at once, but where a country changed sides of the date line.
_SLACK = timedelta(days=2)
_MINUTE = timedelta(minutes=1)
# A turn ends when the next one begins, and the linter looks at the same turns in several ways.
_moment = lru_cache(maxsize=16384)(rollout_clock.moment)


def turns(schedule: Schedule, begin: datetime, end: datetime) -> Iterator[Span]:
    """Yield the turns of one schedule that touch the time from `begin` to `end`, both in UTC, uncut and by their start."""
    length = timedelta(hours=schedule.hours)
    number = (begin.astimezone(schedule.zone).replace(tzinfo=None) - _SLACK - schedule.anchor) // length
    last = end.astimezone(schedule.zone).replace(tzinfo=None) + _SLACK
    while (start := schedule.anchor + number * length) < last:
        for opens, closes in _open(schedule.windows, start, start + length):
            span = Span(
                _moment(opens, schedule.zone),
                _moment(closes, schedule.zone),
                schedule.people[_turn(schedule, number) % len(schedule.people)],
            )
            # A turn may lie in an hour that the clock skips.
            if span.start < span.end and span.end > begin and span.start < end:
                yield span
        number += 1


def _open(windows: tuple[Window, ...], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return the parts of a turn, on the wall's clock, in which the windows are open; all of it without windows."""
    if not windows:
        return [(start, end)]
    # Windows are minutes of a week; so are the ends of the turn, counted from the week that it begins in.
    monday = datetime.combine(start.date() - timedelta(days=start.weekday()), datetime.min.time())
    first, last = (start - monday) // _MINUTE, (end - monday) // _MINUTE
    parts: list[list[int]] = []
    for week in range(0, last, WEEK_MINUTES):
        for window in windows:
            opens, closes = max(first, week + window.start), min(last, week + window.end)
            if opens < closes and parts and parts[-1][1] == opens:
                parts[-1][1] = closes
            elif opens < closes:
                parts.append([opens, closes])
    return [(monday + opens * _MINUTE, monday + closes * _MINUTE) for opens, closes in parts]


def _turn(schedule: Schedule, number: int) -> int:
    """Return how many turns that are somebody's came before this shift. Shifts outside the windows are skipped, not lost."""
    if not schedule.windows:
        return number
    before = _counted(schedule)
    whole, rest = divmod(number, len(before) - 1)
    return whole * before[-1] + before[rest]


@lru_cache(maxsize=256)
def _counted(schedule: Schedule) -> tuple[int, ...]:
    """Return how many shifts of one period are somebody's before each of them, and at the end all."""
    return tuple(accumulate((bool(parts) for parts in _period(schedule)), initial=0))


def _period(schedule: Schedule) -> list[list[tuple[datetime, datetime]]]:
    """Return the open parts of each shift until shifts and weeks come round together."""
    length = timedelta(hours=schedule.hours)
    starts = [schedule.anchor + number * length for number in range(WEEK_HOURS // math.gcd(schedule.hours, WEEK_HOURS))]
    return [_open(schedule.windows, start, start + length) for start in starts]


def lengths(schedule: Schedule) -> set[timedelta]:
    """Return how long turns may last, on the wall's clock; more than one length is unfair."""
    return {sum((closes - opens for opens, closes in parts), timedelta()) for parts in _period(schedule) if parts}


def base(layer: Layer, begin: datetime, end: datetime) -> list[Span]:
    """Return the turns of all schedules of a layer, uncut, by their start. They overlap where two schedules do."""
    found = [span for schedule in layer.schedules for span in turns(schedule, begin, end)]
    return sorted(found, key=lambda span: (span.start, span.end, span.person))


def timeline(layer: Layer, begin: datetime, end: datetime) -> list[Span]:
    """Return who is on from `begin` to `end`, both in UTC: spans in order that never overlap.

    Holidays come over the rotation, swaps over holidays, overrides over all. Where there is a gap, there is no span.
    """
    plan = _laid_over(_apart(base(layer, begin, end)), layer.holidays, begin, end)
    plan = _swapped(plan, layer.swaps)
    plan = _laid_over(plan, layer.overrides, begin, end)
    return [one._replace(start=max(one.start, begin), end=min(one.end, end)) for one in plan]


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Return the spans without overlaps: who came first stays. A file with overlaps is refused before anybody is paged by it."""
    found: list[Span] = []
    for span in spans:
        start = max(span.start, found[-1].end) if found else span.start
        if start < span.end:
            found.append(span._replace(start=start))
    return found


def _laid_over(spans: list[Span], patches: Sequence[Patch], begin: datetime, end: datetime) -> list[Span]:
    over = _apart(
        Span(patch.begins, patch.ends, patch.person, patch.why)
        for patch in sorted(patches, key=lambda patch: patch.begins)
        if patch.begins < end and patch.ends > begin
    )
    if not over:
        return spans
    starts = [span.start for span in over]
    left = []
    for span in spans:
        start = span.start
        for patch in over[max(0, bisect_right(starts, start) - 1) :]:
            if patch.start >= span.end:
                break
            if patch.start > start:
                left.append(span._replace(start=start, end=patch.start))
            start = max(start, patch.end)
        if start < span.end:
            left.append(span._replace(start=start))
    return sorted([*left, *over])


def _swapped(spans: list[Span], swaps: Sequence[Swap]) -> list[Span]:
    for swap in swaps:
        first, second = swap.people
        other = {first: second, second: first}
        found = []
        for span in spans:
            if span.person not in other:
                found.append(span)
                continue
            for inside, part in _cut(span, swap.begins, swap.ends):
                given = part._replace(person=other[part.person], why=f"swap with {part.person}")
                found.append(given if inside else part)
        spans = found
    return spans


def _cut(span: Span, begins: datetime, ends: datetime) -> list[tuple[bool, Span]]:
    """Return the span in up to three parts, each with whether it lies within."""
    edges = sorted({span.start, span.end, *(edge for edge in (begins, ends) if span.start < edge < span.end)})
    return [(begins <= start < ends, span._replace(start=start, end=end)) for start, end in zip(edges[:-1], edges[1:])]


def team_of(rota: Rota, name: str) -> Team:
    """Return a team by its name. Raise BadInput when there is none."""
    if name not in rota.teams:
        raise BadInput(f"team {name!r} is not in the on-call file. Known are {', '.join(rota.teams)}")
    return rota.teams[name]


def layer_of(team: Team, number: int) -> Layer:
    """Return a layer of the team. Raise BadInput when there is none."""
    if isinstance(number, bool) or number not in range(len(team.layers)):
        raise BadInput(
            f"team {team.name!r} has no layer {number!r}. Give 0 to {len(team.layers) - 1}; 0 is paged first"
        )
    return team.layers[number]


def on_call(layer: Layer, at: datetime) -> Span:
    """Return who is on at that moment, with the whole of that turn as far as a year either way."""
    at = at.astimezone(timezone.utc)
    year = timedelta(days=366)
    for around in (timedelta(days=15), year):
        for span in timeline(layer, at - around, at + around):
            # An end that only the search has set is no end.
            whole = span.start > at - around and span.end < at + around
            if span.start <= at < span.end and (whole or around == year):
                return span
    raise BadInput(f"{layer.place}: nobody is on call at {at:%Y-%m-%d %H:%M} UTC. Mend the gap that the linter tells")
