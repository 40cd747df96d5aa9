# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: release_artefact
short_description: Make the artefact of a release from a git checkout or a directory, with its manifest and signature
version_added: 0.1.0
description:
  - Packs one revision of a git checkout, or a plain directory, as C(NAME-VERSION.tar.gz), with the manifest C(NAME-VERSION.json) and its
    signature C(NAME-VERSION.json.sig) beside it. Run it on the controller.
  - The same input makes the same bytes, in whichever checkout, by whom and when. Owners, modes but for the executable bit, and times are not
    taken over.
  - What is packed of a git checkout is the revision as it was committed, never what lies uncommitted in it. The git attribute
    C(export-ignore) leaves files out. Submodules are refused, since git does not pack them.
  - Of a plain directory everything is packed but C(.git) and C(__pycache__).
  - An artefact never changes. One that is there already stays, and its dependencies are not fetched again; where its source would now give
    something else the module fails.
  - A file C(venv) at the top, links out of the tree, devices, and setuid, setgid and sticky bits are refused, as hosts refuse them.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.attributes
options:
  source:
    description:
      - The git checkout, which is what has a C(.git), or a plain directory.
    type: path
    required: true
  revision:
    description:
      - The commit, tag or branch of the checkout that is packed; C(HEAD) by default.
    type: str
  subdirectory:
    description:
      - Pack this directory of the source only, as if it were the whole.
    type: str
  name:
    description:
      - What the application is called, in small letters, digits, C(_) and C(-).
    type: str
    required: true
  version:
    description:
      - Which version of it this is. Begins with a letter or a digit; C(.), C(_), C(+), C(~) and C(-) may follow.
    type: str
    required: true
  destination:
    description:
      - Directory for the artefact; it is made if need be.
    type: path
    required: true
  python_requirements:
    description:
      - Path of a requirements file, within what is packed. All that it asks for is then carried along as wheels in C(wheelhouse), pip's own
        included, so that hosts need no network to install it. Pip is the one of O(python), but at least 24.2, since older ones fail with
        Python 3.12 and later; another one where the requirements name it.
      - Pin every version in it, unless the next one made shall be another.
    type: str
  python:
    description:
      - The Python, with pip, that the wheels are brought for. It has to be of the hosts' version, and this machine of their platform, where
        a wheel is not for all of them.
    type: path
    default: /usr/bin/python3
  signing_key:
    description:
      - Path of the private key that signs the manifest, or of the public half of one that an SSH agent holds. Without one it is not signed.
      - An artefact that is there already and has no signature gets one.
    type: path
notes:
  - A plain directory has no time of its own; the newest time of its files counts, or C(SOURCE_DATE_EPOCH) where it is set.
"""

EXAMPLES = r"""
- name: Ensure that what lies beside the playbook is a release
  groundcrew.fleet.release_artefact:
    source: "{{ playbook_dir }}"
    name: shop
    version: 2.0.0
    destination: /tmp/artefacts
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
artefact:
  description: The artefact.
  type: str
  returned: success
  sample: /tmp/artefacts/shop-2.0.0.tar.gz
manifest:
  description: Its manifest.
  type: str
  returned: success
  sample: /tmp/artefacts/shop-2.0.0.json
signature:
  description: The manifest's signature, empty where there is none.
  type: str
  returned: success
  sample: /tmp/artefacts/shop-2.0.0.json.sig
sha256:
  description: The artefact's digest; empty in check mode where it is not there yet.
  type: str
  returned: success
  sample: 6a1f
size:
  description: The artefact's bytes; 0 in check mode where it is not there yet.
  type: int
  returned: success
  sample: 1048576
revision:
  description: The commit that it was made from, empty for a plain directory.
  type: str
  returned: success
  sample: 0f0f
built_at:
  description: The time of its source.
  type: str
  returned: success
  sample: "2026-11-29T00:00:00Z"
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import package

SPEC: dict[str, dict[str, Any]] = {
    "source": {"type": "path", "required": True},
    "revision": {"type": "str"},
    "subdirectory": {"type": "str"},
    "name": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "destination": {"type": "path", "required": True},
    "python_requirements": {"type": "str"},
    "python": {"type": "path", "default": "/usr/bin/python3"},
    "signing_key": {"type": "path", "no_log": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        result = package.make(package.wanted(module.params), put=module.atomic_move, check=module.check_mode)
    except (FleetError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
