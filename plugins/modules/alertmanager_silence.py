# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: alertmanager_silence
short_description: Silence alerts for a while, and end the silence
version_added: 0.1.0
description:
  - Creates, renews and expires silences through Alertmanager's API v2.
  - A silence is recognised by its matchers, its O(created_by) and the O(run_id), so running again does not pile up silences,
    and one run never ends the silence of another.
  - Every silence ends by itself after O(duration_s), whatever becomes of the run.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.server
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
options:
  url:
    description: Alertmanager's address as seen from the host that the task runs on, with its path prefix if it has one.
    type: str
    default: http://127.0.0.1:9093
  state:
    description: Whether the alerts shall be silenced or not.
    type: str
    choices: [present, absent]
    default: present
  matchers:
    description:
      - Which alerts; all of the matchers must fit.
      - With O(state=absent) and O(run_id) they may be left out, to end all silences of the run.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The label's name.
        type: str
        required: true
      value:
        description: The label's value, or a regular expression for the whole of it.
        type: str
        required: true
      regex:
        description: Whether O(matchers[].value) is a regular expression.
        type: bool
        default: false
      equal:
        description: Whether the label must fit; with V(false) it must not.
        type: bool
        default: true
  duration_s:
    description: Seconds that the silence lasts, from now.
    type: int
    default: 3600
  extend:
    description: Whether a silence with less than half of O(duration_s) left is renewed to last all of it from now.
    type: bool
    default: true
  comment:
    description: Why, for whoever reads the silence. The run's id is added. Without it, O(reason) is taken.
    type: str
  created_by:
    description: The owner that the silence is made for and recognised by.
    type: str
    default: groundcrew
notes:
  - It takes no host lock; O(run_attempt), O(lock_wait_s) and O(lock_ttl_s) have no effect.
"""

EXAMPLES = r"""
- name: Ensure that nobody is paged for app1 in the next half hour
  groundcrew.fleet.alertmanager_silence:
    matchers:
      - name: instance
        value: app1(:[0-9]+)?
        regex: true
    duration_s: 1800
    comment: Patching
  delegate_to: mon1

- name: Ensure that app1 may page again
  groundcrew.fleet.alertmanager_silence:
    matchers:
      - name: instance
        value: app1(:[0-9]+)?
        regex: true
    state: absent
  delegate_to: mon1
"""

RETURN = r"""
id:
  description: The silence that is in force; empty in check mode when it would be created, and with O(state=absent).
  type: str
  returned: success
  sample: d006308c-5fa1-4d03-8955-7b5518c35392
ends:
  description: When that silence ends, in UTC.
  type: str
  returned: with O(state=present)
  sample: "2026-01-31T12:30:00Z"
expired:
  description: The silences that were ended.
  type: list
  elements: str
  returned: success
  sample: []
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._http import ACCESS, ACCESS_TOGETHER, server_of
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence import plan as planning
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence.apply import converge
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence.state import Matcher

MATCHER: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "value": {"type": "str", "required": True},
    "regex": {"type": "bool", "default": False},
    "equal": {"type": "bool", "default": True},
}
SPEC: dict[str, dict[str, Any]] = {
    "url": {"type": "str", "default": "http://127.0.0.1:9093"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "matchers": {"type": "list", "elements": "dict", "default": [], "options": MATCHER},
    "duration_s": {"type": "int", "default": 3600},
    "extend": {"type": "bool", "default": True},
    "comment": {"type": "str"},
    "created_by": {"type": "str", "default": "groundcrew"},
    **ACCESS,
    **RUN_OPTIONS,
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, required_together=[ACCESS_TOGETHER], supports_check_mode=True)
    given = module.params
    want = planning.Want(
        state=given["state"],
        matchers=frozenset(Matcher(**matcher) for matcher in given["matchers"]),
        owner=given["created_by"],
        comment=given["comment"] or given["reason"] or "no reason given",
        duration_s=given["duration_s"],
        extend=given["extend"],
        run_id=given["run_id"],
    )
    try:
        result = converge(server_of("Alertmanager", given), want, now=time.time(), check_mode=module.check_mode)
    except FleetError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
