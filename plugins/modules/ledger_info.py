# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ledger_info
short_description: Tell what was done to a host in the last days
version_added: 0.1.0
description:
  - Reads the host's ledger and returns, of the last days, how many transactions there were, and of releases, remedies and reboots each one.
  - The playbook C(groundcrew.fleet.report) makes the report of a week of it.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes.info_module
  - groundcrew.fleet.attributes.actiongroup
options:
  days:
    description: How many days to look back.
    type: float
    default: 7
  ledger_digest:
    description: A digest of a ledger line that was seen earlier. If that line is gone, RV(chain_holds) is false.
    type: str
    default: ""
notes:
  - The ledger is readable by root only; without that the module fails.
  - It takes no host lock; O(run_id), O(run_attempt), O(owner), O(reason), O(lock_wait_s) and O(lock_ttl_s) are taken so that the
    defaults of the action group fit, and have no effect.
"""

EXAMPLES = r"""
- name: Read what was done to the host in the last month
  groundcrew.fleet.ledger_info:
    days: 30
  become: true
"""

RETURN = r"""
chain_holds:
  description: Whether each line of the whole ledger follows from the one before.
  type: bool
  returned: success
  sample: true
runs:
  description: How many transactions there were, by module and result.
  type: list
  elements: dict
  returned: success
  sample: [{"module": "release", "result": "done", "count": 3}]
releases:
  description:
    - Each switch of a release, oldest first. Its C(kind) is V(first), V(forward), V(back) to the one before, or V(try), the beginning of a switch.
    - C(app) is the name in the manifest, C(instance) what the host calls the app, C(built_at) and C(revision) what the manifest says.
  type: list
  elements: dict
  returned: success
  sample: [{"when": "2026-03-01T12:00:00Z", "app": "shop", "instance": "shop", "kind": "forward", "from": "1.0.0", "to": "2.0.0", "result": "done",
            "run_id": "20260301T1159-deploy-bf90", "who": "ann", "reason": "", "why": "", "built_at": "2026-03-01T11:00:00Z", "revision": ""}]
heals:
  description: Each remedy, by its C(unit).
  type: list
  elements: dict
  returned: success
  sample: []
reboots:
  description: Each reboot that has ended, and for how many seconds the host was away.
  type: list
  elements: dict
  returned: success
  sample: []
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import HOST
from ansible_collections.groundcrew.fleet.plugins.module_utils.ledger_info import state

SPEC = {"days": {"type": "float", "default": 7}, "ledger_digest": {"type": "str", "default": ""}, **RUN_OPTIONS}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        since = time.time() - module.params["days"] * 86400
        found = state.read(HOST, since=since, known=module.params["ledger_digest"])
    except (FleetError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
