# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: promql_info
short_description: Ask Prometheus, and wait until the answers are as expected
version_added: 0.1.0
description:
  - Asks Prometheus any number of PromQL queries, of a moment or over a time, and returns the answers as plain data.
  - Of an answer something may be expected. Then it waits up to O(within_s), and fails with the query, what was seen and where to
    look, if that does not come about.
  - A Prometheus that cannot be reached is waited for too. A query that is no PromQL fails at once.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.server
  - groundcrew.fleet.attributes.info_module
  - groundcrew.fleet.attributes.actiongroup
options:
  url:
    description: The address of Prometheus as seen from the host that the task runs on, with its path prefix if it has one.
    type: str
    default: http://127.0.0.1:9090
  queries:
    description: What to ask.
    type: list
    elements: dict
    required: true
    suboptions:
      query:
        description: The query, in PromQL.
        type: str
        required: true
      name:
        description: The name of its answer in RV(answers). Without it, the query itself.
        type: str
      at:
        description: The moment that is asked for, or the end of the time, in RFC 3339 or in seconds since 1970. Without it, now.
        type: str
      range_s:
        description: Seconds to look back. With V(0) the answer is of one moment.
        type: float
        default: 0
      step_s:
        description: Seconds between two samples of the answer, with O(queries[].range_s).
        type: float
        default: 60
      by:
        description: A label. RV(answers.by) then has the last number of each series by its value of that label.
        type: str
      expect:
        description:
          - V(empty), V(non-empty), or a comparison that every sample of every series must meet, such as V(>= 0.99).
            YAML wants it in quotes.
          - A comparison is not met by an answer without series, nor by NaN.
        type: str
  within_s:
    description: Seconds within which all expectations must be met. With V(0) they are looked at once.
    type: float
    default: 0
  stable:
    description: How many times in a row, a second apart, all expectations must be met.
    type: int
    default: 1
notes:
  - It takes no host lock; O(run_id), O(run_attempt), O(owner), O(reason), O(lock_wait_s) and O(lock_ttl_s) are taken so that the
    defaults of the action group fit, and have no effect.
"""

EXAMPLES = r"""
- name: Ensure that Prometheus sees its own host, three looks in a row
  groundcrew.fleet.promql_info:
    queries:
      - query: up{job="node", host="mon1"}
        expect: "== 1"
    within_s: 60
    stable: 3
  delegate_to: mon1

- name: Read how loaded each host was, now and in the last hour
  groundcrew.fleet.promql_info:
    queries:
      - name: load
        query: node_load1
        by: host
      - name: hour
        query: avg by (host) (node_load1)
        range_s: 3600
        step_s: 300
  delegate_to: mon1
  register: found

- name: Show the load of app1
  ansible.builtin.debug:
    msg: "{{ found.answers.load.by.app1 | default('not known') }}"
"""

RETURN = r"""
answers:
  description: The answers by the names of their queries, those of the last look. Who has no answer is not there.
  type: dict
  returned: always
  contains:
    query:
      description: The query.
      type: str
      sample: up
    kind:
      description: V(vector), V(matrix) or V(scalar).
      type: str
      sample: vector
    series:
      description:
        - Each series with its C(labels). Of a moment it has C(value), C(text) as Prometheus wrote it, and C(time). Over a time it has C(values), pairs
          of time and value.
        - What is no finite number is null; C(text) tells which.
      type: list
      elements: dict
      sample: [{"labels": {"host": "app1"}, "value": 1.0, "text": "1", "time": 1774958400.0}]
    value:
      description: The last number, where there is exactly one series; else null.
      type: float
      sample: 1.0
    by:
      description: The last number of each series by its value of the label O(queries[].by); empty without that.
      type: dict
      sample: {"app1": 1.0}
    met:
      description: Whether the answer is as expected; null where nothing is expected.
      type: bool
      sample: true
    remarks:
      description: What Prometheus remarked on the query. They are shown as warnings too.
      type: list
      elements: str
      sample: []
seconds:
  description: How long it took.
  type: float
  returned: always
  sample: 2.0
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._http import ACCESS_TOGETHER, server_of
from ansible_collections.groundcrew.fleet.plugins.module_utils.promql_info.look import look
from ansible_collections.groundcrew.fleet.plugins.module_utils.promql_info.spec import SPEC, want_from


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, required_together=[ACCESS_TOGETHER], supports_check_mode=True)
    try:
        seen = look(server_of("Prometheus", module.params), want_from(module.params))
    except FleetError as error:
        module.fail_json(msg=str(error), answers={}, seconds=0.0)
    for name, answer in seen.answers.items():
        for remark in answer["remarks"]:
            module.warn(f"{name}: {remark}")
    result = {"changed": False, "answers": seen.answers, "seconds": round(seen.seconds, 3)}
    if seen.against:
        module.fail_json(msg=f"after {seen.seconds:.1f} s: {'; '.join(seen.against)}", **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
