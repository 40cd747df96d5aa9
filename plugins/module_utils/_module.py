# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The glue between a module and the engines: parameters in, one plan executed, one result out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Callable, NoReturn, TypeVar, Union

from ansible.module_utils.basic import AnsibleModule

from ._errors import FleetError, StepFailed
from ._host.files import listing
from ._transaction import lock, quarantine
from ._transaction.lock import Actor
from ._transaction.paths import HOST
from ._transaction.steps import Plan, describe
from ._transaction.world import World

Have = TypeVar("Have")
Plans = Union[Plan, Sequence[Plan]]


def converge(
    module: AnsibleModule, *, read: Callable[[], Have], plan: Callable[[Have], Plans], rounds: int = 1
) -> NoReturn:
    """Lock the host, recover it, read, plan, execute and exit; check mode reads, plans and tells.

    Several plans are a transaction each, in their order, all made from one reading: what stands stays when a later
    one fails. One that needs a proof comes last; the result then names it as `unproven`, for the action plugin.

    With more than one of `rounds` it reads and plans again after each transaction, until a plan is empty: for what
    can only be seen once the first change is made, such as which services run code that an update has replaced.
    Check mode foresees the first round.

    The result has `changed`, `steps`, `diff`, `verified`, `seconds`, `run_id`, `ledger` and `recovered`, and the
    plan's summary. Every FleetError becomes a failure with its message.
    """
    actor = lock.actor_of(module.params)
    try:
        check = module.check_mode
        result = _foresee(module, _several(plan(read()))) if check else change(actor, read, plan, rounds)
        if module.params.get("code") and not check:
            # Loaded here only: it is for the first call of a module on a host.
            from . import _kept

            _kept.keep(module.params["code"])
        module.exit_json(run_id=module.params["run_id"] or "", **result)
    except StepFailed as error:
        module.fail_json(msg=str(error), undone=error.undone, **error.details)
    except (FleetError, OSError) as error:
        module.fail_json(msg=str(error))
    raise AssertionError("AnsibleModule left its exit open")


def _several(planned: Plans) -> Sequence[Plan]:
    # A Plan is a tuple too.
    return [planned] if isinstance(planned, Plan) else list(planned)


def _foresee(module: AnsibleModule, plans: Sequence[Plan]) -> dict[str, Any]:
    """What a run would do. An unfinished transaction is told, not touched."""
    quarantine.refuse(HOST)
    for txid in _unfinished():
        module.warn(f"transaction {txid} is unfinished on this host; a run recovers it first")
    told: dict[str, Any] = {}
    for plan in plans:
        told = _add(told, {**_told(plan), "verified": []})
    return {**told, "seconds": 0.0, "ledger": "", "recovered": []}


def change(actor: Actor, read: Callable[[], Have], plan: Callable[[Have], Plans], rounds: int = 1) -> dict[str, Any]:
    """Do what `converge` does in a real run, and return its result instead of ending the module; raise every FleetError."""
    began = time.monotonic()
    recovered: list[dict[str, str]] = []
    told: dict[str, Any] = {}
    with lock.exclusive(HOST, World(), actor):
        quarantine.refuse(HOST)
        if _unfinished():
            recovered = _recover(actor)
        for _round in range(rounds):
            plans = _several(plan(read()))
            for wanted in plans:
                try:
                    told = _add(told, {**_told(wanted), **_execute(wanted, actor)})
                except StepFailed as error:
                    error.details.update(told)
                    raise
            if not any(wanted.steps for wanted in plans):
                break
    changed = told["changed"] or bool(recovered)
    return {**told, "changed": changed, "seconds": round(time.monotonic() - began, 3), "recovered": recovered}


def _unfinished() -> tuple[str, ...]:
    """What journal.unfinished tells of, by name; without the code of the journal, which a run that changes nothing does not need."""
    return listing(HOST.journal)


def _execute(wanted: Plan, actor: Actor) -> dict[str, Any]:
    if not wanted.steps:
        return {"verified": [], "ledger": ""}
    # Loaded here only: a run that changes nothing does not pay for the interpreter.
    from ._transaction import console, interpreter

    context = interpreter.Context(HOST, World(), actor)
    own = console.plan(HOST)
    if own.steps:
        interpreter.execute(own, context)
    outcome = interpreter.execute(wanted, context, proof_within_s=wanted.proof_within_s)
    unproven = {"unproven": outcome.txid} if wanted.proof_within_s else {}
    return {"verified": list(outcome.verified), "ledger": outcome.ledger, **unproven}


def _add(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """Return both rounds' results as one: what happened adds up, and what the later found empty stays as it was."""
    both = {**earlier, **{key: value for key, value in later.items() if value or key not in earlier}}
    for key in ("steps", "diff", "verified"):
        both[key] = [*earlier.get(key, ()), *later[key]]
    return both


def _recover(actor: Actor) -> list[dict[str, str]]:
    from ._transaction import recovery
    from ._transaction.interpreter import Context

    return [one._asdict() for one in recovery.recover(Context(HOST, World(), actor))]


def _told(plan: Plan) -> dict[str, Any]:
    return {
        "changed": bool(plan.steps),
        "steps": [describe(step) for step in plan.steps],
        "diff": [dict(one) for one in plan.diff],
        **plan.summary,
    }
