# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: rollout
short_description: Bring a change to many hosts in waves, each of which must earn the next one
version_added: 0.1.0
description:
  - The steps of a rollout, one state each. The playbook C(groundcrew.fleet.rollout) strings them together; most
    people set its variables and never call this.
  - V(begin), V(gate), V(host_touch), V(settle) and V(end) run on the controller and connect to nobody. V(host_begin) and
    V(host_end) take and release the lock of the host.
  - The rollout record, one file of JSON lines for each run, is on the controller. It makes a run whose ansible-playbook
    was killed resumable, and keeps a second one off the same hosts.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
attributes:
  check_mode:
    description: Keeps a record of its own, takes no lock and changes nothing on any host.
  diff_mode:
    description: A rollout changes no file of a host by itself, so there is nothing to show.
    support: N/A
  idempotent:
    description: Each call is an event of a run; a run that is resumed skips the hosts that are done.
    support: N/A
options:
  state:
    description:
      - V(begin) plans the waves, refuses a second driver on the same hosts and resumes an interrupted run.
      - V(gate) says whether the next wave may start. It never fails; look at RV(go).
      - V(host_begin) takes the lock of the host, and refuses a quarantined host and one with an unfinished transaction.
      - V(host_touch) records that from here on the host may have changed.
      - V(host_end) records what became of the host and releases its lock.
      - V(settle) counts the last wave, and says who is taken back.
      - V(end) shows the table, writes the reports, and fails unless every host is done.
    type: str
    choices: [begin, gate, host_begin, host_touch, host_end, settle, end]
    required: true
  name:
    description: For V(begin), what kind of rollout it is, as a part of the run id. Small letters, digits and dashes.
    type: str
    default: rollout
  intent:
    description:
      - For V(begin), what the rollout brings, for instance the version.
      - Only a run of the same O(name) and O(intent) is resumed by itself, so say all that makes two runs different.
    type: str
    default: ""
  hosts:
    description: For V(begin), all hosts in the order in which they have their turn. The first are the canary.
    type: list
    elements: str
  waves:
    description:
      - For V(begin), the sizes of the waves. Numbers of hosts, percentages of all hosts, and V(rest) as the last, as a list or
        joined by commas.
      - The last size repeats until every host has its wave.
    type: raw
    default: "1,25%"
  limit:
    description:
      - For V(begin), how many hosts may fail or be lost in the whole run, a number or a percentage. With one more, no wave starts.
      - The verdict is not softened by it. V(end) fails when any host failed.
    type: raw
    default: 0
  take_back:
    description:
      - For V(begin), whose change is undone when the rollout stops. Only hosts that were touched.
      - V(wave) is the last wave, V(all) every wave, earlier attempts of the run included.
    type: str
    choices: [none, wave, all]
    default: none
  can_take_back:
    description: For V(begin), whether the change can be undone at all. Without that, any O(take_back) but V(none) is refused.
    type: bool
    default: true
  resume:
    description:
      - For V(begin), whether an earlier run goes on. Hosts that it has done are skipped.
      - V(auto) takes the newest run of the same O(name) and O(intent) that was interrupted within the last day.
      - A run id takes that run, also one that stopped by itself. V(never) begins a new one.
    type: str
    default: auto
  gate:
    description: For V(begin), what must hold before every wave and after the last, besides the limit.
    type: dict
    suboptions:
      alertmanager_url:
        description: Alertmanager whose firing alerts stop the rollout. Without an answer from it the rollout stops too.
        type: str
        required: true
      alerts:
        description: Matchers that an alert must all match to stop the rollout, as Alertmanager writes them. None means any alert.
        type: list
        elements: str
        default: []
  state_dir:
    description:
      - For V(begin), where the controller keeps its records. By default E(GROUNDCREW_STATE), else C(groundcrew) in
        E(XDG_STATE_HOME), else C(~/.local/state/groundcrew).
    type: path
  wave:
    description: For V(gate), the hosts of this batch, C(ansible_play_batch).
    type: list
    elements: str
  undo:
    description: For V(host_begin), whether the host is taken back.
    type: bool
    default: false
  ledger_seen:
    description: For V(host_begin), digest of the last line seen of the ledger of the host. Filled in from the controller's memory.
    type: str
    default: ""
  result:
    description:
      - For V(host_end), what became of the host. V(undone) and V(stuck) are for a host that was to be taken back.
      - With V(failed) and V(stuck) the task succeeds, so that a rescue comes to its end.
    type: str
    choices: [done, failed, undone, stuck]
  failure:
    description: For V(host_end), the result of the task that failed, C(ansible_failed_result).
    type: dict
  task:
    description: For V(host_end), the name of the task that failed.
    type: str
    default: ""
  load_balancer:
    description: For V(host_end), how the host stands with its load balancers. V(none) when it has none.
    type: str
    choices: [none, drained, in_service]
    default: none
  has_checks:
    description: For V(host_end), whether health checks can tell that a failed host is well.
    type: bool
    default: false
  final:
    description:
      - For V(host_end), whether this is the last word. With V(false) a drained host that may be well keeps its lock, and
        RV(may_return) asks for health checks, the return to the load balancer, and another V(host_end).
    type: bool
    default: true
seealso:
  - module: groundcrew.fleet.health_check
  - module: groundcrew.fleet.lb_backend
"""

EXAMPLES = r"""
# The whole playbook is playbooks/rollout.yml. Bring your own role to your own hosts with it:
# - ansible.builtin.import_playbook: groundcrew.fleet.rollout
#   vars:
#     rollout_name: certificates
#     rollout_role: mine.web.certificates
#     rollout_target: web
- name: Plan the rollout
  groundcrew.fleet.rollout:
    state: begin
    name: deploy
    intent: shop 2.0
    reason: new checkout
    hosts: "{{ ansible_play_hosts_all | reject('eq', 'localhost') | list }}"
    waves: 1,25%,rest
    limit: 1
    take_back: all
  run_once: true
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
ansible_facts:
  description: The plan that the plays of the rollout work from.
  type: complex
  returned: O(state=begin) and O(state=settle)
  contains:
    rollout:
      description: For V(begin), the run. For instance its run_id, attempt, reason, hosts, serial and sentinels.
      type: dict
      sample: {"run_id": "20261123T1731-deploy-ab12", "attempt": 1, "hosts": ["app1", "groundcrew_wave_1"], "serial": [2]}
    rollout_back:
      description: For V(settle), who is taken back, in the same form.
      type: dict
      sample: {"planned": ["app1"], "hosts": ["app1", "groundcrew_wave_1"], "serial": [2], "sentinels": ["groundcrew_wave_1"]}
go:
  description: Whether the wave may start.
  type: bool
  returned: O(state=gate)
  sample: false
why:
  description: Why it may not, or why the rollout stopped.
  type: str
  returned: O(state=gate) and O(state=settle)
  sample: "1 host failed or lost (app1), the limit is 0"
may_return:
  description: Whether the failed host may try to return to its load balancer.
  type: bool
  returned: O(state=host_end)
  sample: true
ledger:
  description: The ledger of the host. The digest of its last line, and whether the chain holds and has the line seen before.
  type: dict
  returned: O(state=host_begin) and O(state=host_end), on the host
  sample: {"digest": "9f86d081884c7d65", "holds": true}
report:
  description: The run and every host's state. When not every host is done, see RV(files).
  type: dict
  returned: O(state=end), success
  sample: {"run_id": "20261123T1731-deploy-ab12", "ok": true, "hosts": [{"host": "app1", "state": "done", "wave": 1}]}
files:
  description: Where the same is written as JSON and as JUnit XML.
  type: list
  elements: str
  returned: O(state=end)
  sample: [/home/crew/.local/state/groundcrew/rollouts/20261123T1731-deploy-ab12.json]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import hold
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.spec import ON_HOST, REQUIRED_IF, SPEC


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, required_if=REQUIRED_IF, supports_check_mode=True)
    if module.params["state"] not in ON_HOST:
        module.fail_json(
            msg=f"state={module.params['state']} runs on the controller, by the action plugin of this name"
        )
    told = hold.on_host(module.params, check=module.check_mode)
    if told.refused:
        module.fail_json(msg=told.refused, ledger=told.ledger)
    module.exit_json(changed=False, ledger=told.ledger, notes=told.notes)


if __name__ == "__main__":
    main()
