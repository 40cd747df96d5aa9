# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: health_check
short_description: Wait until services are well, and say what is wrong when they are not
version_added: 0.1.0
description:
  - Checks units, ports, HTTP answers and commands from the host itself, in one execution, until all of them pass.
  - When they do not, it fails with the last answer, the first bytes of the body and the end of the journal of each unit.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.checks
  - groundcrew.fleet.attributes.info_module
  - groundcrew.fleet.attributes.actiongroup
options:
  journal_lines:
    description: Lines of each unit's journal to show on failure.
    type: int
    default: 20
notes:
  - It takes no host lock; O(run_id), O(run_attempt), O(reason), O(lock_wait_s) and O(lock_ttl_s) are taken so that the defaults
    of the action group fit, and have no effect.
"""

EXAMPLES = r"""
- name: Ensure that SSH is up and answers
  groundcrew.fleet.health_check:
    units: [ssh.service]
    tcp:
      - port: 22
    within_s: 10

- name: Ensure that the shop is ready, three times in a row
  groundcrew.fleet.health_check:
    units: [shop.service]
    http:
      - url: http://127.0.0.1:8000/health
        contains: ready
    stable: 3
    within_s: 60
"""

RETURN = r"""
checks:
  description: Each check with what was seen last.
  type: list
  elements: dict
  returned: always
  sample: [{"check": "unit shop.service", "ok": true, "detail": "active (running)", "seconds": 0.01}]
seconds:
  description: How long it took until all checks passed, or until it gave up.
  type: float
  returned: always
  sample: 5.2
journal:
  description: The last lines of the journal of each unit that was checked.
  type: dict
  returned: failure
  sample: {"shop.service": ["2026-01-31T12:00:00+0000 app1 shop[77]: no such table"]}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._checks import CHECK_OPTIONS, checks_from
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import checks, systemd

SPEC = {"journal_lines": {"type": "int", "default": 20}, **CHECK_OPTIONS, **RUN_OPTIONS}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    params = module.params
    try:
        wanted = checks_from(params)
        report = checks.wait_for(wanted, within_s=params["within_s"], stable=params["stable"])
    except FleetError as error:
        module.fail_json(msg=str(error))
    if not wanted:
        module.fail_json(msg="nothing to check: give at least one of units, tcp, http, commands")
    told = {
        "checks": [
            {"check": checks.describe(one.check), "ok": one.ok, "detail": one.detail, "seconds": one.seconds}
            for one in report.results
        ],
        "seconds": report.seconds,
    }
    if report.ok:
        module.exit_json(changed=False, **told)
    journal = {name: systemd.journal_tail(name, lines=params["journal_lines"]) for name in params["units"]}
    wrong = "; ".join(checks.failures(report))
    module.fail_json(msg=f"not well after {report.seconds:.1f} s: {wrong}", journal=journal, **told)


if __name__ == "__main__":
    main()
