# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: Tell which releases of an app a host has, which runs, and which one it would go back to
version_added: 0.1.0
author: The groundcrew.fleet founders (@groundcrew)
description:
  - Reads what M(groundcrew.fleet.release) has left on the host. A host that never had the app has no releases, and that is no failure.
options:
  app:
    description: The app's name. Either it or O(apps) is needed.
    type: str
  apps:
    description: The names of several apps, such as the instances of one, which are then told of in RV(apps).
    type: list
    elements: str
  root:
    description: The directory of O(app), by default C(/opt/) and the app's name.
    type: path
  keep:
    description: How many releases would be kept, for RV(prunable).
    type: int
    default: 5
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
  - groundcrew.fleet.attributes.info_module
seealso:
  - module: groundcrew.fleet.release
"""

EXAMPLES = r"""
- name: Read which releases of the shop the host has
  groundcrew.fleet.release_info:
    app: shop
  become: true
  register: shop

- name: Read both instances of the shop at once
  groundcrew.fleet.release_info:
    apps: [shop-blue, shop-green]
  become: true
  register: instances

- name: Show what runs and what it would go back to
  ansible.builtin.debug:
    msg: "{{ shop.active }}, before it {{ shop.former or 'nothing' }}"
"""

RETURN = r"""
apps:
  description: For each app, by its name, all that is told of one below, and nothing else.
  type: dict
  returned: with O(apps)
  sample:
    shop-blue: {app: shop-blue, root: /opt/shop-blue, active: 2.0.0, former: 1.0.0, releases: [], shared: [], prunable: [], unit_state: active}
app:
  description: The app's name.
  type: str
  returned: success
  sample: shop
root:
  description: The app's directory.
  type: str
  returned: success
  sample: /opt/shop
active:
  description: The version that runs, empty for none.
  type: str
  returned: success
  sample: 2.0.0
former:
  description: The version before it, which O(groundcrew.fleet.release#module:state=undone) goes back to; empty for none.
  type: str
  returned: success
  sample: 1.0.0
releases:
  description:
    - All releases. C(state) is V(active), V(former), V(staged) (never switched to), V(failed) (or being
      tried at this moment), V(incomplete) or V(kept).
    - What only a record could tell is empty for an incomplete one.
  type: list
  elements: dict
  returned: success
  sample:
    - version: 2.0.0
      state: active
      sha256: 5f8c1bd2
      staged_at: "2026-11-29T02:00:00Z"
      activated_at: "2026-11-29T02:01:00Z"
      signer: release@example.com
      revision: 699d29c1
      built_at: "2026-11-28T12:00:00Z"
      size: 1048576
      contracted: []
      run_id: 20261129T0200-deploy-ab12
shared:
  description: The names of what all releases share, at its top.
  type: list
  elements: str
  returned: success
  sample: [uploads]
unit_state:
  description: What systemd calls the unit of the app's name, V(inactive) also where there is none.
  type: str
  returned: success
  sample: active
prunable:
  description: The versions that the next call of M(groundcrew.fleet.release) would remove, oldest first.
  type: list
  elements: str
  returned: success
  sample: [0.9.0]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import service
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.spec import (
    INFO_EXCLUSIVE,
    INFO_ONE_OF,
    INFO_SPEC,
)


def main() -> None:
    service.info(
        AnsibleModule(
            argument_spec=INFO_SPEC,
            mutually_exclusive=INFO_EXCLUSIVE,
            required_one_of=INFO_ONE_OF,
            supports_check_mode=True,
        )
    )


if __name__ == "__main__":
    main()
