# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Add a server to a running HAProxy or remove it, and keep that over a restart in its configuration.

The running HAProxy comes first, since it is what can fail; then the file is changed as a transaction of the host. Where
that fails, the running HAProxy is brought back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .. import _module
from .._errors import BadInput, CommandFailed, FleetError
from .._host import files, haproxy
from .._transaction.lock import Actor
from .._transaction.steps import Plan, describe
from ..service_config.want import OWN_STATE
from . import config, drive, member
from . import plan as planning
from .drive import Outcome
from .member import Place
from .plan import Order, Want
from .state import ABSENT, DRAINED, ENABLED, PRESENT, Server

RECORD = f"{OWN_STATE}/units/haproxy.service.json"
ATTACHED = "connections attached"


class Files(NamedTuple):
    """The configuration, and what changes it."""

    path: str
    edit: Callable[[str], str]

    def text(self) -> str:
        content = files.read(self.path).content
        if content is None:
            raise BadInput(f"{self.path} is no file: give HAProxy's configuration as config")
        return content.decode("utf-8", "surrogateescape")

    def plan(self) -> Plan:
        text = self.text()
        return member.file_plan(self.path, text, self.edit(text), files.read(RECORD).content, RECORD)


class Call(NamedTuple):
    """One call of the module."""

    socket: str
    want: Want
    place: Place
    config: str
    actor: Actor
    wait_s: float


def change(actor: Actor, edit: Files) -> dict[str, Any]:
    """Change the file as one transaction of the host, and return what was done."""
    done = _module.change(actor, edit.plan, lambda plan: plan)
    return {"steps": done["steps"], "file_diff": done["diff"], "ledger": done["ledger"]}


def converge(
    call: Call, *, check_mode: bool, change: Callable[[Actor, Files], dict[str, Any]] = change
) -> tuple[Outcome, dict[str, Any]]:
    """Bring the server in or out, and return what became of it with what was done to the file.

    Raise StepFailed where that fails after the first order; what was ordered is then taken back, as far as HAProxy lets it.
    """
    text = Files(call.config, str).text()
    within = config.backends(text, call.config)
    edit = Files(call.config, _edit(call, text))
    servers = drive.read(call.socket)
    if check_mode:
        plan = edit.plan()
        told = {"steps": [describe(step) for step in plan.steps], "file_diff": list(plan.diff)}
        rows = member.drains(call.want, servers)
        return Outcome(_foreseen(call, within, servers), rows, rows, []), told
    given: list[Order] = []
    try:
        timeline = (_join if call.want.state == PRESENT else _leave)(call, within, given)
        told = change(call.actor, edit)
    except (FleetError, OSError) as failure:
        if not given:
            raise
        raise drive.taken_back(failure, given, drive.take_back(call.socket, given)) from failure
    after = member.drains(call.want, drive.read(call.socket))
    _refuse_lost(call, after)
    return Outcome(tuple(given), member.drains(call.want, servers), after, timeline), told


def _edit(call: Call, text: str) -> Callable[[str], str]:
    want = call.want
    if want.state == ABSENT:
        return lambda text: config.without_server(text, want.server, want.backend)
    if not want.backend:
        raise BadInput("state present needs the backend that the server joins: give backend")
    config.known(text, call.config, want.backend)
    backend = want.backend
    return lambda text: config.with_server(text, backend, want.server, call.place.address)


def _foreseen(call: Call, within: dict[str, config.Backend], servers: Sequence[Server]) -> tuple[Order, ...]:
    want = call.want
    if want.state == PRESENT:
        return member.join(want, call.place, within[str(want.backend)], servers)
    rows = member.drains(want, servers)
    for row in rows:
        planning.refuse_emptying(want, row, servers)
    return tuple(member.leave(want, row, _of(within, row)) for row in rows)


def _of(within: dict[str, config.Backend], row: Server) -> config.Backend:
    return within.get(row.backend) or config.Backend(row.backend, {}, "", "")


def _join(call: Call, within: dict[str, config.Backend], given: list[Order]) -> list[dict[str, Any]]:
    want, backend = call.want, within[str(call.want.backend)]
    with haproxy.turn(call.socket):
        orders = member.join(want, call.place, backend, drive.read(call.socket))
        drive.give(call.socket, orders, given)
    if not orders:
        return []
    enabled = want._replace(state=ENABLED)
    timeline = drive.wait(enabled, lambda: planning.select(enabled, drive.read(call.socket)), call.wait_s)
    return timeline + drive.climb(call.socket, enabled, member.ramps(want, call.place, backend))


def _leave(call: Call, within: dict[str, config.Backend], given: list[Order]) -> list[dict[str, Any]]:
    want, deadline = call.want._replace(state=DRAINED), time.monotonic() + call.wait_s
    with haproxy.turn(call.socket):
        servers = drive.read(call.socket)
        rows = member.drains(want, servers)
        if not rows:
            return []
        drive.give(call.socket, planning.plan(want, servers), given)
    timeline = drive.wait(want, lambda: planning.select(want, drive.read(call.socket)), call.wait_s)
    for row in rows:
        _remove(call.socket, member.leave(call.want, row, _of(within, row)), given, deadline)
    return timeline


def _remove(path: str, order: Order, given: list[Order], deadline: float) -> None:
    """HAProxy closes the kept connections of a server in maintenance by and by; one that is in use it does not close."""
    given.append(order)
    for command in order.commands:
        while True:
            try:
                drive.tell(path, command)
                break
            except CommandFailed as refusal:
                if ATTACHED not in str(refusal) or time.monotonic() > deadline:
                    raise
                time.sleep(drive.INTERVAL_S)


def _refuse_lost(call: Call, after: Sequence[Server]) -> None:
    """Raise FleetError where a HAProxy that was reloaded or restarted meanwhile does not know what it was told."""
    if bool(after) != (call.want.state == PRESENT):
        raise FleetError(
            f"HAProxy was reloaded while {call.want.server} was made {call.want.state}, and has read the configuration as it "
            "was before: run this again"
        )
