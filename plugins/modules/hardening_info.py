# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hardening_info
short_description: A scored audit of a host, in one call that only reads
version_added: 0.1.0
description:
  - Holds the host against the rules of M(groundcrew.fleet.hardening), with the same options, and changes nothing.
  - Each rule tells what is, what should be, why, how to mend it by hand, and its number in the CIS benchmark where it has one.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.hardening
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.info_module
  - groundcrew.fleet.attributes.actiongroup
requirements:
  - Debian 12 or 13
"""

EXAMPLES = r"""
- name: Audit the host
  groundcrew.fleet.hardening_info:
  become: true
  register: audit

- name: Ensure that the SSH server is as it should be
  groundcrew.fleet.hardening_info:
    layers: [ssh]
  become: true
  register: audit
  failed_when: audit.score < 10
"""

RETURN = r"""
score:
  description: The weighted share of rules that are kept, in percent. Rules that are left out do not count.
  type: int
  returned: success
  sample: 61
rules:
  description: Every rule of the layers.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: The rule's identifier, its layer first.
      type: str
      returned: always
      sample: ssh-permit-root-login
    layer:
      description: The layer that has it.
      type: str
      returned: always
      sample: ssh
    title:
      description: What should be so.
      type: str
      returned: always
      sample: PermitRootLogin is no
    why:
      description: The reason.
      type: str
      returned: always
      sample: Everybody logs in as who he is.
    refs:
      description: Its numbers elsewhere.
      type: list
      elements: str
      returned: always
      sample: [CIS Debian 12 5.1.20]
    weight:
      description: What it counts in the score, V(1) to V(3).
      type: int
      returned: always
      sample: 3
    is:
      description: What is.
      type: str
      returned: always
      sample: without-password
    should:
      description: What should be.
      type: str
      returned: always
      sample: "no"
    ok:
      description: Whether it is kept.
      type: bool
      returned: always
      sample: false
    left_out:
      description: Why it does not count on this host; empty where it does.
      type: str
      returned: always
      sample: ""
    mend:
      description: What one would do by hand; empty where it is kept.
      type: str
      returned: always
      sample: set PermitRootLogin no in a file of /etc/ssh/sshd_config.d that sorts first, and reload ssh
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.assess import findings, score, told
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.host import read
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.spec import SHARED
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening.want import parse


def main() -> None:
    module = AnsibleModule(argument_spec=SHARED, supports_check_mode=True)
    try:
        rules, have = read(parse(module.params), audit=True)
        found = findings(rules, have)
        module.exit_json(score=score(found), rules=[told(one) for one in found])
    except (FleetError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
