# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Give the orders, wait until HAProxy has followed them, and take them back when it does not in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .._errors import FleetError, StepFailed
from .._host import haproxy
from . import plan as planning
from .plan import Order, Want
from .state import DRAINED, ENABLED, SHOW_STAT, SHOW_STATE, Server, parse

INTERVAL_S = 0.2
# A HAProxy that restarts is back sooner, and may read the drain from its state file.
PATIENCE_S = 5.0
TIMELINE_LENGTH = 200


class Outcome(NamedTuple):
    orders: tuple[Order, ...]
    before: tuple[Server, ...]
    after: tuple[Server, ...]
    timeline: list[dict[str, Any]]


def read(path: str) -> tuple[Server, ...]:
    """Return every server that the HAProxy behind the socket `path` has."""
    return parse(haproxy.ask(path, SHOW_STAT), haproxy.ask(path, SHOW_STATE))


def converge(path: str, want: Want, *, wait_s: float, check_mode: bool) -> Outcome:
    """Bring the server into the wanted state and wait for it: drained means no session is left, enabled means UP.

    Raise StepFailed when that takes longer than `wait_s`, or when HAProxy refuses or is lost after the first order; the
    state before is then set again, as far as HAProxy lets it.
    """
    if check_mode:
        servers = read(path)
        return _outcome(want, planning.plan(want, servers), servers, servers, [])
    orders: tuple[Order, ...] = ()
    try:
        # Deciding and doing are one turn: two rollouts that count at once would both find enough servers left.
        with haproxy.turn(path):
            servers = read(path)
            orders = planning.plan(want, servers)
            for order in orders:
                for command in order.commands:
                    haproxy.order(path, command)
        timeline = _wait(want, lambda: planning.select(want, read(path)), wait_s)
    except FleetError as failure:
        if not orders:
            raise
        raise _taken_back(failure, orders, _take_back(path, orders)) from failure
    return _outcome(want, orders, servers, read(path), timeline)


def _outcome(
    want: Want,
    orders: tuple[Order, ...],
    before: Sequence[Server],
    after: Sequence[Server],
    timeline: list[dict[str, Any]],
) -> Outcome:
    return Outcome(orders, planning.select(want, before), planning.select(want, after), timeline)


def _wait(want: Want, look: Callable[[], tuple[Server, ...]], wait_s: float) -> list[dict[str, Any]]:
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
    if want.state == ENABLED:
        return row.state == ENABLED and row.up
    if want.state == DRAINED:
        # Its status is no help here: a drained server that is also down is called DOWN.
        return row.state == DRAINED and row.idle
    return row.state == want.state


def _note(timeline: list[dict[str, Any]], rows: Sequence[Server], seconds: float) -> None:
    """Keep what differs from the entry before, so that a long wait stays a short list."""
    now = {
        "sessions": sum(row.sessions for row in rows),
        "queued": sum(row.queued for row in rows),
        "status": ", ".join(f"{row.backend} {row.status}" for row in rows),
    }
    last = {key: timeline[-1][key] for key in now} if timeline else None
    if now != last and len(timeline) < TIMELINE_LENGTH:
        timeline.append({"seconds": round(seconds, 1), **now})


def _late(want: Want, late: Sequence[Server], wait_s: float) -> str:
    if want.state == ENABLED:
        seen = "; ".join(f"backend {row.backend} calls it {row.status} ({row.check or 'no check'})" for row in late)
        return f"{want.server} is not UP after {wait_s:g} s: {seen}: see the service's own log, or raise wait_s"
    seen = "; ".join(f"{row.sessions} sessions and {row.queued} queued in backend {row.backend}" for row in late)
    return f"{want.server} still has {seen} after {wait_s:g} s: raise wait_s above the time of the longest request"


def _take_back(path: str, orders: Sequence[Order]) -> list[Order]:
    """Set the state before again, in spite of a HAProxy that is away for a moment; return the orders that stand."""
    deadline = time.monotonic() + PATIENCE_S
    standing = list(orders)
    while True:
        standing = [order for order in standing if not _undone(path, order)]
        if not standing or time.monotonic() > deadline:
            return standing
        time.sleep(INTERVAL_S)


def _undone(path: str, order: Order) -> bool:
    try:
        haproxy.order(path, order.undo)
    except FleetError:
        return False
    return True


def _taken_back(failure: FleetError, orders: Sequence[Order], standing: Sequence[Order]) -> StepFailed:
    """Return the failure with what became of each order."""
    back = ", ".join(f"{one.backend}/{one.server} is {one.before} again" for one in orders if one not in standing)
    stuck = ", ".join(f"{one.backend}/{one.server} may not be {one.before}: `{one.undo}` failed" for one in standing)
    told = (f"{failure}", f"Taken back: {back}" if back else "", f"Not taken back: {stuck}" if stuck else "")
    details = failure.details if isinstance(failure, StepFailed) else None
    return StepFailed(". ".join(filter(None, told)), undone=not standing, details=details)
