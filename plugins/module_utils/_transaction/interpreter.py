# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The one interpreter: it takes the steps of a plan as a transaction, and it is the only code that changes a host.

Stage everything, then for each run of steps: journal, act. Verify the running service. Then either the ledger's line,
or everything back in reverse. The marks in the log, in their order:

    staged            all new bytes and undo copies are on the disk; from here on there is something to undo
    apply [i, j]      steps i to j-1 are about to be taken
    applied j         they were taken
    verified          the checks passed: the transaction stands, whatever happens
    unproven {…}      it will stand only if a proof comes in time (see proof.py)
    proven            the proof came
    undo why          it is being taken back
    undone            it has been taken back
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from .._errors import CommandFailed, FleetError, StepFailed
from .._host import checks, systemd
from . import account, disk, journal, ledger, proof, quarantine, units
from .journal import Entry, Journal, Retention
from .lock import Actor
from .paths import Paths
from .steps import FILE_KINDS, FINISH, Plan, Step
from .world import World

JOURNAL_LINES = 20


class Outcome(NamedTuple):
    """A transaction that stands: what was verified, its seconds, and the digest of its ledger line.

    With a proof still to come, `ledger` is "" and `txid` is what the proof has to name.
    """

    txid: str
    verified: tuple[dict[str, Any], ...]
    seconds: float
    ledger: str


class Context(NamedTuple):
    """What every part needs: where, through what, for whom. `retention` bounds the undo store."""

    paths: Paths
    world: World
    actor: Actor
    retention: Retention = Retention()


def execute(plan: Plan, context: Context, *, proof_within_s: float = 0) -> Outcome:
    """Take the plan's steps; the caller holds the host (lock.exclusive) and has recovered it.

    With `proof_within_s` the transaction is taken back by itself, by timer or at the next boot, unless
    proof.confirm names it in that time. Raise BadInput before anything is touched, StepFailed when it did not come
    to stand; its `undone` is False when the host is now quarantined.
    """
    began = time.monotonic()
    with _undisturbed():
        opened = _prepare(plan, context)
        try:
            if proof_within_s:
                proof.arm(context.paths, context.world, opened, within_s=proof_within_s)
            take(opened, context, first=0)
            verified = verify(opened.plan)
            opened.mark(context.world, verified=verified)
            if proof_within_s:
                proof.renew(context.world, opened, within_s=proof_within_s)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        except (FleetError, OSError) as error:
            # A second wish to stop must not stop the way back.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            evidence = _evidence(plan, error)
            failure = take_back(opened, context, why=str(error))
            failure.details.update(evidence)
            raise failure from error
        seconds = round(time.monotonic() - began, 3)
        if proof_within_s:
            return Outcome(opened.txid, verified, seconds, "")
        return Outcome(opened.txid, verified, seconds, commit(opened, context, result="done", seconds=seconds))


def take(opened: Journal, context: Context, *, first: int) -> None:
    """Take the steps from `first` on, each run of file steps under one mark."""
    for start, stop in runs(opened.plan.steps, first):
        opened.mark(context.world, apply=[start, stop])
        batch = list(opened.entries[start:stop])
        for entry in batch:
            try:
                _act(entry, context)
            except (FleetError, OSError) as error:
                raise StepFailed(f"{_told(entry.step)}: {error}", undone=False) from error
        for path in disk.touched(batch):
            context.world.sync(path)
        opened.mark(context.world, applied=stop)


def runs(steps: Sequence[Step], first: int = 0) -> Iterator[tuple[int, int]]:
    """Yield [start, stop) of what one mark covers: neighbouring file steps, any other step alone.

    File steps are undone from copies that are on the disk already, so that one mark before them serves them all.
    """
    numbered = [(number, step) for number, step in enumerate(steps) if number >= first]
    for _key, group in itertools.groupby(numbered, key=lambda pair: -1 if pair[1].kind in FILE_KINDS else pair[0]):
        members = list(group)
        yield members[0][0], members[-1][0] + 1


def verify(plan: Plan) -> tuple[dict[str, Any], ...]:
    """Wait for the plan's checks; return what passed. Raise StepFailed with what was seen and the units' journals."""
    if not plan.checks:
        return ()
    report = checks.wait_for(plan.checks, within_s=plan.within_s, stable=plan.stable)
    if report.ok:
        return tuple(
            {"check": checks.describe(result.check), "detail": result.detail, "seconds": result.seconds}
            for result in report.results
        )
    failed = checks.failures(report)
    message = f"not healthy within {report.seconds:.1f} s: {'; '.join(failed)}"
    raise StepFailed(message, undone=False, details={"failed_checks": failed})


def confirm(txid: str, context: Context) -> str:
    """The proof of transaction `txid` came: it stands; return its ledger line's digest. Raise BadInput if unknown."""
    opened = proof.find(context.paths, txid)
    opened.mark(context.world, proven=True)
    return commit(opened, context, result="done", seconds=0)


def commit(opened: Journal, context: Context, *, result: str, seconds: float, why: str = "") -> str:
    """Disarm the undo, write the ledger's line, then close the journal; return the line's digest. May be repeated."""
    proof.disarm(context.paths, context.world)
    line = account.line(opened, result=result, seconds=seconds, why=why)
    digest = ledger.append(context.paths, context.world, line, reserve=opened.reserve)
    kept = result in ("done", "finished")
    journal.close(context.paths, context.world, opened, keep=kept, retention=context.retention)
    return digest


def take_back(opened: Journal, context: Context, *, why: str, result: str = "undone") -> StepFailed:
    """Undo the transaction and close it; return the failure to raise. An undo that fails quarantines the host."""
    try:
        _announce_undo(opened, context.world, why)
        remarks = undo(opened, context)
        with contextlib.suppress(OSError):
            opened.mark(context.world, undone=remarks)
        commit(opened, context, result=result, seconds=0, why=why)
    except (FleetError, OSError) as error:
        quarantine.enter(
            context.paths, context.world, txid=opened.txid, name=opened.plan.name, why=why, undo=str(error)
        )
        message = f"{why}. The undo failed too: {error}. This host is quarantined; {quarantine.CURE}"
        return StepFailed(message, undone=False, details={"txid": opened.txid, "remarks": []})
    told = f"{why}. {opened.plan.stays or 'Everything was taken back'}" + (
        f", but: {'; '.join(remarks)}" if remarks else ""
    )
    return StepFailed(told, undone=True, details={"txid": opened.txid, "remarks": remarks})


def _announce_undo(opened: Journal, world: World, why: str) -> None:
    """Mark that the undo begins; a full disk must not stop it, unless a recovery would think that the change stands."""
    try:
        opened.mark(world, undo=why)
    except OSError:
        if opened.marked("verified"):
            raise


def undo(opened: Journal, context: Context) -> list[str]:
    """Bring back what was before, whichever steps were taken; return remarks on what had to stay. May be repeated."""
    world = context.world
    begun = _begun(opened)
    of_units = [entry for entry in begun if entry.step.kind == "unit"]
    to_come = [entry for entry in opened.entries[len(begun) :] if entry.step.kind == "unit"]
    units.stop_started(world, of_units)
    others = [entry for entry in begun if entry.step.kind != "unit"]
    remarks = [_restore(entry, context, f"{opened.path}/{entry.copy}") for entry in reversed(others)]
    for path in disk.touched(begun):
        world.sync(path)
    down = units.run_again(world, of_units + (units.restarted(to_come) if begun else []))
    if down and others:
        raise CommandFailed(f"not running again after the undo: {'; '.join(down)}")
    # Where nothing but units was touched there is nothing to bring back: what does not run is told, and no reason to
    # keep everybody away from the host.
    return [remark for remark in remarks if remark] + down


def _evidence(plan: Plan, error: Exception) -> dict[str, Any]:
    """What a human needs to see, read before the undo adds lines of its own to the journals."""
    tails = {name: systemd.journal_tail(name, lines=JOURNAL_LINES) for name in plan.units}
    return {"unit_journal": tails, **(error.details if isinstance(error, StepFailed) else {})}


def _prepare(plan: Plan, context: Context) -> Journal:
    """Survey and stage; when that fails nothing has been changed, and nothing is left."""
    txid = journal.new_txid()
    opened = Journal(f"{context.paths.journal}/{txid}", _who(context.actor), plan, _survey(plan, txid))
    try:
        journal.open_new(context.paths, context.world, opened)
        _stage(opened, context)
        opened.mark(context.world, staged=True)
    except (FleetError, OSError) as error:
        journal.sweep(context.world, opened)
        journal.discard(context.world, opened.path)
        message = f"could not prepare the change: {error}. Nothing was changed"
        raise StepFailed(message, undone=True, details={"txid": txid}) from error
    return opened


def _packages() -> ModuleType:
    """Loaded here only: it comes with all that knows of apt and dnf, and most plans have no package."""
    from . import packages

    return packages


def _survey(plan: Plan, txid: str) -> tuple[Entry, ...]:
    of_units = units.survey(plan.steps)
    of_packages = _packages().survey(plan.steps) if any(step.kind == "package" for step in plan.steps) else None
    entries: list[Entry] = []
    planned: set[str] = set()
    for number, step in enumerate(plan.steps):
        if step.kind in FILE_KINDS:
            entries.append(disk.survey(step, txid, number, frozenset(planned)))
            planned.update({step.target} if step.kind in ("directory", "write", "tree") else ())
        elif step.kind == "package":
            entries.append(Entry(step, before=of_packages or {}))
        else:
            entries.append(Entry(step, before=of_units.get(step.target, {})))
    return tuple(entries)


def _stage(opened: Journal, context: Context) -> None:
    """Write everything first and sync it then: the first sync carries most of the later ones' work."""
    made, world = [], context.world
    for entry in opened.entries:
        if entry.step.kind == "package":
            _packages().stage(world, entry, context.paths.archives)
    for entry in opened.entries:
        made += disk.stage(world, entry, f"{opened.path}/{entry.copy}") if entry.old is not None else []
    for path in made:
        world.sync(path)
    staged = {os.path.dirname(entry.staged) for entry in opened.entries if entry.staged}
    for folder in sorted(staged | {f"{opened.path}/old"}):
        world.sync(folder)


def _act(entry: Entry, context: Context) -> None:
    step, world = entry.step, context.world
    if step.kind in FILE_KINDS:
        disk.apply(world, entry)
    elif step.kind == "unit":
        units.apply(world, step)
    elif step.kind == "package":
        _packages().apply(world, entry, context.paths.archives)
    else:
        done = world.run(step.args["argv"], float(step.args["timeout_s"]))
        if done.rc != 0:
            quiet = done._replace(out="", err="it has to do with a secret, so what it said is not shown")
            raise StepFailed((quiet if step.sensitive else done).explain(), undone=False)


def _restore(entry: Entry, context: Context, copy: str) -> str:
    step, world = entry.step, context.world
    if step.kind in FILE_KINDS:
        return disk.restore(world, entry, copy) or ""
    if step.kind == "package":
        return _packages().undo(world, entry, context.paths.archives) or ""
    if step.args["undo"]:
        done = world.run(step.args["undo"], float(step.args["timeout_s"]))
        if done.rc != 0:
            raise StepFailed(done.explain(), undone=False)
    return ""


def _begun(opened: Journal) -> list[Entry]:
    """Return the entries that may have been taken: those that a mark announced."""
    return list(opened.entries[: max((stop for _start, stop in opened.marked("apply")), default=0)])


def has_to_finish(opened: Journal) -> bool:
    """Tell whether a step was begun that cannot be left half-way."""
    return any(entry.step.recovery == FINISH for entry in _begun(opened))


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """A lost connection (SIGHUP) does not stop a transaction, and SIGTERM takes it back: either way it ends whole."""

    def stop(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise StepFailed("stopped by SIGTERM", undone=False)

    hangup, terminate = signal.signal(signal.SIGHUP, signal.SIG_IGN), signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, hangup)
        signal.signal(signal.SIGTERM, terminate)


def _who(actor: Actor) -> dict[str, Any]:
    return {"owner": actor.owner, "reason": actor.reason, "run_id": actor.run_id, "attempt": actor.attempt}


def _told(step: Step) -> str:
    action = step.args.get("action")
    return f"{step.kind}{f' {action}' if action else ''} {step.target}".rstrip()
