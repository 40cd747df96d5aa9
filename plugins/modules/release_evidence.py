# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: release_evidence
short_description: Append to what is known of a release, such as tests, deployments and approvals
version_added: 0.1.0
description:
  - Writes one record, a file of its own in the directory C(NAME-VERSION.evidence) beside the artefact. Run it where the artefacts are,
    which mostly is the controller.
  - Each record has the digest of the artefact and of the former record, so that one that is changed, removed or put in shows. Nothing is
    ever changed or removed, and nothing is added to records that do not hold.
  - Records are signed with C(ssh-keygen -Y), namespace C(evidence@groundcrew.fleet), so that any CI can write one with a few lines of
    shell. The guide C(docs/guides/from-a-branch-to-production.md) has them.
  - Of two that write at once, the second takes the next number.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.evidence
  - groundcrew.fleet.attributes
attributes:
  idempotent:
    description: Each call is a record.
    support: none
requirements:
  - ssh-keygen of OpenSSH 8.2 for signatures
options:
  state:
    description: With V(present) a record is appended.
    type: str
    choices: [present]
    default: present
  kind:
    description:
      - What it is about, small letters, digits and underscores. M(groundcrew.fleet.release_evidence_info) reads the following.
      - V(built), with C(data.authors), who may not approve it.
      - V(tests), with C(data.suite) and C(data.passed), and C(data.failed) for how many failed.
      - V(deployed) and V(rolled_back), with C(data.run_id) and C(data.reason).
      - V(gate), with C(data.passed) and the figures.
      - V(approval), with C(data.reason). With C(data.approved=false) it is a refusal.
    type: str
    required: true
  environment:
    description: Where that was. For V(approval), where it may go.
    type: str
    required: true
  by:
    description:
      - Whose record it is. By default the user that runs this, and the machine.
      - For V(approval), the name in the file of allowed signers.
    type: str
    default: ""
  data:
    description: What the kind has to tell. No secrets, since it is stored as it is.
    type: dict
    default: {}
  key:
    description:
      - Path of the private key that signs it, or of the public half of one that an SSH agent holds.
      - With O(signers) it is needed, and must be one that they allow, since a record cannot be removed again.
    type: path
seealso:
  - module: groundcrew.fleet.release_evidence_info
"""

EXAMPLES = r"""
- name: Write down that the smoke tests have passed in staging
  groundcrew.fleet.release_evidence:
    artefacts: "{{ shop_artefacts }}"
    name: shop
    version: 2.0.0
    kind: tests
    environment: staging
    data: {suite: smoke, passed: true, count: 12}
    key: "{{ shop_evidence_key | default(omit) }}"
  delegate_to: localhost
  run_once: true
  when: shop_artefacts is defined
"""

RETURN = r"""
path:
  description: The record.
  type: str
  returned: success
  sample: /srv/artefacts/shop-2.0.0.evidence/0003-tests-staging.json
number:
  description: Its number.
  type: int
  returned: success
  sample: 3
digest:
  description: Its own digest, which O(groundcrew.fleet.release_evidence_info#module:seen) takes.
  type: str
  returned: success
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
sha256:
  description: The artefact's digest.
  type: str
  returned: success
  sample: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
signed:
  description: Whether it was signed.
  type: bool
  returned: success
  sample: true
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import evidence_module

SPEC: dict[str, dict[str, Any]] = {
    **evidence_module.PLACE_OPTIONS,
    "state": {"type": "str", "choices": ["present"], "default": "present"},
    "kind": {"type": "str", "required": True},
    "environment": {"type": "str", "required": True},
    "by": {"type": "str", "default": ""},
    "data": {"type": "dict", "default": {}},
    "key": {"type": "path", "no_log": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        module.exit_json(**evidence_module.add(module.params, check=module.check_mode))
    except (FleetError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
