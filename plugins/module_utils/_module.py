# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The glue between a module and the engines: parameters in, one plan executed, one result out."""

from __future__ import annotations

import os
import time
from typing import Any, Callable, NoReturn, TypeVar

from ansible.module_utils.basic import AnsibleModule

from ._errors import FleetError, StepFailed
from ._transaction import journal, lock, quarantine
from ._transaction.lock import Actor
from ._transaction.paths import HOST
from ._transaction.steps import Plan, describe
from ._transaction.world import World

Have = TypeVar("Have")


def actor_of(module: AnsibleModule) -> Actor:
    """Return who acts, from the options that the fragment `run` documents."""
    params = module.params
    return Actor(
        owner=params["owner"] or os.environ.get("SUDO_USER") or os.environ.get("USER") or "root",
        reason=params["reason"] or "",
        run_id=params["run_id"] or "",
        attempt=params["run_attempt"],
        wait_s=params["lock_wait_s"],
        ttl_s=params["lock_ttl_s"],
    )


def converge(module: AnsibleModule, *, read: Callable[[], Have], plan: Callable[[Have], Plan]) -> NoReturn:
    """Lock the host, recover it, read, plan, execute and exit; check mode reads, plans and tells.

    The result has `changed`, `steps`, `diff`, `verified`, `seconds`, `run_id`, `ledger` and `recovered`, and the
    plan's summary. Every FleetError becomes a failure with its message.
    """
    try:
        result = _foresee(plan(read())) if module.check_mode else _change(actor_of(module), read, plan)
        module.exit_json(run_id=module.params["run_id"] or "", **result)
    except StepFailed as error:
        module.fail_json(msg=str(error), undone=error.undone, **error.details)
    except (FleetError, OSError) as error:
        module.fail_json(msg=str(error))
    raise AssertionError("AnsibleModule left its exit open")


def _foresee(plan: Plan) -> dict[str, Any]:
    """What a run would do. An unfinished transaction is told, not touched."""
    quarantine.refuse(HOST)
    waiting = [path.rsplit("/", 1)[1] for path in journal.unfinished(HOST)]
    warnings = [f"transaction {txid} is unfinished on this host; a run recovers it first" for txid in waiting]
    return {**_told(plan), "verified": [], "seconds": 0.0, "ledger": "", "recovered": [], "warnings": warnings}


def _change(actor: Actor, read: Callable[[], Have], plan: Callable[[Have], Plan]) -> dict[str, Any]:
    began = time.monotonic()
    where, world = HOST, World()
    recovered: list[dict[str, str]] = []
    outcome = None
    with lock.exclusive(where, world, actor):
        quarantine.refuse(where)
        if journal.unfinished(where):
            recovered = _recover(actor)
        wanted = plan(read())
        if wanted.steps:
            # Loaded here only: a run that changes nothing does not pay for the interpreter.
            from ._transaction import console, interpreter

            context = interpreter.Context(where, world, actor)
            own = console.plan(where)
            if own.steps:
                interpreter.execute(own, context)
            outcome = interpreter.execute(wanted, context)
    seconds = round(time.monotonic() - began, 3)
    done = {"verified": list(outcome.verified), "ledger": outcome.ledger} if outcome else {"verified": [], "ledger": ""}
    told = _told(wanted)
    changed = told["changed"] or bool(recovered)
    return {**told, **done, "changed": changed, "seconds": seconds, "recovered": recovered}


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
