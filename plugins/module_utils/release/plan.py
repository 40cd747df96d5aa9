# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide the transactions of one call of release: a pure function of what is wanted and what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .._errors import BadInput
from .._transaction import steps
from .._transaction.steps import Plan
from . import decide, record, tell
from .activate import Converge, activate, go_back, undo_migrations
from .prune import prunable
from .record import Record
from .spec import ABSENT, ACTIVE, STAGED, UNDONE
from .stage import removal, stage, trust
from .state import Have, Layout, Release
from .want import Want


class Drawn(NamedTuple):
    """The transactions, what the host has when they stand, and whether an activation would change nothing."""

    plans: tuple[Plan, ...]
    after: Layout
    idle: bool = False


def plan(want: Want, have: Have, converge: Converge) -> list[Plan]:
    """Return the transactions that lead from `have` to `want`, each made only if the one before it stands.

    The first tells what ran, the last what the host has then. Raise BadInput for what no plan can make right.
    """
    drawn = {ABSENT: _absent, UNDONE: _undone}.get(want.state, _forward)(want, have, converge)
    taken = [one for one in drawn.plans if one.steps] or [Plan(f"{want.app} {want.version}".strip())]
    first, last = {"from": have.layout.active, "converge": [], "validated": []}, _summary(want, drawn)
    taken[0] = taken[0]._replace(summary={**first, **taken[0].summary})
    # Where one fails, what would have come of it is not told.
    taken[-1] = taken[-1]._replace(summary={**taken[-1].summary, **last})
    return taken


def _forward(want: Want, have: Have, converge: Converge) -> Drawn:
    version = decide.target(want, have.layout)
    plans: list[Plan] = [*trust(want, have)]
    staged, known = False, have.layout
    if decide.needs_staging(want, known, have.offer) and have.offer is not None:
        staging = stage(want, have, have.offer, failed=want.state == ACTIVE)
        plans += staging.plans
        entry, staged = staging.record, True
    else:
        entry = decide.activatable(want, known, version)
        signed, entry = _signed(want, have, entry)
        plans += signed
    switch = activate(want, have, entry, converge)
    needs_activation = any(one.steps for one in switch.plans)
    if want.state == ACTIVE:
        plans += switch.plans
        entry = switch.record
    known = _with(known, entry, active=entry.version if want.state == ACTIVE else known.active)
    gone = prunable(known, want.keep)
    stays = f"{entry.version} is in place all the same; the next call removes again what is too much"
    plans += [removal(want, one, have, "remove, as newer ones are kept")._replace(stays=stays) for one in gone]
    return Drawn(tuple(plans), _without(known, gone), idle=not (staged or needs_activation))


def _undone(want: Want, have: Have, converge: Converge) -> Drawn:
    known = have.layout
    back = decide.target(want, known)
    if not back:
        left = known.complete(want.version)
        return Drawn(undo_migrations(want, have, left) if left else (), known)
    switch = go_back(want, have, decide.activatable(want, known, back), converge)
    after = _with(known, switch.record, active=back)._replace(former="")
    return Drawn(switch.plans, after)


def _absent(want: Want, have: Have, _converge: Converge) -> Drawn:
    known = have.layout
    if want.version not in known.releases:
        return Drawn((), known)
    if want.version in (known.active, known.former):
        why = "runs here" if want.version == known.active else f"is the way back from {known.active}"
        raise BadInput(f"{want.app} {want.version} {why}, so it stays: deploy another version first")
    return Drawn((removal(want, want.version, have, "remove"),), _without(known, (want.version,)))


def _signed(want: Want, have: Have, entry: Record) -> tuple[list[Plan], Record]:
    """What was staged needs the signature of somebody who may sign now; what runs stays, whoever may sign by now."""
    if not want.signers or want.rehearsal:
        return [], entry
    offer = have.offer
    if offer is None:
        if not (have.signer or (entry.signer and have.layout.active == entry.version)):
            _refuse_untrusted(want, entry)
        return [], entry
    signed = entry._replace(signer=offer.signer, manifest_text=offer.text, signature=offer.signature)
    if signed == entry:
        return [], entry
    entry = signed
    noted = steps.write(want.record_path(entry.version), record.dump(entry), owner="root", group="root", mode=0o600)
    return [Plan(f"{want.app} {entry.version}: note who signed it", (noted,))], entry


def _refuse_untrusted(want: Want, entry: Record) -> None:
    cure = "give its artefact or url again, with a signature beside it that holds"
    if entry.signer and not entry.signature:
        raise BadInput(
            f"{want.app} {entry.version} was staged by an earlier version of this collection, which did not keep its signature: {cure}"
        )
    if entry.signer:
        raise BadInput(
            f"{want.app} {entry.version} was staged with the signature of {entry.signer}, which does not hold by {want.signers} "
            f"today: {cure}, or deploy another version"
        )
    raise BadInput(
        f"{want.app} {entry.version} was staged without a signature, and {want.signers} asks for one: {cure}"
    )


def _with(known: Layout, entry: Record, *, active: str) -> Layout:
    former = known.active if active != known.active else known.former
    return Layout(active, former, {**known.releases, entry.version: Release(entry.version, entry)})


def _without(known: Layout, gone: Sequence[str]) -> Layout:
    return known._replace(releases={name: one for name, one in known.releases.items() if name not in gone})


def _summary(want: Want, drawn: Drawn) -> dict[str, Any]:
    found = drawn.after.releases.get(want.version or drawn.after.active)
    told = {"to": drawn.after.active, "release": tell.release(found, drawn.after) if found else {}}
    return {**told, "idle": drawn.idle} if want.state == STAGED else told
