# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""One call of service_config, from the module's options to its end."""

from __future__ import annotations

from typing import NoReturn

from ansible.module_utils.basic import AnsibleModule

from .. import _checks, _module
from .._errors import FleetError
from .._transaction.steps import FILE_KINDS, Plan, Step
from . import payload, plan, state, want
from .state import Have
from .want import Want


def run(module: AnsibleModule) -> NoReturn:
    """Understand the options, and hand reading and planning to the transaction."""
    params = module.params
    try:
        contents = payload.unpack(params["payload"])
        checks = _checks.checks_from(params["verify"] or {})
        wanted = want.parse(params, contents, checks, rehearsal=module.check_mode)
    except FleetError as error:
        module.fail_json(msg=str(error))
    _module.converge(module, read=lambda: state.read(wanted), plan=lambda have: validated(wanted, have))


def validated(wanted: Want, have: Have) -> Plan:
    """Return the plan, after the validators have seen the files, where it changes one or a preview differs from what is there."""
    drawn = plan.plan(wanted, have)
    accepted: list[str] = []
    if wanted.staged_validators and _is_news(wanted, have, drawn):
        # Loaded here only: a run that changes nothing does not pay for it.
        from . import validate

        accepted = validate.validate(wanted, have)
    return drawn._replace(summary={**drawn.summary, "validated": accepted})


def _is_news(wanted: Want, have: Have, drawn: Plan) -> bool:
    changes = any(_changes_file(step, wanted, have) for step in drawn.steps)
    return changes or any(plan.differs(one, have) for one in wanted.previews)


def _changes_file(step: Step, wanted: Want, have: Have) -> bool:
    """Tell a step about a file of the call, or one to be purged, from those about directories and our own record."""
    others = {have.record_path, *have.missing, *(one.path for one in wanted.directories)}
    return step.kind in FILE_KINDS and step.target not in others
