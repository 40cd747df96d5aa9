# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The hold that a rollout has on one host, from host_begin to host_end. Runs on the host."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._errors import FleetError
from .._transaction import journal, ledger, lock, quarantine
from .._transaction.lock import Actor
from .._transaction.paths import Paths
from .._transaction.world import World


class Told(NamedTuple):
    """What the host says: why the rollout is refused (or ""), its ledger, and what else somebody should know."""

    refused: str
    ledger: dict[str, Any]
    notes: list[str]


HERE = Paths()


def on_host(params: Mapping[str, Any], *, check: bool, paths: Paths = HERE) -> Told:
    """Take the host's lock at host_begin, release it at host_end; in check mode only look."""
    actor = lock.actor_of(params)
    if params["state"] == "host_end":
        return _end(actor, paths, check=check)
    return _begin(actor, paths, check=check, seen=params["ledger_seen"])


def _begin(actor: Actor, paths: Paths, *, check: bool, seen: str) -> Told:
    state, world = _ledger(paths, seen), World()
    if check:
        return Told("", state, _would_meet(actor, paths))
    try:
        with lock.exclusive(paths, world, actor):
            notes = _recover(actor, paths, world)
            quarantine.refuse(paths)
            lock.hold(paths, world, actor)
    except FleetError as error:
        return Told(str(error), state, [])
    return Told("", _ledger(paths, seen), notes)


def _recover(actor: Actor, paths: Paths, world: World) -> list[str]:
    """Bring what was cut off to its end before anything else; most hosts have nothing and pay for no import."""
    if not journal.unfinished(paths):
        return []
    from .._transaction import recovery
    from .._transaction.interpreter import Context

    recovered = recovery.recover(Context(paths, world, actor))
    return [f"an unfinished transaction was {one.result}: {one.name or one.txid}" for one in recovered]


def _end(actor: Actor, paths: Paths, *, check: bool) -> Told:
    refused = ""
    if not check and os.path.exists(paths.lock):
        world = World()
        try:
            with lock.exclusive(paths, world, actor):
                lock.release(paths, world, actor)
        except FleetError as error:
            refused = f"this run lost its lock meanwhile: {error}"
    return Told(refused, _ledger(paths, ""), [])


def _ledger(paths: Paths, seen: str) -> dict[str, Any]:
    return {"digest": ledger.tail_digest(paths), "holds": ledger.holds(paths, seen)}


def _would_meet(actor: Actor, paths: Paths) -> list[str]:
    """Return what a run would meet on this host now."""
    found, wounded, open_ones = lock.read(paths), quarantine.read(paths), journal.unfinished(paths)
    notes = []
    if found and not found.is_of(actor):
        notes.append(f"locked by {found.owner}, run {found.run_id or 'without id'}, since {found.since}")
    if wounded:
        notes.append(f"quarantined since {wounded['since']}: {quarantine.CURE}")
    if open_ones:
        notes.append(f"{len(open_ones)} unfinished transaction(s): the run would recover them first")
    return notes
