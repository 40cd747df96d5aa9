# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: kernel_settings
short_description: Kernel settings in a file that wins and in the running kernel, and exactly back
version_added: 0.1.0
description:
  - Keeps a list of kernel settings (sysctls) in one file of C(/etc/sysctl.d) that comes after the distribution's own, and sets them in the
    running kernel, as one transaction.
  - Tells for each key what the file has, which file wins at the next boot, what the kernel has now and what it had before.
  - A key that a later file sets otherwise is refused with that file's name, since the next boot would undo it.
  - Where the kernel cannot be set, as with the read-only C(/proc/sys) of a container, the file is written and the key is told as skipped
    with the reason.
  - C(/etc/sysctl.conf) counts where a link in C(/etc/sysctl.d) leads to it, as on Debian 12; Debian 13 no longer reads it.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.proof
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
options:
  settings:
    description:
      - Value by key, such as C(net.ipv4.ip_forward). Numbers or text, no booleans; fields are compared one space apart.
      - They are set in this order.
    type: dict
    default: {}
  name:
    description: Names the list, so that several of them can stand side by side; its file is C(/etc/sysctl.d/99-zz-groundcrew-NAME.conf).
    type: str
    default: fleet
  state:
    description: V(absent) brings back the file and the kernel's values as they were before this list came.
    type: str
    choices: [present, absent]
    default: present
  purge:
    description: Whether keys that left the list go back to what they were before.
    type: bool
    default: true
  allow_unknown:
    description: Lets keys pass that this kernel does not have, such as those of a module that is loaded later; they are told as skipped.
    type: bool
    default: false
  allow_overridden:
    description: Lets keys pass that a later file sets otherwise; they are told as skipped, and the kernel is left as it is.
    type: bool
    default: false
  force:
    description: Whether the file goes even if somebody has edited it since; otherwise it is kept and named in RV(kept).
    type: bool
    default: false
requirements:
  - The package procps
seealso:
  - module: ansible.posix.sysctl
"""

EXAMPLES = r"""
- name: Ensure that the kernel is tuned for a web server
  groundcrew.fleet.kernel_settings:
    name: web
    settings:
      net.core.somaxconn: 4096
      net.ipv4.ip_local_port_range: 15000 60999
  become: true

- name: Ensure that the kernel is as it was before
  groundcrew.fleet.kernel_settings:
    name: web
    state: absent
  become: true
"""

RETURN = r"""
settings:
  description:
    - For each key what was C(desired), what the C(file) has, the path of the file that C(wins) at a boot, what the kernel has at C(runtime),
      what it had C(before) this list came, and why it was C(skipped) there, empty if it was not.
    - In check mode, as it would be.
  type: dict
  returned: success
  sample:
    net.core.somaxconn:
      desired: "4096"
      file: "4096"
      wins: /etc/sysctl.d/99-zz-groundcrew-web.conf
      runtime: "4096"
      before: "128"
      skipped: ""
reverted:
  description: The keys that are no longer ours, with the value that the kernel goes back to, and why it was C(skipped), empty if it was not.
  type: dict
  returned: success
  sample: {}
kept:
  description: The file, where somebody has edited it, and it was to go.
  type: list
  elements: str
  returned: success
  sample: []
proof:
  description: The new login that let the change stand, where one was needed.
  type: dict
  returned: when settings of the network were changed in the kernel
  sample: {"new_login": true, "became_root": true, "seconds": 0.6}
steps:
  description: The steps that were taken, or would be.
  type: list
  elements: dict
  returned: success
  sample: [{"kind": "write", "target": "/etc/sysctl.d/99-zz-groundcrew-web.conf"}]
verified:
  description: What was read back from the kernel.
  type: list
  elements: dict
  returned: success
  sample: []
seconds:
  description: How long it took on the host.
  type: float
  returned: success
  sample: 0.1
ledger:
  description: The digest of the host's last ledger line; empty when nothing was to be done.
  type: str
  returned: success
  sample: ""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import PROOF_OPTIONS, RUN_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._module import converge
from ansible_collections.groundcrew.fleet.plugins.module_utils.kernel_settings.plan import plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.kernel_settings.state import read
from ansible_collections.groundcrew.fleet.plugins.module_utils.kernel_settings.want import parse

SPEC = {
    "settings": {"type": "dict", "default": {}},
    "name": {"type": "str", "default": "fleet"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "purge": {"type": "bool", "default": True},
    "allow_unknown": {"type": "bool", "default": False},
    "allow_overridden": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    **RUN_OPTIONS,
    **PROOF_OPTIONS,
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        want = parse(module.params)
    except FleetError as error:
        module.fail_json(msg=str(error))
    converge(module, read=lambda: read(want, rehearsal=module.check_mode), plan=lambda have: plan(want, have))


if __name__ == "__main__":
    main()
