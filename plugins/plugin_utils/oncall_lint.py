# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The linter of an on-call file: gaps, double bookings, and what nobody will have meant. Pure: what time it is, is an argument."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import combinations
from typing import NamedTuple

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import (
    oncall_file,
    oncall_origin,
    oncall_rota,
    rollout_clock,
)
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import (
    WEEK_HOURS,
    Finding,
    Layer,
    Patch,
    Rota,
    Schedule,
    Span,
    Swap,
    Team,
)

# Two years have every change of a clock at least twice, and every weekday at both.
AHEAD = timedelta(days=731)
# Two people for one are looked for not quite so far: it is odd and not wrong.
NEAR = timedelta(days=100)


def check(given: object, now: datetime) -> Rota:
    """Return the rota of an on-call file. Raise BadInput with everything that is wrong: place, line, value and cure."""
    rota, found = examine(given, now)
    errors = [str(one) for one in found if one.level == "error"]
    if rota is None or errors:
        many = f"{len(errors)} things are" if len(errors) > 1 else "one thing is"
        raise BadInput("\n- ".join([f"monitoring_oncall: {many} wrong with the on-call file", *errors]))
    return rota


def examine(given: object, now: datetime) -> tuple[Rota | None, list[Finding]]:
    """Return the rota of an on-call file and what is found about it, errors first; None when it is not even readable."""
    rota, found = oncall_file.read(given)
    if rota is not None:
        now = now.astimezone(timezone.utc)
        found += [one for team in rota.teams.values() for one in _team(team, now)]
        found += _in_two_teams(rota, now)
    located = [one._replace(line=oncall_origin.line_of(given, one.place)) for one in found]
    return rota, sorted(located, key=lambda one: one.level)


def _team(team: Team, now: datetime) -> Iterator[Finding]:
    for layer in team.layers:
        yield from _layer(team, layer, now)
    yield from _twice(team, now)
    if not team.tickets:
        yield Finding("warning", f"teams.{team.name}", "tickets go nowhere but to Alertmanager. Give tickets a contact")


def _layer(team: Team, layer: Layer, now: datetime) -> Iterator[Finding]:
    yield from _double(team, layer, now)
    yield from _gaps(team, layer, now)
    for patches in (layer.holidays, layer.overrides):
        yield from _at_odds(team, patches)
    yield from _at_odds(team, layer.swaps)
    passing: list[Patch | Swap] = [*layer.overrides, *layer.swaps]
    for patch in passing:
        if patch.ends <= now:
            yield Finding("warning", patch.place, f"ended {rollout_clock.tell(patch.ends, team.zone)}. Remove it")
    for swap in layer.swaps:
        if swap.ends > now:
            yield from _of_nothing(team, layer, swap)
    for schedule in layer.schedules:
        yield from _to_come(schedule, now)
        yield from _uneven(schedule)
        yield from _always_the_same(schedule)


def _double(team: Team, layer: Layer, now: datetime) -> Iterator[Finding]:
    """Yield one finding for each two schedules that are open at the same time, with the first moment."""
    plans = [(one, list(oncall_rota.turns(one, now, now + AHEAD))) for one in layer.schedules]
    for (first, some), (second, others) in combinations(plans, 2):
        both = _first_common(some, others)
        if both:
            when = rollout_clock.tell(both.start, team.zone)
            yield Finding(
                "error",
                f"{second.place}.hours",
                f"{both.people[0]} and {both.people[1]} are both on call from {when}, by {first.place} and this one. "
                f"{_clocks(first, second)}Let one begin where the other ends",
            )


def _clocks(first: Schedule, second: Schedule) -> str:
    if first.zone.key == second.zone.key:
        return ""
    return f"Their zones, {first.zone.key} and {second.zone.key}, change their clocks on different days: use one zone. "


class _Both(NamedTuple):
    start: datetime
    people: tuple[str, str]


def _first_common(some: Sequence[Span], others: Sequence[Span], *, same: bool = False) -> _Both | None:
    """Return the first moment that is in a span of both, with `same` in two of the same person."""
    mine, theirs = 0, 0
    while mine < len(some) and theirs < len(others):
        one, other = some[mine], others[theirs]
        start = max(one.start, other.start)
        if start < min(one.end, other.end) and (not same or one.person == other.person):
            return _Both(start, (one.person, other.person))
        if one.end <= other.end:
            mine += 1
        else:
            theirs += 1
    return None


def _gaps(team: Team, layer: Layer, now: datetime) -> Iterator[Finding]:
    """Yield one finding for a layer that is not always somebody's, with the first gap and how many there are."""
    at, gaps = now, []
    for span in oncall_rota.timeline(layer, now, now + AHEAD):
        if span.start > at:
            gaps.append((at, span.start))
        at = max(at, span.end)
    if at < now + AHEAD:
        gaps.append((at, now + AHEAD))
    if gaps:
        (start, end), zones = gaps[0], {one.zone.key for one in layer.schedules}
        mixed = (
            f" {' and '.join(sorted(zones))} change their clocks on different days: use one zone."
            if len(zones) > 1
            else ""
        )
        yield Finding(
            "error",
            layer.place,
            f"nobody is on call from {rollout_clock.tell(start, team.zone)} to {rollout_clock.tell(end, team.zone)}, "
            f"and {len(gaps) - 1} more times in two years.{mixed} Widen the hours or days of a schedule, or add one",
        )


def _at_odds(team: Team, patches: Sequence[Patch | Swap]) -> Iterator[Finding]:
    """Yield a finding for each entry that begins within another one, and says who is on as well."""
    for first, second in combinations(sorted(patches, key=lambda one: one.begins), 2):
        if isinstance(first, Swap) and isinstance(second, Swap) and not set(first.people) & set(second.people):
            continue
        if second.begins < first.ends:
            when = rollout_clock.tell(second.begins, team.zone)
            yield Finding(
                "error", second.place, f"from {when} {first.place} says who is on call as well. Shorten or remove one"
            )


def _of_nothing(team: Team, layer: Layer, swap: Swap) -> Iterator[Finding]:
    """Yield a finding for a swap in whose time neither of the two has a turn."""
    unswapped = replace(layer, swaps=(), overrides=())
    plan = oncall_rota.timeline(unswapped, swap.begins, min(swap.ends, swap.begins + AHEAD))
    if not any(span.person in swap.people for span in plan):
        first, second = swap.people
        begins, ends = (rollout_clock.tell(when, team.zone) for when in (swap.begins, swap.ends))
        yield Finding(
            "error",
            swap.place,
            f"neither {first} nor {second} has a turn in {layer.place} from {begins} to {ends}, so nothing is swapped. "
            "Mend the names or the time, or say which layer is meant",
        )


def _to_come(schedule: Schedule, now: datetime) -> Iterator[Finding]:
    """Yield a finding for a start in the future, before which people are paged all the same."""
    if schedule.anchor > now.astimezone(schedule.zone).replace(tzinfo=None):
        yield Finding(
            "warning",
            f"{schedule.place}.start",
            f"{schedule.anchor:%Y-%m-%d} is to come, and turns are counted back from it: these people are on call today already. "
            "Give a day that is past, unless that is meant",
        )


def _uneven(schedule: Schedule) -> Iterator[Finding]:
    """Yield a finding where handovers cut the open hours into turns of different lengths."""
    lengths = oncall_rota.lengths(schedule)
    if len(lengths) > 1:
        least, most = (f"{length / timedelta(hours=1):g} h" for length in (min(lengths), max(lengths)))
        yield Finding(
            "warning",
            f"{schedule.place}.shift",
            f"{schedule.hours} h, handed over at {schedule.anchor:%H:%M}, do not divide the hours of this schedule: turns last "
            f"between {least} and {most}. Hand over where the hours begin, by a shift that they are a multiple of",
        )


def _always_the_same(schedule: Schedule) -> Iterator[Finding]:
    """Yield a finding where turns and people come round together, so that nights or weekends are always the same people's."""
    hours, count = schedule.hours, len(schedule.people)
    spread = math.gcd(count * hours, WEEK_HOURS) == math.gcd(hours, WEEK_HOURS)
    if hours < WEEK_HOURS and count > 1 and not schedule.windows and not spread:
        yield Finding(
            "warning",
            f"{schedule.place}.shift",
            f"with {count} people and {hours} h each is always on at the same hours of the week, nights or weekends among them. "
            "Take another shift, one person more or less, or a schedule apart for nights or weekends",
        )


def _twice(team: Team, now: datetime) -> Iterator[Finding]:
    """Yield a finding for each two layers that somebody is on at the same time: an escalation to the same person is none."""
    plans = [(layer, oncall_rota.timeline(layer, now, now + NEAR)) for layer in team.layers]
    for (first, some), (second, others) in combinations(plans, 2):
        both = _first_common(some, others, same=True)
        if both:
            when = rollout_clock.tell(both.start, team.zone)
            yield Finding(
                "warning",
                second.place,
                f"{both.people[0]} is on call here and in {first.place} from {when}, so escalation reaches nobody else. "
                "Start the list with another person",
            )


def _in_two_teams(rota: Rota, now: datetime) -> Iterator[Finding]:
    """Yield a finding for each two teams that somebody is on call for at the same time."""
    plans = {
        name: [oncall_rota.timeline(layer, now, now + NEAR) for layer in team.layers]
        for name, team in rota.teams.items()
    }
    for (name, some), (other, others) in combinations(plans.items(), 2):
        found = [both for mine in some for theirs in others if (both := _first_common(mine, theirs, same=True))]
        if found:
            first = min(found)
            when = rollout_clock.tell(first.start, rota.teams[other].zone)
            yield Finding(
                "warning",
                f"teams.{other}",
                f"{first.people[0]} is on call here and in teams.{name} from {when}, and may be paged for both at once. "
                "Start the list of one with another person",
            )
