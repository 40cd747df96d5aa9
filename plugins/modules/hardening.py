# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hardening
short_description: All hardening of a host in one call, which locks nobody out and goes back byte for byte
version_added: 0.1.0
description:
  - Brings a host to the rules of the layers that are asked for. A rule is one thing that should be so, with its reason and its number in the
    CIS benchmark where it has one; M(groundcrew.fleet.hardening_info) tells all of them.
  - What is safe is one transaction, packages first. What can cut access - the kernel's network, sudo, PAM, the SSH server, the firewall - is
    another one, the last, which stands only when a new login has become root (O(proof_within_s)); otherwise the host takes it back by
    itself.
  - With O(state=absent), files, permissions, units, kernel settings and packages go back to what they were before this module came. A file that
    somebody has edited since is kept and named, unless O(force).
  - What a host cannot take, as a container cannot take mounts, is left out with its reason in the result.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.hardening
  - groundcrew.fleet.proof
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
options:
  state:
    description: Whether the layers shall be there, or go back to what was before.
    type: str
    choices: [present, absent]
    default: present
  force:
    description: With O(state=absent), whether files go back that somebody has edited since.
    type: bool
    default: false
requirements:
  - Debian 12 or 13
  - An SSH server that reads C(/etc/ssh/sshd_config.d), as Debian's does
"""

EXAMPLES = r"""
- name: Ensure that the host is hardened
  groundcrew.fleet.hardening:
    layers: [packages, kernel, modules, permissions, login, coredumps, cron, banners, sudo, ssh]
    exceptions:
      kernel-kernel-yama-ptrace-scope: The profiler of the shop attaches to it
  become: true

- name: Ensure that nothing but SSH and the shop can be reached
  groundcrew.fleet.hardening:
    layers: [firewall]
    firewall:
      allow:
        - name: shop
          ports: ["8080"]
          sources: [192.0.2.0/24]
  become: true

- name: Ensure that the banners are what they were
  groundcrew.fleet.hardening:
    layers: [banners]
    state: absent
  become: true
"""

RETURN = r"""
score:
  description: The weighted share of rules that were kept before the change, in percent.
  type: int
  returned: success
  sample: 61
layers:
  description: Layers that were changed, or would be.
  type: list
  elements: str
  returned: success
  sample: [kernel, ssh]
left_out:
  description: Rules that do not hold for this host, or cannot, with the reason.
  type: dict
  returned: success
  sample: {"mounts-dev-shm": "a container's mounts are made from outside (podman)"}
kept:
  description: Files that were to go and stay, since somebody has edited them.
  type: list
  elements: str
  returned: success
  sample: []
new_port:
  description: Where the SSH server listens from now on.
  type: int
  returned: when that is new
  sample: 2222
proof:
  description: The new login that let the change stand, where one was needed.
  type: dict
  returned: when something was changed that could cut access
  sample: {"new_login": true, "became_root": true, "seconds": 0.6}
steps:
  description: The steps that were taken, or would be.
  type: list
  elements: dict
  returned: success
  sample: [{"kind": "write", "target": "/etc/issue"}]
seconds:
  description: How long it took on the host.
  type: float
  returned: success
  sample: 0.9
ledger:
  description: The digest of the host's last ledger line; empty when nothing was to be done, or the proof came after it.
  type: str
  returned: success
  sample: ""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._module import converge
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.host import read
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.plan import plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.spec import SPEC
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.want import parse


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    want, wait_s, rehearsal = parse(module.params), module.params["lock_wait_s"], module.check_mode
    converge(
        module,
        read=lambda: read(want, wait_s=wait_s, rehearsal=rehearsal),
        plan=lambda seen: plan(want, seen.rules, seen.have),
    )


if __name__ == "__main__":
    main()
