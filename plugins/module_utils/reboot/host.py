# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The two halves of a reboot that the host does: before it goes down, and after it is back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .. import _reboots
from .._errors import FleetError, HostLocked, Unfinished
from .._host import boot, systemd
from .._host.boot import Boot
from .._reboots import Outcome, Pending
from .._transaction import journal, lock, quarantine
from .._transaction.lock import Actor
from .._transaction.paths import HOST, now
from .._transaction.world import World
from ..memory_info import state as memory
from . import verify
from .decide import SETTLED

TAIL = 15
# How a reboot that never came about is told.
NEVER = "the host was not rebooted"
# From the record to the host going down it takes a few seconds.
UNDER_WAY_S = 60


def started(options: Mapping[str, Any], *, check: bool) -> dict[str, Any]:
    """Judge whether the host may go down, remember what has to come back, and return whether it is to be rebooted.

    What an earlier run left without its end is settled first. Where that was a run of the same id, its reboot counts.
    """
    actor, current = lock.actor_of(options), boot.current()
    notes = _refuse(ignore_inhibitors=options["ignore_inhibitors"])
    pending = _reboots.read(HOST)
    came_back = pending is not None and pending.boot != current.id
    if pending and not came_back:
        _refuse_under_way(pending, actor)
    resumed = came_back and pending is not None and bool(actor.run_id) and pending.run_id == actor.run_id
    goes_down = options["state"] != SETTLED and not resumed
    told: dict[str, Any] = {"changed": bool(pending) or goes_down, "reboot": goes_down, "notes": notes, "settled": {}}
    if check:
        steps = _steps(options, pending, goes_down=goes_down)
        return {**told, "steps": steps, "diff": {"prepared": "".join(f"{step}\n" for step in steps)}}
    if pending:
        told["settled"] = _settle(pending, actor, options, made_up=came_back, never=not came_back)
    if goes_down:
        return {**told, **_begin(actor, options, current, notes)}
    # That an earlier run's reboot never came about is told, and no failure of this one.
    left_out = () if came_back else ("msg",)
    return {**told, **{key: value for key, value in told["settled"].items() if key not in left_out}}


def ended(options: Mapping[str, Any]) -> dict[str, Any]:
    """Wait until the host is whole again and tell the ledger. Raise FleetError where it has nothing to wait for."""
    pending = _reboots.read(HOST)
    if pending is None:
        raise FleetError("nobody has begun a reboot of this host: the record of it is gone")
    never = pending.boot == boot.current().id
    failure = options["failure"] or "its boot is still the same"
    return {"changed": True, **_settle(pending, lock.actor_of(options), options, never=never, failure=failure)}


def _refuse(*, ignore_inhibitors: bool) -> list[str]:
    """Raise FleetError where the host may not go down now; return what is worth telling."""
    quarantine.refuse(HOST)
    unfinished = [path.rsplit("/", 1)[1] for path in journal.unfinished(HOST)]
    if unfinished:
        raise Unfinished(
            f"transaction {unfinished[0]} is unfinished on this host, and a reboot now would settle it blindly: "
            "`groundcrew recover --show` tells what it is, the next run of its playbook finishes it"
        )
    found = boot.inhibitors()
    if found is None:
        return ["logind does not answer, so nobody could ask for a reboot to wait"]
    blocking = [f"{one.who} ({one.why})" for one in found if one.mode.startswith("block")]
    if blocking and not ignore_inhibitors:
        raise FleetError(
            f"this host must not be rebooted now, says {', '.join(blocking)}: wait for it (`systemd-inhibit --list`), "
            "or give ignore_inhibitors: true"
        )
    return [f"{one.who} asks for a moment before the reboot: {one.why}" for one in found if one.mode == "delay"]


def _refuse_under_way(pending: Pending, actor: Actor) -> None:
    """Raise HostLocked where another run has just begun a reboot, and is about to send the host down."""
    age_s = time.time() - pending.began
    if 0 <= age_s < UNDER_WAY_S and not (actor.run_id and actor.run_id == pending.run_id):
        raise HostLocked(
            f"a reboot of this host began {age_s:.0f} s ago ({pending.why}): wait for its end; after {UNDER_WAY_S} s in the same "
            "boot it counts as given up"
        )


def _begin(actor: Actor, options: Mapping[str, Any], current: Boot, notes: list[str]) -> dict[str, Any]:
    began, name = time.time(), journal.new_txid()
    why = _why(options)
    days_up = round(current.up_s / memory.DAY_S, 3)
    with lock.exclusive(HOST, World(), actor):
        _refuse(ignore_inhibitors=options["ignore_inhibitors"])
        path = _evidence(name, why, notes) if options["evidence"] else ""
        pending = Pending(
            current.id, began, now(), name, why, actor.run_id, days_up, boot.to_come_back(), boot.failed(), path
        )
        _reboots.begin(HOST, World(), actor, pending)
    return {"evidence": path, "days_up": days_up, "units": len(pending.units), "why": why}


def _evidence(name: str, why: str, notes: list[str]) -> str:
    """Evidence is worth much, but no reason to leave a host down on its knees."""
    try:
        told = {"why": why, **memory.read(memory.Want(), HOST)}
        return _reboots.keep_evidence(HOST, World(), name, told)
    except (FleetError, OSError) as error:
        notes.append(f"the evidence could not be saved: {error}")
        return ""


def _settle(
    pending: Pending,
    actor: Actor,
    options: Mapping[str, Any],
    *,
    never: bool,
    made_up: bool = False,
    failure: str = "the run that began it died before",
) -> dict[str, Any]:
    """Find out how the reboot ended, tell the ledger and return it; `msg` is there where it did not end well."""
    told, facts, away_s = ({"msg": f"{NEVER}: {failure}"}, {}, None) if never else _verified(pending, options)
    if made_up:
        facts, away_s = {**facts, "made_up": True}, None
    outcome = Outcome("failed" if "msg" in told else "done", away_s, {**facts, **_said(told)})
    with lock.exclusive(HOST, World(), actor):
        line = _reboots.end(HOST, World(), actor, pending, outcome)
    told["away_s"] = line.get("away_s")
    seen = {"days_up": pending.days_up, "evidence": pending.evidence, "made_up": made_up}
    return {"rebooted": not never, "why": pending.why, "units": len(pending.units), **seen, **told}


def _verified(pending: Pending, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], float | None]:
    """Return what is to be told, what of it the ledger gets, and the seconds until now."""
    verdict = verify.wait(
        pending.units,
        pending.failed,
        within_s=options["within_s"],
        ignore=options["ignore_units"],
        clock=verify.Clock(verify.look),
    )
    away_s = round(max(0.0, time.time() - pending.began), 1)
    notes = [] if verdict.settled else [f"the boot has not come to its end, still to do: {', '.join(boot.jobs())}"]
    if verdict.ok:
        return {"notes": notes}, {}, away_s
    wrong = [f"{name} is {what}" for name, what in verdict.missing.items()]
    wrong += [f"{name} fails, and did not before" for name in verdict.failed]
    tails = {name: systemd.journal_tail(name, lines=TAIL) for name in (*verdict.missing, *verdict.failed)}
    msg = f"rebooted, but not whole again after {verdict.seconds:g} s: {'; '.join(wrong)}"
    facts = {"missing": dict(verdict.missing), "failing": list(verdict.failed)}
    return {"notes": notes, "msg": msg, "missing": sorted(verdict.missing), "journal": tails}, facts, away_s


def _said(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"said": told["msg"]} if "msg" in told else {}


def _why(options: Mapping[str, Any]) -> str:
    return str(options["why"] or options["reason"] or "it was asked for")


def _steps(options: Mapping[str, Any], pending: Pending | None, *, goes_down: bool) -> list[str]:
    settle = [f"settle the reboot that began {pending.when} ({pending.why})"] if pending else []
    if not goes_down:
        return settle
    keep = ["save what ate the memory"] if options["evidence"] else []
    units = boot.to_come_back()
    return [*settle, *keep, f"reboot: {_why(options)}", f"wait until {len(units)} units are active again"]
