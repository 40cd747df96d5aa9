# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: drift
short_description: Report what playbooks would change, grouped over hosts
version_added: 0.1.0
description:
  - Runs playbooks in check mode on the controller, with the same inventory, limit, tags and options as the run that it is
    part of, and reports for each host what they would change.
  - Most people call the playbook C(groundcrew.fleet.drift), which is this task, and leaves figures on the hosts if asked to.
  - Fails when there is drift, so that ansible-playbook ends with status 2. When not every host could be judged, it ends
    as an unreachable host does, with status 4.
author:
  - The groundcrew.fleet founders (@groundcrew)
attributes:
  check_mode:
    description: Only looks, so check mode changes nothing about it.
    support: full
  diff_mode:
    description: The report holds the differences with or without it.
    support: N/A
  idempotent:
    description: Makes no change, ever.
    support: full
options:
  playbooks:
    description: The playbooks that say how hosts should be, as paths or as names of a collection's.
    type: list
    elements: str
  report:
    description: File on the controller that the report is written to as JSON.
    type: path
  metrics:
    description: Whether to return what node exporter may tell of each host, as RV(metrics).
    type: bool
    default: false
  seen:
    description:
      - A result of this module. It does not look then, and ends as that look has ended.
      - For playbooks that go on with what was found before they end as it has to end.
    type: dict
"""

EXAMPLES = r"""
# The same on the command line, for some hosts and with the report in a file:
#   ansible-playbook groundcrew.fleet.drift --limit web -e drift_report=drift.json
- name: Report what a run of the site playbook would change
  groundcrew.fleet.drift:
    playbooks: [groundcrew.fleet.site]
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
status:
  description: V(none), V(drift), or V(incomplete) when a host failed or was not reached. The report itself is shown, and in O(report).
  type: str
  returned: when the playbooks ran
  sample: none
metrics:
  description: For each host that was judged, the text for node exporter's textfile collector.
  type: dict
  returned: with O(metrics)
  sample: {"app1": "# HELP …"}
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "playbooks": {"type": "list", "elements": "str"},
            "report": {"type": "path"},
            "metrics": {"type": "bool", "default": False},
            "seen": {"type": "dict"},
        },
        required_one_of=[["playbooks", "seen"]],
        mutually_exclusive=[["playbooks", "seen"]],
        supports_check_mode=True,
    )
    module.fail_json(msg="drift is looked for on the controller, by the action plugin of this name")


if __name__ == "__main__":
    main()
