# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What requests say of a change: the hosts that have it against those that have not, by errors and by latency. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .._errors import BadInput
from .events import FINISHED, Run

STOP, PASS = "stop", "pass"
# The names under which both groups are asked for.
CANARY, REST = "canary", "rest"


class Figures(NamedTuple):
    """What a group of hosts answered: `errors` are requests that got no answer or a 5xx; `p99_s` None is not known."""

    requests: int = 0
    errors: int = 0
    p99_s: float | None = None

    @property
    def error_ratio(self) -> float:
        return self.errors / self.requests if self.requests else 0.0


class Limits(NamedTuple):
    """How much worse than the rest the canary may be; without a rest, how bad.

    `error_ratio` is added to that of the rest; the rest's p99 is multiplied by `p99_ratio`. A p99 below `p99_s` is never
    too slow, and without a rest one above it is not judged: nobody knows what is usual.
    """

    min_requests: int = 100
    error_ratio: float = 0.01
    p99_ratio: float = 1.5
    p99_s: float = 0.1
    too_few: str = PASS


class Watch(NamedTuple):
    """Whom to compare: the hosts that have the change and take requests, and those that have not; `since` is a time."""

    canary: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    since: float = 0.0


def limits(given: Mapping[str, Any]) -> Limits:
    """Return the limits in the options of a gate. Raise BadInput, naming the value, for one that would judge nothing."""
    found = Limits(**{name: given[name] for name in Limits._fields if given.get(name) is not None})
    least = {"min_requests": 1, "error_ratio": 0, "p99_ratio": 1, "p99_s": 0}
    for name, value in least.items():
        if getattr(found, name) < value:
            raise BadInput(f"gate: {name} {getattr(found, name)} is below {value}. Give more")
    return found


def watch(run: Run) -> Watch:
    """Return whom a gate has to compare now; an empty canary where nobody was changed as yet."""
    canary = tuple(
        name
        for name, host in run.hosts.items()
        if host.state == "done" and host.touched and host.attempt == run.attempt and host.load_balancer == "in_service"
    )
    rest = tuple(name for name, host in run.hosts.items() if host.state == "planned" and name not in canary)
    return Watch(canary, rest, max((run.hosts[name].ended for name in canary), default=0.0))


def proven(run: Run, wave: int) -> tuple[str, ...]:
    """Return the hosts of a first wave, of an earlier attempt too, that have earned their full share of requests.

    Before `wave` that is once, when the first wave has been judged; 0, after the last one, it is once more.
    """
    if run.stopped or wave not in (0, 2):
        return ()
    return tuple(
        name
        for name, host in run.hosts.items()
        if host.state in FINISHED and host.touched and host.wave == 1 and host.load_balancer == "in_service"
    )


def parse(told: Mapping[str, Any]) -> Figures:
    """Return the figures in one group's answer: `requests`, `errors` and, if known, `p99_s`."""
    p99_s = told.get("p99_s")
    return Figures(int(told["requests"]), int(told["errors"]), None if p99_s is None else float(p99_s))


def add(several: Iterable[Figures]) -> Figures:
    """Return the figures of several load balancers as one. Percentiles do not add up: the worst one stands for all."""
    found = list(several)
    known = [one.p99_s for one in found if one.p99_s is not None]
    requests, errors = sum(one.requests for one in found), sum(one.errors for one in found)
    return Figures(requests, errors, max(known, default=None))


def is_enough(canary: Figures, wanted: Limits) -> bool:
    """Whether so many requests were answered that a judgement means something."""
    return canary.requests >= wanted.min_requests


def judge(canary: Figures, rest: Figures, wanted: Limits) -> list[str]:
    """Return why the change must go no further, [] when nothing speaks against it."""
    if not is_enough(canary, wanted):
        few = f"too little traffic to judge by: {canary.requests} of {wanted.min_requests} requests"
        return [few] if wanted.too_few == STOP else []
    against = []
    compared = is_enough(rest, wanted)
    bearable = wanted.error_ratio + (rest.error_ratio if compared else 0.0)
    if canary.error_ratio > bearable:
        beside = f", {rest.error_ratio:.2%} of the rest" if compared else ""
        against.append(
            f"{canary.error_ratio:.2%} of {canary.requests} requests failed{beside}; the limit is {bearable:.2%}"
        )
    if canary.p99_s is not None and compared and rest.p99_s is not None:
        slowest = max(wanted.p99_s, rest.p99_s * wanted.p99_ratio)
        if canary.p99_s > slowest:
            against.append(f"p99 is {_ms(canary.p99_s)}, {_ms(rest.p99_s)} of the rest; the limit is {_ms(slowest)}")
    return against


def tell(canary: Figures, rest: Figures) -> str:
    """Return both groups' figures in a sentence."""
    return f"changed hosts: {_one(canary)}; the rest: {_one(rest)}"


def _one(figures: Figures) -> str:
    p99 = "" if figures.p99_s is None else f", p99 {_ms(figures.p99_s)}"
    return f"{figures.requests:,} requests, {figures.error_ratio:.2%} failed{p99}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
