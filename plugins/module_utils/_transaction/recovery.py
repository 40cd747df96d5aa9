# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Bring a host whose transaction was cut off to a whole state: the former one, or the new one.

Called by the boot unit, by the undo timer, by a human at the console, and by the next run before anything else;
always under the host's flock, so it never races a live transaction.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .._errors import BadInput, FleetError, StepFailed, Unreadable
from . import interpreter, journal, ledger, packages, proof, quarantine
from .interpreter import Context
from .journal import Journal
from .paths import Paths

AUTO, UNDO, FINISH, ACCEPT = "auto", "undo", "finish", "accept"


class Recovered(NamedTuple):
    """What became of one unfinished transaction: discarded, done, finished, undone or accepted."""

    txid: str
    name: str
    result: str


def pending(paths: Paths) -> list[dict[str, Any]]:
    """Return what is unfinished on this host, for a report: name, who, how far, whether a proof is awaited."""
    told = []
    for path in journal.unfinished(paths):
        try:
            opened = journal.load(path)
        except Unreadable as error:
            told.append({"txid": path.rsplit("/", 1)[1], "what": str(error), "state": "unreadable"})
            continue
        told.append(_tell(path, opened))
    return told


def recover(context: Context, how: str = AUTO, *, unproven: bool = False) -> list[Recovered]:
    """Recover every unfinished transaction of this host; the caller holds the host.

    `how` is auto (undo, or finish where a step cannot be left half-way), undo, finish or accept (by hand; accept
    needs the actor's reason). With `unproven`, at boot and for the undo timer, what still waits for its proof is taken
    back too.
    Raise Quarantined where only a human may go on, Unfinished where a proof is still awaited, StepFailed where the
    undo fails.
    """
    if how == ACCEPT and not context.actor.reason.strip():
        raise BadInput("a half-made change is accepted only with a stated reason: give --reason TEXT")
    if how == AUTO:
        quarantine.refuse(context.paths)
    done = [_one(path, context, how, unproven=unproven) for path in journal.unfinished(context.paths)]
    if how != AUTO:
        quarantine.leave(context.paths, context.world)
    return done


def _one(path: str, context: Context, how: str, *, unproven: bool) -> Recovered:
    txid = path.rsplit("/", 1)[1]
    try:
        opened = journal.load(path)
    except Unreadable as error:
        return _unreadable(path, context, how, error)
    if opened is None:
        journal.discard(context.world, path)
        return Recovered(txid, "", "discarded")
    return Recovered(txid, opened.plan.name, _settle(opened, context, how, unproven=unproven))


def _settle(opened: Journal, context: Context, how: str, *, unproven: bool) -> str:
    if not opened.marked("staged"):
        journal.sweep(context.world, opened)
        journal.discard(context.world, opened.path)
        return "discarded"
    awaited = [] if opened.marked("proven") else opened.marked("unproven")
    result, why = _decided(opened, context, how, awaited=bool(awaited))
    if result:
        interpreter.commit(opened, context, result=result, seconds=0, why=why)
        return result
    if awaited and how == AUTO and not unproven and opened.marked("verified"):
        proof.refuse_while_awaited(opened, awaited[-1])
    wants_finish = how == FINISH or (how == AUTO and not awaited and not opened.marked("undo"))
    if wants_finish and (how == FINISH or interpreter.has_to_finish(opened)):
        return _finish(opened, context)
    return _undo(opened, context, "the transaction was cut off before its end" if not awaited else proof.LATE)


def _decided(opened: Journal, context: Context, how: str, *, awaited: bool) -> tuple[str, str]:
    """Return result and reason where no step is left to take or to undo, and only the closing is; "" otherwise."""
    ended = ledger.result_of(context.paths, opened.txid)
    if ended:
        # Its undo copies may be on their way out already: whatever is asked for now comes too late.
        return ended, ""
    if opened.marked("undone"):
        return "undone", _why(opened)
    if how == ACCEPT:
        return "accepted", context.actor.reason
    stands = opened.marked("verified") and not opened.marked("undo") and not awaited
    return ("done", "") if stands and how != UNDO else ("", "")


def _finish(opened: Journal, context: Context) -> str:
    """Go on from the first step that is not known to be taken, or was taken back since; where that fails, back."""
    first = 0 if opened.marked("undo") else max(opened.marked("applied"), default=0)
    try:
        packages.repair(context.world, opened.plan.steps)
        interpreter.take(opened, context, first=first)
        opened.mark(context.world, verified=interpreter.verify(opened.plan))
    except (FleetError, OSError) as error:
        failure = interpreter.take_back(opened, context, why=f"cut off, and could not be finished: {error}")
        return _undone(failure)
    interpreter.commit(opened, context, result="finished", seconds=0, why="finished after it had been cut off")
    return "finished"


def _undo(opened: Journal, context: Context, why: str) -> str:
    return _undone(interpreter.take_back(opened, context, why=_why(opened) or why))


def _undone(failure: StepFailed) -> str:
    if not failure.undone:
        raise failure
    return "undone"


def _why(opened: Journal) -> str:
    said = opened.marked("undo")
    return str(said[-1]) if said else ""


def _unreadable(path: str, context: Context, how: str, error: Unreadable) -> Recovered:
    """Nobody can undo what nobody can read: quarantine, until a human accepts."""
    txid = path.rsplit("/", 1)[1]
    if how != ACCEPT:
        quarantine.enter(context.paths, context.world, txid=txid, name=path, why=str(error), undo="unreadable journal")
        quarantine.refuse(context.paths)
    context.world.rename(path, f"{context.paths.undo}/{txid}")
    context.world.sync(context.paths.undo)
    context.world.sync(context.paths.journal)
    told = {"txid": txid, "what": "unreadable journal", "result": "accepted", "who": context.actor.owner}
    ledger.append(context.paths, context.world, {**told, "why": context.actor.reason})
    return Recovered(txid, "", "accepted")


def _tell(path: str, opened: Journal | None) -> dict[str, Any]:
    if opened is None:
        return {"txid": path.rsplit("/", 1)[1], "what": "", "state": "nothing was changed yet"}
    marks = opened.marks()
    last = next(iter(marks[-1])) if marks else "nothing was changed yet"
    taken = max(opened.marked("applied"), default=0)
    told = {"txid": opened.txid, "what": opened.plan.name, "who": dict(opened.who), "state": last}
    return {**told, "steps": len(opened.entries), "taken": taken, "unproven": opened.marked("unproven")[-1:]}
