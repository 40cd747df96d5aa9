# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: reboot
short_description: Reboot a host, and call it done when it is whole again
version_added: 0.1.0
description:
  - Remembers which units have to come back, saves what ate the memory, reboots through M(ansible.builtin.reboot), and waits until
    every unit that was active before and is enabled is active again, also one that takes its time. SSH being up proves nothing.
  - The ledger of the host gets a line before and one after it, with the reason, the days since the boot before and the seconds
    until all was back.
  - A host in quarantine, one with an unfinished transaction and one that a program holds against a shutdown are refused.
  - A run that dies while its host is down leaves a record there. The next call settles it; a call of the same run counts that
    reboot as its own.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes.actiongroup
attributes:
  check_mode:
    description: Tells what a run would do and why, and refuses what a run would refuse.
    support: full
  diff_mode:
    description: In check mode it shows what a run would do and why. A reboot changes no file, so there is nothing else to show.
    support: partial
  idempotent:
    description: Each call is a reboot, but with O(state=settled) there is only one end of a reboot to tell.
    support: partial
  platform:
    description: Systems that it works on.
    platforms: debian
    support: full
options:
  state:
    description:
      - V(rebooted) reboots the host.
      - V(settled) does not. It looks after a reboot whose end nobody has seen, since its run died, and tells the ledger.
    type: str
    choices: [rebooted, settled]
    default: rebooted
  why:
    description: Why, for the ledger. Without it, O(reason) is taken.
    type: str
  evidence:
    description:
      - Whether to save what M(groundcrew.fleet.memory_info) finds, in C(/var/lib/groundcrew/reboots), for root alone.
        The latest 20 are kept.
    type: bool
    default: true
  within_s:
    description: Seconds within which all units must be active again, from when the host can be reached.
    type: float
    default: 300
  reboot_timeout_s:
    description: Seconds within which the host must be reached again.
    type: int
    default: 600
  ignore_units:
    description: Units, as shell patterns, that need not come back and may fail.
    type: list
    elements: str
    default: []
  ignore_inhibitors:
    description: Whether to reboot although a program, such as a running package manager, asks for no shutdown.
    type: bool
    default: false
  part:
    description: Which half of it the host does. The action of the module gives it; leave it alone.
    type: str
    choices: [started, ended]
    default: started
  failure:
    description: Why the host did not go down. The action of the module gives it; leave it alone.
    type: str
notes:
  - It needs a connection other than C(local), which would reboot the controller.
"""

EXAMPLES = r"""
- name: Ensure that the host runs a new boot, and is whole again
  groundcrew.fleet.reboot:
    why: The shop's memory leak
    within_s: 120

- name: Ensure that no earlier reboot is left without its end
  groundcrew.fleet.reboot:
    state: settled
"""

RETURN = r"""
rebooted:
  description: Whether the host is in another boot than before, by this call or by the one that it settled.
  type: bool
  returned: always but in check mode
  sample: true
why:
  description: The reason that the ledger has.
  type: str
  returned: when there was a reboot
  sample: The shop's memory leak
away_s:
  description: Seconds from the beginning until all units were active again; null where nobody was there to see.
  type: float
  returned: when there was a reboot
  sample: 31.5
days_up:
  description: How many days the boot before had lasted.
  type: float
  returned: when there was a reboot
  sample: 41.2
units:
  description: How many units had to come back.
  type: int
  returned: when there was a reboot
  sample: 24
evidence:
  description: The file on the host that tells what ate the memory, empty where none was saved.
  type: str
  returned: when there was a reboot
  sample: /var/lib/groundcrew/reboots/20260131T120000-0a1b2c.json
notes:
  description: What is worth knowing and no failure.
  type: list
  elements: str
  returned: always
  sample: []
settled:
  description: How an earlier reboot ended whose run had died, empty where there was none.
  type: dict
  returned: always
  sample: {}
steps:
  description: What a run would do.
  type: list
  elements: str
  returned: in check mode
  sample: ["save what ate the memory", "reboot: The shop's memory leak", "wait until 24 units are active again"]
missing:
  description: The units that are not back.
  type: list
  elements: str
  returned: failure
  sample: [shop.service]
journal:
  description: The last lines of the journal of each unit that is not back.
  type: dict
  returned: failure
  sample: {"shop.service": ["2026-01-31T12:00:00+0000 app1 shop[77]: no such table"]}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.reboot import host

SPEC: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["rebooted", "settled"], "default": "rebooted"},
    "why": {"type": "str"},
    "evidence": {"type": "bool", "default": True},
    "within_s": {"type": "float", "default": 300},
    "reboot_timeout_s": {"type": "int", "default": 600},
    "ignore_units": {"type": "list", "elements": "str", "default": []},
    "ignore_inhibitors": {"type": "bool", "default": False},
    "part": {"type": "str", "choices": ["started", "ended"], "default": "started"},
    "failure": {"type": "str"},
    **RUN_OPTIONS,
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        if module.params["part"] == "started":
            result = host.started(module.params, check=module.check_mode)
        else:
            result = host.ended(module.params)
    except (FleetError, OSError) as error:
        module.fail_json(msg=str(error))
    if "msg" in result:
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
