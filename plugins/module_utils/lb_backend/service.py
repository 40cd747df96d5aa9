# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""One call of lb_backend, from the module's options to its end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule

from .._errors import BadInput, FleetError, StepFailed
from .._host import haproxy
from . import drive
from .drive import Outcome
from .plan import Want
from .state import ABSENT, PRESENT


def run(module: AnsibleModule) -> NoReturn:
    """Bring the server into the wanted state, and tell what became of it; every FleetError is a failure of the module."""
    params, begin = module.params, time.monotonic()
    try:
        outcome, told = _converge(params, check_mode=module.check_mode)
    except StepFailed as error:
        module.fail_json(msg=str(error), undone=error.undone, **error.details)
    except (FleetError, OSError) as error:
        module.fail_json(msg=str(error))
    file_diff = told.pop("file_diff", [])
    module.exit_json(
        changed=bool(outcome.changes or told.get("steps")),
        before=[server.told() for server in outcome.before],
        after=[server.told() for server in outcome.after],
        timeline=outcome.timeline,
        seconds=round(time.monotonic() - begin, 3),
        diff=[_diff(outcome), *file_diff],
        **told,
    )
    raise AssertionError("AnsibleModule left its exit open")


def _converge(params: Mapping[str, Any], *, check_mode: bool) -> tuple[Outcome, dict[str, Any]]:
    want = want_from(params)
    if want.state not in (PRESENT, ABSENT):
        return drive.converge(params["socket"], want, wait_s=params["wait_s"], check_mode=check_mode), {}
    # Loaded here only: a drain does not pay for what changes files.
    from .._transaction import lock
    from . import member, membership

    place = member.Place(_address(params), params["check_options"] or "", _reached(params))
    actor = lock.actor_of(params)
    call = membership.Call(params["socket"], want, place, params["config"], actor, params["wait_s"])
    return membership.converge(call, check_mode=check_mode)


def want_from(params: Mapping[str, Any]) -> Want:
    """Return what the options ask for; raise BadInput for a ramp of a server that is not to return."""
    want = Want(
        params["server"],
        params["state"],
        params["backend"],
        params["min_healthy"],
        params["weight"] or "",
        params["ramp_s"],
    )
    if want.ramp_s < 0:
        raise BadInput(f"ramp_s {want.ramp_s:g} is less than nothing: give seconds, or 0 for no ramp")
    return want


def _address(params: Mapping[str, Any]) -> str:
    if params["state"] != PRESENT:
        return ""
    address, port = params["address"] or "", params["port"]
    if not address or not port:
        raise BadInput(f"state present has address {address!r} and port {port!r}: give both")
    if set(address) & set(" \t\n;#"):
        raise BadInput(f"address {address!r} is none: give an IP address or a name without spaces")
    return f"{address}:{port}"


def _reached(params: Mapping[str, Any]) -> tuple[str, ...]:
    return haproxy.reached(params["address"], params["port"]) if params["state"] == PRESENT else ()


def _diff(outcome: Outcome) -> dict[str, str]:
    lines = [(f"{one.backend}/{one.server}: ", one) for one in outcome.changes]
    return {
        "before": "".join(f"{name}{one.before}\n" for name, one in lines),
        "after": "".join(f"{name}{one.after}\n" for name, one in lines),
    }
