# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide what to ask of HAProxy: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .._errors import BadInput, FleetError
from . import weight as weights
from .state import DRAINED, ENABLED, MAINTENANCE, Server

COMMANDS = {ENABLED: "ready", DRAINED: "drain", MAINTENANCE: "maint"}


class Want(NamedTuple):
    """`backend` None means every backend that has the server, `weight` "" the weight that it has.

    With `ramp_s` a server that returns begins with a small share of its weight and has all of it after so many seconds.
    """

    server: str
    state: str
    backend: str | None = None
    min_healthy: int = 1
    weight: str = ""
    ramp_s: float = 0


class Order(NamedTuple):
    """What is asked of one server: the commands, those that take it back, and both states in words."""

    backend: str
    server: str
    before: str
    after: str
    commands: tuple[str, ...]
    undo: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Tell a change from the first step of a ramp that ends where it began."""
        return self.before != self.after


def target(want: Want, server: Server) -> str:
    """Return the state to ask for: a drained server still gets what sticks to it by its cookie, so it needs more.

    In maintenance it keeps the requests that it has, and what sticks to it goes to the others.
    """
    return MAINTENANCE if want.state == DRAINED and server.sticky else want.state


def select(want: Want, servers: Sequence[Server]) -> tuple[Server, ...]:
    """Return the rows of the wanted server; raise BadInput with the names that exist when there are none."""
    backends = sorted({server.backend for server in servers})
    if want.backend is not None and want.backend not in backends:
        raise BadInput(f"HAProxy has no backend {want.backend!r} with servers; it has {', '.join(backends) or 'none'}")
    within = [server for server in servers if want.backend in (None, server.backend)]
    chosen = tuple(server for server in within if server.name == want.server)
    if not chosen:
        names = ", ".join(sorted({server.name for server in within})) or "none"
        where = f"backend {want.backend!r}" if want.backend else "HAProxy"
        raise BadInput(f"{where} has no server {want.server!r}; it has {names}")
    return chosen


def plan(want: Want, servers: Sequence[Server]) -> tuple[Order, ...]:
    """Return the orders that bring the server into the wanted state and to its weight, in every chosen backend.

    Raise FleetError when one of them would leave a backend with fewer than `min_healthy` servers that serve.
    """
    chosen = select(want, servers)
    orders = [order for one in chosen for order in (*_weight(want, one), *_state(want, one))]
    for one in chosen:
        if want.state != ENABLED or weights.final(want.weight, one) == 0:
            refuse_emptying(want, one, servers)
    return tuple(orders)


def ramps(want: Want, servers: Sequence[Server]) -> dict[str, tuple[weights.Step, ...]]:
    """Return the steps that each chosen backend's server takes to its weight after its return, none without `ramp_s`."""
    return {one.backend: _ramp(want, one) for one in select(want, servers)}


def _state(want: Want, one: Server) -> tuple[Order, ...]:
    wanted = target(want, one)
    if one.state == wanted:
        return ()
    name = f"{one.backend}/{one.name}"
    command = returning(one) if wanted == ENABLED else f"set server {name} state {COMMANDS[wanted]}"
    undo = (f"set server {name} state {COMMANDS[one.state]}",)
    return (Order(one.backend, one.name, one.state, wanted, (command,), undo),)


def returning(one: Server) -> str:
    """Return, as one line, what has a server that returns earn its UP by new checks.

    A service that was restarted a moment ago is UP by checks older than that, and would get requests it cannot answer.
    HAProxy believes this of a server in maintenance only once that has left it, so it passes through drained.
    """
    order = f"set server {one.backend}/{one.name}"
    leave = [f"{order} state drain"] if one.checked and one.state == MAINTENANCE else []
    proving = [f"{order} health down"] if one.checked else []
    return "; ".join([*leave, *proving, f"{order} state ready"])


def _weight(want: Want, one: Server) -> tuple[Order, ...]:
    last = weights.final(want.weight, one)
    steps = _ramp(want, one)
    if steps:
        first, last = steps[0].weight, steps[-1].weight
    elif last in (None, one.asked_weight):
        return ()
    else:
        first = last
    name = f"{one.backend}/{one.name}"
    commands = (f"set server {name} weight {weights.word(first, one)}",)
    undo = (f"set server {name} weight {weights.word(one.asked_weight, one)}",)
    return (Order(one.backend, one.name, f"weight {one.asked_weight}", f"weight {last}", commands, undo),)


def _ramp(want: Want, one: Server) -> tuple[weights.Step, ...]:
    """A server that serves already goes on from the weight that it has: so does a ramp that was cut short."""
    if want.state != ENABLED or not want.ramp_s:
        return ()
    last = weights.final(want.weight or "100%", one) or 0
    below = one.asked_weight if one.state == ENABLED else 0
    return weights.ramp(below, last, want.ramp_s, one)


def refuse_emptying(want: Want, one: Server, servers: Sequence[Server]) -> None:
    """Raise FleetError where too few would be left. What does not serve now takes nothing away by leaving."""
    mates = [server for server in servers if server.backend == one.backend and server.name != one.name]
    left = sum(server.serving for server in mates)
    if one.serving and left < want.min_healthy:
        statuses = ", ".join(f"{server.name} {server.status}" for server in mates) or "it has no other server"
        raise FleetError(
            f"taking {one.name} out of backend {one.backend} would leave {left} serving, and min_healthy is "
            f"{want.min_healthy} ({statuses}): bring the others back first, or set min_healthy to {left}"
        )
