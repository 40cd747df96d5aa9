# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: patch_set
short_description: Write the versions that hosts would get into a file that can be approved, signed and promoted
version_added: 0.1.0
description:
  - Makes one patch set of what M(groundcrew.fleet.package_updates_info) has told of some hosts. Run it on the controller.
  - The file is canonical JSON with a digest of its content, so that the same plans make the same bytes but for O(name) and the time, and
    an edited one is refused.
  - A file that holds the same plans under the same name already stays as it is.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.attributes
options:
  path:
    description: Where the patch set is written; its signature gets C(.sig) added.
    type: path
    required: true
  name:
    description: What it is called.
    type: str
    required: true
  plans:
    description: What M(groundcrew.fleet.package_updates_info) returned, by host. Hosts of one release must agree.
    type: dict
    required: true
  key:
    description:
      - Path of the private key that signs it, or of the public half of one that an SSH agent holds. Without one it is not signed.
      - Use a key that nobody logs in with.
    type: path
seealso:
  - module: groundcrew.fleet.package_updates
  - plugin: groundcrew.fleet.patch_set
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Read what staging would get
  groundcrew.fleet.package_updates_info:
  become: true
  register: pending

- name: Ensure that it stands in a patch set
  groundcrew.fleet.patch_set:
    path: /tmp/november.json
    name: "2026-11"
    plans: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'pending'))) }}"
  delegate_to: localhost
  run_once: true
  when: pending.plan | length > 0
"""

RETURN = r"""
path:
  description: The patch set.
  type: str
  returned: success
  sample: /tmp/november.json
sha256:
  description: The digest of its content.
  type: str
  returned: success
  sample: 6a1f
packages:
  description: How many packages it has, by release.
  type: dict
  returned: success
  sample: {"debian 12 x86_64": 12}
signed:
  description: Whether it was signed.
  type: bool
  returned: success
  sample: true
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import patch_set_file

SPEC: dict[str, dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "name": {"type": "str", "required": True},
    "plans": {"type": "dict", "required": True},
    "key": {"type": "path", "no_log": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given = module.params
    try:
        result = patch_set_file.write(
            given["path"],
            given["name"],
            given["plans"],
            key=given["key"] or "",
            put=module.atomic_move,
            check=module.check_mode,
        )
    except FleetError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
