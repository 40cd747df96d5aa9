# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide what adds a server to a running HAProxy, or removes it, and to its configuration: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput
from .._host import files
from .._transaction import steps
from .._transaction.steps import Plan, Step
from ..service_config import record
from ..service_config.record import Entry
from . import config
from . import plan as planning
from . import weight as weights
from .config import Backend
from .plan import COMMANDS, Order, Want
from .state import ABSENT, ENABLED, MAINTENANCE, PRESENT, Server

HAPROXY = "/usr/sbin/haproxy"


class Place(NamedTuple):
    """Where a server is reached, as the configuration spells it, and its keywords, else those of the backend's default-server.

    `reached` is what HAProxy itself makes of the address, more than one of a name; without it that is the address as it is.
    """

    address: str
    keywords: str = ""
    reached: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        return self.reached or (self.address,)


def join(want: Want, place: Place, backend: Backend, servers: Sequence[Server]) -> tuple[Order, ...]:
    """Return the order that adds the server, none where it is there; raise BadInput where it is there at another address."""
    _refuse_name(want.server)
    there = [one for one in servers if (one.backend, one.name) == (backend.name, want.server)]
    for one in there:
        if one.address not in place.addresses:
            raise BadInput(
                f"{backend.name}/{one.name} is there at {one.address}, not at {place.address}: remove it first (state: absent)"
            )
    return () if there else (_adding(want, place, backend),)


def fresh(want: Want, place: Place, backend: Backend) -> Server:
    """Return the server as it is before it is enabled."""
    words = (place.keywords or backend.keywords).split()
    own = int(words[words.index("weight") + 1]) if "weight" in words[:-1] else 1
    return Server(
        backend.name, want.server, MAINTENANCE, "MAINT", 0, 0, own_weight=own, checked="check" in words, weight=own
    )


def ramps(want: Want, place: Place, backend: Backend) -> dict[str, tuple[weights.Step, ...]]:
    """Return the steps to the weight of a server that is added."""
    return planning.ramps(want._replace(state=ENABLED, backend=None), [fresh(want, place, backend)])


def leave(want: Want, row: Server, backend: Backend) -> Order:
    """Return the order that removes a server which has no session left; it is added again where a later order fails."""
    name = f"{row.backend}/{row.name}"
    place = Place(row.address, backend.keywords)
    back = (
        *_added(name, place, backend),
        f"set server {name} weight {weights.word(row.asked_weight, row)}",
        f"set server {name} state {COMMANDS[row.state]}",
    )
    commands = (f"set server {name} state maint", f"del server {name}")
    return Order(row.backend, want.server, PRESENT, ABSENT, commands, back)


def drains(want: Want, servers: Sequence[Server]) -> tuple[Server, ...]:
    """Return the rows that have to go, none where the server is gone already."""
    return tuple(one for one in servers if one.name == want.server and want.backend in (None, one.backend))


def file_plan(path: str, before: str, after: str, recorded: bytes | None, record_path: str) -> Plan:
    """Return how the configuration is changed, HAProxy's own judgement of it included.

    Where the running HAProxy had read it as it was, it is told to have read it as it is: it knows the servers by now.
    """
    taken: list[Step] = []
    if after != before:
        taken = [
            steps.write(path, after.encode()),
            steps.argv([HAPROXY, "-c", "-q", "-f", path]),
            *_recording(path, before, after, recorded, record_path),
        ]
    diff = ({"before_header": path, "after_header": path, "before": before, "after": after},) if taken else ()
    return Plan(name="lb_backend", steps=tuple(taken), diff=diff)


def _recording(path: str, before: str, after: str, recorded: bytes | None, record_path: str) -> Sequence[Step]:
    known = record.parse(recorded)
    entry: Entry | None = known.config.get(path)
    if entry is None or entry.sha256 != files.digest(before.encode()):
        return ()
    read: Mapping[str, Any] = {**known.config, path: Entry(files.digest(after.encode()))}
    text = record.dump(known._replace(config=read))
    return (steps.write(record_path, text, owner="root", group="root", mode=0o600),)


def _adding(want: Want, place: Place, backend: Backend) -> Order:
    server = fresh(want, place, backend)
    name = f"{backend.name}/{want.server}"
    ramp = ramps(want, place, backend)[backend.name]
    first = ramp[0].weight if ramp else weights.final(want.weight, server)
    weight = () if first is None else (f"set server {name} weight {weights.word(first, server)}",)
    commands = (*_added(name, place, backend), *weight, planning.returning(server))
    undo = (f"set server {name} state maint", f"del server {name}")
    return Order(backend.name, want.server, ABSENT, f"{PRESENT} at {place.address}", commands, undo)


def _added(name: str, place: Place, backend: Backend) -> tuple[str, ...]:
    keywords = place.keywords or backend.keywords
    checks = (f"enable health {name}",) if "check" in keywords.split() else ()
    # HAProxy 2.6 gives a server that is added no cookie of its own before the key is set again.
    cookie = (f"set dynamic-cookie-key backend {backend.name} {backend.cookie_key}",) if backend.cookie_key else ()
    return (f"add server {name} {place.addresses[0]} {keywords}".rstrip(), *cookie, *checks)


def _refuse_name(name: str) -> None:
    if not config.NAME.fullmatch(name):
        raise BadInput(f"server {name!r} is no name that HAProxy takes: give letters, digits and - _ . :")
