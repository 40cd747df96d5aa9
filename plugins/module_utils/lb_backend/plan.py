# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide what to ask of HAProxy: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .._errors import BadInput, FleetError
from .state import DRAINED, ENABLED, MAINTENANCE, Server

COMMANDS = {ENABLED: "ready", DRAINED: "drain", MAINTENANCE: "maint"}


class Want(NamedTuple):
    """`backend` None means every backend that has the server."""

    server: str
    state: str
    backend: str | None = None
    min_healthy: int = 1


class Order(NamedTuple):
    """One `set server … state`: from what to what, so that it can be taken back."""

    backend: str
    server: str
    before: str
    after: str
    checked: bool = False

    @property
    def command(self) -> str:
        return f"set server {self.backend}/{self.server} state {COMMANDS[self.after]}"

    @property
    def commands(self) -> tuple[str, ...]:
        """The command, after one that has a server which returns earn its UP by new checks.

        A service that was restarted a moment ago is UP by checks older than that, and would get requests it cannot answer.
        """
        if self.after == ENABLED and self.checked:
            return (f"set server {self.backend}/{self.server} health down", self.command)
        return (self.command,)

    @property
    def undo(self) -> str:
        return f"set server {self.backend}/{self.server} state {COMMANDS[self.before]}"


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
    """Return the orders that bring the server into the wanted state, in every chosen backend.

    Raise FleetError when one of them would leave a backend with fewer than `min_healthy` servers that serve.
    """
    chosen = select(want, servers)
    orders = tuple(
        Order(one.backend, one.name, one.state, want.state, checked=bool(one.check))
        for one in chosen
        if one.state != want.state
    )
    if want.state != ENABLED:
        for one in chosen:
            _refuse_emptying(want, one, servers)
    return orders


def _refuse_emptying(want: Want, one: Server, servers: Sequence[Server]) -> None:
    """A server that does not serve now takes nothing away by leaving, whatever the others do."""
    mates = [server for server in servers if server.backend == one.backend and server.name != one.name]
    left = sum(server.serving for server in mates)
    if one.serving and left < want.min_healthy:
        statuses = ", ".join(f"{server.name} {server.status}" for server in mates) or "it has no other server"
        raise FleetError(
            f"taking {one.name} out of backend {one.backend} would leave {left} serving, and min_healthy is "
            f"{want.min_healthy} ({statuses}): bring the others back first, or set min_healthy to {left}"
        )
