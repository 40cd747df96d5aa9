# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: package_updates
short_description: Update packages, and restart exactly the services that still run replaced code
version_added: 0.1.0
description:
  - Plans with the host's own python3-apt and installs exactly the versions that the plan shows.
  - Held packages stay as they are, and nothing is removed to make room for an update.
  - Afterwards it looks into the memory maps of all processes for code whose file is gone, restarts the units that they belong to,
    and verifies that these are active again. What cannot be restarted on a running system is returned with the reason.
  - Packages and restarts are one transaction each. A run that died between the two is finished by the next one.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
attributes:
  check_mode:
    details: The restarts that an update makes necessary show only after it, so check mode foresees those that are due already.
options:
  only:
    description: Packages to update, with what they need; all if empty.
    type: list
    elements: str
    default: []
  update_cache:
    description: Whether to fetch the lists of packages first. Check mode does so too, since its plan would be another one without.
    type: bool
    default: true
  cache_valid_time_s:
    description: Seconds for which lists that were fetched before are good enough.
    type: int
    default: 3600
  restart:
    description: Whether to restart units that run replaced code.
    type: bool
    default: true
  keep_running:
    description: Units, as shell patterns, that are never restarted but returned in RV(left).
    type: list
    elements: str
    default: []
  within_s:
    description: Seconds within which restarted units must be active.
    type: float
    default: 60
requirements:
  - python3-apt
"""

EXAMPLES = r"""
- name: Ensure that all packages are up to date and no service runs replaced code
  groundcrew.fleet.package_updates:
  become: true

- name: Ensure that the SSH server is up to date, and leave PostgreSQL running
  groundcrew.fleet.package_updates:
    only: [openssh-server]
    keep_running: ["postgresql@*.service"]
  become: true
"""

RETURN = r"""
packages:
  description: The packages that were updated, or would be; C(from) is empty for one that another newly needs.
  type: list
  elements: dict
  returned: success
  sample: [{"name": "libssl3", "from": "3.0.16-1~deb12u1", "to": "3.0.17-1~deb12u3", "security": true}]
held:
  description: Packages with an update that are on hold.
  type: list
  elements: str
  returned: success
  sample: []
kept_back:
  description: Packages with an update that would remove another package, or that apt phases in later.
  type: list
  elements: str
  returned: success
  sample: []
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
unknown:
  description:
    - Units whose processes may not be looked into, so whether they run replaced code is not known, and they are not restarted.
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
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import apt
from ansible_collections.groundcrew.fleet.plugins.module_utils._module import converge
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.plan import plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.state import Want, read

SPEC: dict[str, dict[str, Any]] = {
    "only": {"type": "list", "elements": "str", "default": []},
    "update_cache": {"type": "bool", "default": True},
    "cache_valid_time_s": {"type": "int", "default": 3600},
    "restart": {"type": "bool", "default": True},
    "keep_running": {"type": "list", "elements": "str", "default": []},
    "within_s": {"type": "float", "default": 60},
    **RUN_OPTIONS,
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given = module.params
    want = Want(tuple(given["only"]), given["restart"], tuple(given["keep_running"]), given["within_s"])
    try:
        if given["update_cache"]:
            apt.refresh(given["cache_valid_time_s"], wait_s=given["lock_wait_s"])
    except FleetError as error:
        module.fail_json(msg=str(error))
    converge(module, read=lambda: read(want), plan=lambda have: plan(want, have), rounds=2)


if __name__ == "__main__":
    main()
