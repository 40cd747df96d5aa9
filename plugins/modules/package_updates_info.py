# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: package_updates_info
short_description: Plan a host's updates, with everything that somebody who approves them wants to know
version_added: 0.1.0
description:
  - Tells which packages would come from which version to which, from where, whether for security's sake, and what that means for
    configuration files, services, reboots, disks and the way back. M(groundcrew.fleet.package_updates) carries out the very plan.
  - What could not be read is told as unknown, and never as well.
  - Nothing is changed but caches, which are the lists of packages and the note of when an update was first seen.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.updates
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
  - groundcrew.fleet.attributes.info_module
requirements:
  - python3-apt, or python3-dnf of dnf 4
seealso:
  - module: groundcrew.fleet.package_updates
"""

EXAMPLES = r"""
- name: Read what there is to update
  groundcrew.fleet.package_updates_info:
  become: true
  register: pending

- name: Show which security updates there are, and whether the host waits for a reboot
  ansible.builtin.debug:
    msg: "{{ pending.plan | selectattr('security') | map(attribute='name') }}, reboot: {{ pending.reboot.needed }}"
"""

RETURN = r"""
manager:
  description: The package manager, V(apt) or V(dnf).
  type: str
  returned: success
  sample: apt
release:
  description: Distribution, its version and the machine's kind, which a patch set knows the host by.
  type: str
  returned: success
  sample: debian 12 x86_64
plan:
  description:
    - Each change. C(from) is empty for a package that another newly needs, C(to) for one that goes.
    - C(cves) is null where nobody could tell; C(config_files) are those that somebody has edited; C(age_days) counts from when the update
      was first known.
  type: list
  elements: dict
  returned: success
  sample:
    - name: libssl3
      from: 3.0.16-1~deb12u1
      to: 3.0.17-1~deb12u3
      origin: Debian-Security/stable-security/main
      security: true
      cves: [CVE-2025-9230]
      priority: high
      source: openssl
      sha256: 6a1f
      download_bytes: 2000000
      disk_bytes: 0
      age_days: 3.5
      config_files: []
held:
  description: Updates that are left alone, each with the reason, which is a hold, a phase, a policy, or what it would remove or lacks.
  type: list
  elements: dict
  returned: success
  sample: [{"name": "nginx", "from": "1.22.1-9", "to": "1.22.1-9+deb12u2", "security": true, "why": "on hold on this host"}]
no_longer_needed:
  description: Packages that came along for others' sake and that nothing will need after the plan.
  type: list
  elements: str
  returned: success
  sample: []
interrupted:
  description: What an earlier run of the package manager has begun and not ended.
  type: list
  elements: str
  returned: success
  sample: []
restart:
  description:
    - The units that run replaced code now (C(due)), those that will after the plan (C(after)), and those that are not restarted, with the
      reason (C(left), C(left_after))
  type: dict
  returned: success
  sample: {"due": [], "after": [nginx.service], "left": {}, "left_after": {}}
reboot:
  description:
    - Whether a reboot is due now (C(needed), null where nobody could tell) and why, and why the plan will make one due (C(after)).
  type: dict
  returned: success
  sample: {"needed": false, "why": [], "after": [], "running_kernel": "6.1.0-30-amd64", "newest_kernel": "6.1.0-30-amd64"}
space:
  description: The file systems that the plan needs room on.
  type: list
  elements: dict
  returned: success
  sample: [{"path": "/usr", "free_bytes": 9000000000, "needs_bytes": 33554432, "what": "what the packages grow by"}]
way_back:
  description: Whether the plan can be taken back later, and the reason for each package that cannot.
  type: dict
  returned: success
  sample: {"complete": true, "missing": {}}
cves:
  description:
    - The CVEs that the updates on offer would close, held ones included (C(open), null where nobody could tell), and who says so (C(source)).
  type: dict
  returned: success
  sample: {"open": [CVE-2025-9230], "source": security tracker}
unknown:
  description: What could not be read, in sentences.
  type: list
  elements: str
  returned: success
  sample: []
history:
  description: The updates that this collection has made on the host, newest first, from its ledger.
  type: list
  elements: dict
  returned: success
  sample:
    - when: "2026-01-31T12:00:00Z"
      run_id: 20260131T1200-patch-ab12
      what: update 2 packages
      result: done
      who: alice@control
      reason: Patch Tuesday
      packages: {"libssl3": ["3.0.15-1~deb12u1", "3.0.16-1~deb12u1"]}
last_patched:
  description: When the last good one of these ended; empty for none.
  type: str
  returned: success
  sample: "2026-01-31T12:00:00Z"
patch_age_days:
  description: Since how many days the oldest pending security update is known; 0 with none pending, null with RV(repair_first).
  type: float
  returned: success
  sample: 3.5
last_boot:
  description: When the system booted.
  type: str
  returned: success
  sample: "2026-01-01T00:00:00Z"
lists_age_s:
  description: How old the lists of packages are, in seconds; null where there are none.
  type: float
  returned: success
  sample: 120.0
idle:
  description: Whether no update, restart, repair or recovery is to be done here; a reboot may be due all the same.
  type: bool
  returned: success
  sample: false
summary:
  description: All of this in one line.
  type: str
  returned: success
  sample: 12 updates (5 for security), restart of nginx.service, 1 left alone
refused:
  description: Why M(groundcrew.fleet.package_updates) would refuse the plan, such as a disk that is too small, in sentences.
  type: list
  elements: str
  returned: success
  sample: []
repair_first:
  description: Whether what was interrupted has to be repaired before anybody can tell what there is to update; then RV(plan) is empty.
  type: bool
  returned: success
  sample: false
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS, UPDATES_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import managers, turn
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.want import parse

SPEC: dict[str, dict[str, Any]] = {**UPDATES_OPTIONS, **RUN_OPTIONS}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given = module.params
    try:
        manager = managers.find(given["manager"])
        # What somebody is about to install would be told as interrupted.
        managers.wait(manager, given["lock_wait_s"])
        if given["update_cache"]:
            managers.refresh(manager, given["cache_valid_time_s"], wait_s=given["lock_wait_s"])
        want = parse(given, turn.versions_of(given["patch_set"]))
        told = turn.report(want, manager, remember=not module.check_mode)
    except (FleetError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **told)


if __name__ == "__main__":
    main()
