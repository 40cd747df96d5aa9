# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_port
short_description: Find the port at which a host's SSH server listens, before and after it moves
version_added: 0.1.0
description:
  - Logs in at the port where the server shall listen, else at the one where the inventory has it, and tells which of them it was.
  - So a run that moves the server, the next one, and one against hosts of which only some have moved, all get in.
  - Other connections than SSH have no such port; they are asked for nothing.
author:
  - The groundcrew.fleet founders (@groundcrew)
attributes:
  check_mode:
    description: Only looks, so check mode changes nothing about it.
    support: full
  diff_mode:
    description: There is no difference to show.
    support: N/A
  idempotent:
    description: Makes no change, ever.
    support: full
options:
  port:
    description: Where the server shall listen.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Find where the SSH server listens
  groundcrew.fleet.ssh_port:
    port: 2222
  register: found

- name: Go on where it listens
  ansible.builtin.set_fact:
    ansible_port: "{{ found.port }}"
  when: found.port is defined
"""

RETURN = r"""
port:
  description: Where it listens.
  type: int
  returned: where it listens at O(port), or where the inventory says; else it listens where ssh goes by itself
  sample: 2222
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule(argument_spec={"port": {"type": "int", "required": True}}, supports_check_mode=True)
    module.fail_json(msg="the port is looked for from the controller, by the action plugin of this name")


if __name__ == "__main__":
    main()
