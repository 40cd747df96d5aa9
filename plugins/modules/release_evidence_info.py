# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: release_evidence_info
short_description: Tell what is known of a release, and whether it may come into an environment
version_added: 0.1.0
description:
  - Reads the records that M(groundcrew.fleet.release_evidence), or any CI, has written beside an artefact, and whether they hold. A
    record that was changed, removed, put in, or signed by nobody who may is told.
  - With O(promote_to) it judges. The release is proven, or everything that is missing is listed in words.
  - Only records of this very artefact, by its digest, count.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.evidence
  - groundcrew.fleet.environments
  - groundcrew.fleet.attributes.info_module
requirements:
  - ssh-keygen of OpenSSH 8.2 for signatures
options:
  promote_to:
    description: The environment of O(environments) that the release is to come into.
    type: str
    default: ""
  authors:
    description: Who made the release, as the allowed signers name them. They cannot approve it. Records of kind V(built) may name more.
    type: list
    elements: str
    default: []
  seen:
    description: The digest of a record that was there earlier. Without it nobody can tell that the last records were cut off.
    type: str
    default: ""
notes:
  - A soak is the time since the release was first deployed in the environment before. It begins anew when the release was rolled back
    there, and ends when evidence beside it says that another version was deployed there.
seealso:
  - module: groundcrew.fleet.release_evidence
"""

EXAMPLES = r"""
- name: Ask whether version 2.0.0 may go to production
  groundcrew.fleet.release_evidence_info:
    artefacts: "{{ shop_artefacts }}"
    name: shop
    version: 2.0.0
    signers: "{{ shop_evidence_signers | default(omit) }}"
    promote_to: production
    environments:
      - {name: staging}
      - {name: production, after: staging, tests: [smoke], soak_s: 3600, approvals: 1}
  register: shop
  delegate_to: localhost
  run_once: true
  when: shop_artefacts is defined
"""

RETURN = r"""
proven:
  description: Whether it may.
  type: bool
  returned: with O(promote_to)
  sample: false
missing:
  description: What is missing, in sentences.
  type: list
  elements: str
  returned: with O(promote_to)
  sample: ["it has soaked in staging for 20 of 60 min", "approvals for production: 0 of 1"]
target:
  description: The hosts of O(promote_to), a pattern. Its name where it has none.
  type: str
  returned: with O(promote_to)
  sample: app
after:
  description: The environment that has to prove it, empty for none.
  type: str
  returned: with O(promote_to)
  sample: staging
artefact:
  description: The artefact.
  type: str
  returned: success
  sample: /srv/artefacts/shop-2.0.0.tar.gz
directory:
  description: The directory of its evidence, which may not be there yet.
  type: str
  returned: success
  sample: /srv/artefacts/shop-2.0.0.evidence
sha256:
  description: The artefact's digest.
  type: str
  returned: success
  sample: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
records:
  description: The records. C(signer) is whose signature each has, and C(fault) why it has none that holds, where O(signers) were given.
  type: list
  elements: dict
  returned: success
  sample:
    - number: 1
      kind: deployed
      environment: staging
      sha256: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
      by: ci
      at: "2026-11-29T12:00:00Z"
      data: {"run_id": "20261129T1159-deploy-ab12"}
      file: 0001-deployed-staging.json
      signer: ci
      fault: ""
digest:
  description: The digest of the last record, empty for none. Keep it for O(seen).
  type: str
  returned: success
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
holds:
  description: Whether nothing is wrong with the records.
  type: bool
  returned: success
  sample: true
problems:
  description: What is wrong with them, in sentences.
  type: list
  elements: str
  returned: success
  sample: []
standing:
  description: How the release stands in each environment.
  type: dict
  returned: success
  sample: {"staging": {"deployed_at": "2026-11-29T12:00:00Z", "soaked_s": 1200, "rolled_back_at": "", "displaced_by": ""}}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import evidence_module
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.environments import ENVIRONMENTS_OPTIONS

SPEC: dict[str, dict[str, Any]] = {
    **evidence_module.PLACE_OPTIONS,
    **ENVIRONMENTS_OPTIONS,
    "promote_to": {"type": "str", "default": ""},
    "authors": {"type": "list", "elements": "str", "default": []},
    "seen": {"type": "str", "default": ""},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        module.exit_json(**evidence_module.look(module.params))
    except (FleetError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
