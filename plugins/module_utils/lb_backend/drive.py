# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Give the orders, wait until HAProxy has followed them, and take them back when it does not in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import FleetError, StepFailed
from .._host import haproxy
from . import plan as planning
from .plan import Order, Want
from .state import ABSENT, DRAINED, ENABLED, SHOW_STAT, SHOW_STATE, Server, parse
from .weight import Step

INTERVAL_S = 0.2
# A HAProxy that restarts is back sooner, and may read the drain from its state file.
PATIENCE_S = 5.0
TIMELINE_LENGTH = 200


class Outcome(NamedTuple):
    orders: tuple[Order, ...]
    before: tuple[Server, ...]
    after: tuple[Server, ...]
    timeline: list[dict[str, Any]]

    @property
    def changes(self) -> tuple[Order, ...]:
        return tuple(order for order in self.orders if order.changes)


def read(path: str) -> tuple[Server, ...]:
    """Return every server that the HAProxy behind the socket `path` has."""
    return parse(haproxy.ask(path, SHOW_STAT), haproxy.ask(path, SHOW_STATE))


def converge(path: str, want: Want, *, wait_s: float, check_mode: bool) -> Outcome:
    """Bring the server into the wanted state and wait for it: drained means no session is left, enabled means UP.

    A ramp follows after that wait. Raise StepFailed when the wait takes longer than `wait_s`, when the server fails
    during its ramp, or when HAProxy refuses or is lost after the first order; the state before is then set again, as
    far as HAProxy lets it.
    """
    if check_mode:
        servers = read(path)
        return _outcome(want, planning.plan(want, servers), servers, servers, [])
    given: list[Order] = []
    try:
        # Deciding and doing are one turn: two rollouts that count at once would both find enough servers left.
        with haproxy.turn(path):
            servers = read(path)
            orders = planning.plan(want, servers)
            ramps = planning.ramps(want, servers)
            give(path, orders, given)
        timeline = wait(want, lambda: planning.select(want, read(path)), wait_s)
        timeline += climb(path, want, ramps)
    except FleetError as failure:
        if not given:
            raise
        raise taken_back(failure, given, take_back(path, given)) from failure
    return _outcome(want, orders, servers, read(path), timeline)


def _outcome(
    want: Want,
    orders: tuple[Order, ...],
    before: Sequence[Server],
    after: Sequence[Server],
    timeline: list[dict[str, Any]],
) -> Outcome:
    return Outcome(orders, planning.select(want, before), planning.select(want, after), timeline)


def give(path: str, orders: Sequence[Order], given: list[Order]) -> None:
    """Give the orders one by one, in the caller's turn. Each counts once its first command is on its way: it may be heard."""
    for order in orders:
        given.append(order)
        for command in order.commands:
            haproxy.order(path, command)


def tell(path: str, command: str) -> None:
    """Give one command in a turn of its own; raise CommandFailed with what HAProxy objects to."""
    with haproxy.turn(path):
        haproxy.order(path, command)


def wait(want: Want, look: Callable[[], tuple[Server, ...]], wait_s: float) -> list[dict[str, Any]]:
    """Look until the server is as wanted everywhere, and return what was seen; raise StepFailed after `wait_s`."""
    begin = time.monotonic()
    timeline: list[dict[str, Any]] = []
    while True:
        rows = look()
        _note(timeline, rows, time.monotonic() - begin)
        late = [row for row in rows if not _reached(want, row)]
        if not late:
            return timeline
        left = begin + wait_s - time.monotonic()
        if left <= 0:
            raise StepFailed(_late(want, late, wait_s), undone=False, details={"timeline": timeline})
        time.sleep(min(INTERVAL_S, left))


def _reached(want: Want, row: Server) -> bool:
    if row.state != planning.target(want, row):
        return False
    if want.state == ENABLED:
        return row.up
    # Its status is no help here: a drained server that is also down is called DOWN.
    return row.idle or want.state != DRAINED


def climb(path: str, want: Want, ramps: Mapping[str, tuple[Step, ...]]) -> list[dict[str, Any]]:
    """Raise the weights at their moments, the first of which was set at the return; raise StepFailed where the server fails."""
    due = sorted((step.at_s, backend, step.weight) for backend, ramp in ramps.items() for step in ramp[1:])
    begin = time.monotonic()
    timeline: list[dict[str, Any]] = []
    while due:
        rows = planning.select(want, read(path))
        _note(timeline, rows, time.monotonic() - begin)
        _refuse_ill(want, rows, timeline)
        while due and due[0][0] <= time.monotonic() - begin:
            _moment, backend, weight = due.pop(0)
            tell(path, f"set server {backend}/{want.server} weight {weight}")
        if due:
            time.sleep(min(INTERVAL_S, max(0.0, begin + due[0][0] - time.monotonic())))
    if ramps and timeline:
        rows = planning.select(want, read(path))
        _note(timeline, rows, time.monotonic() - begin)
        _refuse_ill(want, rows, timeline)
    return timeline


def _refuse_ill(want: Want, rows: Sequence[Server], timeline: list[dict[str, Any]]) -> None:
    """Raise StepFailed where a server that had returned is out again: a check failed, or somebody took it out."""
    ill = [row for row in rows if row.state != ENABLED or not row.serving]
    if ill:
        seen = "; ".join(f"backend {row.backend} calls it {row.status} ({row.check or 'no check'})" for row in ill)
        share = ", ".join(f"{row.asked_weight} of {row.own_weight}" for row in ill)
        raise StepFailed(
            f"{want.server} failed while its weight went up, at {share}: {seen}: see the service's own log",
            undone=False,
            details={"timeline": timeline},
        )


def _note(timeline: list[dict[str, Any]], rows: Sequence[Server], seconds: float) -> None:
    """Keep what differs from the entry before, so that a long wait stays a short list."""
    now = {
        "sessions": sum(row.sessions for row in rows),
        "queued": sum(row.queued for row in rows),
        "weight": sum(row.asked_weight for row in rows),
        "status": ", ".join(f"{row.backend} {row.status}" for row in rows),
    }
    last = {key: timeline[-1][key] for key in now} if timeline else None
    if now != last and len(timeline) < TIMELINE_LENGTH:
        timeline.append({"seconds": round(seconds, 1), **now})


def _late(want: Want, late: Sequence[Server], wait_s: float) -> str:
    lost = [row for row in late if row.state != planning.target(want, row)]
    if lost:
        seen = ", ".join(f"{row.state} in backend {row.backend}" for row in lost)
        return (
            f"{want.server} was told to be {want.state}, and is {seen} after {wait_s:g} s: somebody else has changed it, or a HAProxy "
            "that keeps no state of its servers was reloaded"
        )
    if want.state == ENABLED:
        seen = "; ".join(f"backend {row.backend} calls it {row.status} ({row.check or 'no check'})" for row in late)
        return f"{want.server} is not UP after {wait_s:g} s: {seen}: see the service's own log, or raise wait_s"
    seen = "; ".join(f"{row.sessions} sessions and {row.queued} queued in backend {row.backend}" for row in late)
    return f"{want.server} still has {seen} after {wait_s:g} s: raise wait_s above the time of the longest request"


def take_back(path: str, orders: Sequence[Order]) -> list[Order]:
    """Set the state before again, in spite of a HAProxy that is away for a moment; return the orders that stand."""
    deadline = time.monotonic() + PATIENCE_S
    standing = list(reversed(orders))
    while True:
        standing = [order for order in standing if not _undone(path, order)]
        if not standing or time.monotonic() > deadline:
            return standing
        time.sleep(INTERVAL_S)


def _undone(path: str, order: Order) -> bool:
    for command in order.undo:
        try:
            tell(path, command)
        except FleetError as error:
            # What was to be removed, and was not, is there; what was to be added, and was refused, is not.
            if not (order.after == ABSENT and haproxy.EXISTS in str(error)):
                return order.before == ABSENT and haproxy.UNKNOWN in str(error)
    return True


def taken_back(failure: Exception, orders: Sequence[Order], standing: Sequence[Order]) -> StepFailed:
    """Return the failure with what became of each order."""
    back = ", ".join(f"{one.backend}/{one.server} is {one.before} again" for one in orders if one not in standing)
    stuck = ", ".join(
        f"{one.backend}/{one.server} may not be {one.before}: `{'; '.join(one.undo)}` failed" for one in standing
    )
    told = (f"{failure}", f"Taken back: {back}" if back else "", f"Not taken back: {stuck}" if stuck else "")
    details = failure.details if isinstance(failure, StepFailed) else None
    return StepFailed(". ".join(filter(None, told)), undone=not standing, details=details)
