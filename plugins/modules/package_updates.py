# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: package_updates
short_description: Update packages exactly as planned, restart exactly what runs replaced code, and take an update back
version_added: 0.1.0
description:
  - Installs exactly the versions that its plan shows, and nothing else; or exactly a plan that somebody has approved.
  - What an update brings and what it replaces is on the host's disk before the first package changes, so that neither its end nor the way
    back needs an archive.
  - Held packages stay as they are, automatic marks too, and nothing is removed to make room for an update unless that is allowed.
  - An update that was interrupted, by whomever, is repaired first; somebody who is at work with packages is waited for.
  - Afterwards it looks into the memory maps of all processes for code whose file is gone, restarts the units that they belong to,
    and verifies that these are active again. What cannot be restarted on a running system is returned with the reason.
  - Repair, packages and restarts are one transaction each. A run that died between them is finished by the next one.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.updates
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
attributes:
  check_mode:
    details: The restarts that an update makes necessary show only after it, so check mode foresees those that are due already.
options:
  state:
    description:
      - V(latest) updates.
      - V(undone) returns every package that the run O(undo) has changed to the version that it had before, and verifies that. It refuses,
        before anything is touched, where it cannot go all the way; check mode tells that too.
      - What maintainer scripts did to data beside the packages, such as the files of a database, is not taken back.
    type: str
    choices: [latest, undone]
    default: latest
  undo:
    description: The O(run_id) of the run to take back, or the C(txid) of one transaction, as C(groundcrew ledger --json) shows them.
    type: str
  undo_unknown_ok:
    description:
      - Whether there is nothing to do where O(undo) has changed nothing. Otherwise that is refused, unless it is the present O(run_id).
    type: bool
    default: false
  plan:
    description:
      - RV(groundcrew.fleet.package_updates_info#module:plan) as it was approved. Exactly this is done; a host that is not as it was
        when the plan was made is refused, naming each difference. What of it is done already is left.
    type: list
    elements: dict
  within_s:
    description: Seconds within which restarted units must be active.
    type: float
    default: 60
requirements:
  - python3-apt, or python3-dnf of dnf 4
  - dpkg-repack, to keep a replaced version that no repository has any more
seealso:
  - module: groundcrew.fleet.package_updates_info
  - module: groundcrew.fleet.packages
"""

EXAMPLES = r"""
- name: Ensure that all packages are up to date and no service runs replaced code
  groundcrew.fleet.package_updates:
  become: true

- name: Ensure that security updates are there, and leave PostgreSQL running
  groundcrew.fleet.package_updates:
    security_only: true
    keep_running: ["postgresql@*.service"]
  become: true

- name: Read what there is to update
  groundcrew.fleet.package_updates_info:
  become: true
  register: pending

- name: Ensure that exactly this is updated
  groundcrew.fleet.package_updates:
    plan: "{{ pending.plan }}"
  become: true
"""

RETURN = r"""
packages:
  description:
    - The packages that were changed, or would be, with what RV(groundcrew.fleet.package_updates_info#module:plan) tells; C(from) is
      empty for one that another newly needs, C(to) for one that goes.
  type: list
  elements: dict
  returned: success
  sample: [{"name": "libssl3", "from": "3.0.16-1~deb12u1", "to": "3.0.17-1~deb12u3", "security": true}]
held:
  description: Updates that were left alone, each with the reason.
  type: list
  elements: dict
  returned: success
  sample: [{"name": "nginx", "from": "1.22.1-9", "to": "1.22.1-9+deb12u2", "security": true, "why": "on hold on this host"}]
interrupted:
  description: What was interrupted, and is repaired now.
  type: list
  elements: str
  returned: success
  sample: []
way_back:
  description: Whether all of it can be taken back later, and the reason for each package that cannot.
  type: dict
  returned: with O(state=latest)
  sample: {"complete": true, "missing": {}}
new_config_files:
  description: The new files that lie beside edited ones which stayed.
  type: list
  elements: str
  returned: with O(state=latest)
  sample: [/etc/ssh/sshd_config.dpkg-dist]
undone:
  description: The transactions that were taken back.
  type: list
  elements: str
  returned: with O(state=undone)
  sample: [20260131T120000-abc123]
restarted:
  description: The units that were restarted.
  type: list
  elements: str
  returned: success
  sample: [nginx.service]
left:
  description: What runs replaced code and was not restarted, with the reason.
  type: dict
  returned: success
  sample: {"dbus.service": "it cannot be restarted on a running system: reboot when it suits"}
reboot:
  description: Whether a reboot is due now, as RV(groundcrew.fleet.package_updates_info#module:reboot) tells it.
  type: dict
  returned: success
  sample: {"needed": false, "why": [], "after": [], "running_kernel": "6.1.0-30-amd64", "newest_kernel": "6.1.0-30-amd64"}
unknown:
  description:
    - What could not be read, in sentences, such as whether a unit runs replaced code whose processes may not be looked into.
    - This happens in containers without the capability SYS_PTRACE.
  type: list
  elements: str
  returned: success
  sample: []
steps:
  description: The steps that were taken, or would be.
  type: list
  elements: dict
  returned: success
  sample: [{"kind": "unit", "target": "nginx.service", "action": "restart"}]
verified:
  description: What was verified.
  type: list
  elements: dict
  returned: success
  sample: [{"check": "unit nginx.service", "detail": "active (running)", "seconds": 0.01}]
seconds:
  description: How long it took.
  type: float
  returned: success
  sample: 12.3
ledger:
  description: The digest of the host's last ledger line; empty when nothing was to be done.
  type: str
  returned: success
  sample: ""
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS, UPDATES_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._module import converge
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import managers, turn
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.want import parse

SPEC: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["latest", "undone"], "default": "latest"},
    "undo": {"type": "str"},
    "undo_unknown_ok": {"type": "bool", "default": False},
    "plan": {"type": "list", "elements": "dict"},
    "within_s": {"type": "float", "default": 60},
    **UPDATES_OPTIONS,
    **RUN_OPTIONS,
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=SPEC,
        required_if=[["state", "undone", ["undo"]]],
        mutually_exclusive=[["plan", "patch_set"], ["plan", "undo"]],
        supports_check_mode=True,
    )
    given = module.params
    try:
        manager = managers.find(given["manager"])
        managers.wait(manager, given["lock_wait_s"])
        if given["update_cache"] and given["state"] == "latest":
            managers.refresh(manager, given["cache_valid_time_s"], wait_s=given["lock_wait_s"])
        want = parse(given, turn.versions_of(given["patch_set"]))
    except FleetError as error:
        module.fail_json(msg=str(error))
    found = turn.Turn(want, manager, remember=not module.check_mode)
    converge(module, read=found.read, plan=found.plan, rounds=turn.ROUNDS)


if __name__ == "__main__":
    main()
