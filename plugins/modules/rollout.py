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
  - V(host_begin) and V(host_end) take and release the lock of the host. All other states run on the controller and connect to
    nobody.
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
      - V(host_looked) records what the preflight of the host found.
      - V(plan) judges the preflight of all hosts, and lays the waves out anew for those that have something to do.
      - V(watch) says what is to be asked of which load balancers before the gate is judged, nothing where it asks none.
      - V(gate) says whether the next wave may start. It never fails; look at RV(go).
      - V(host_begin) takes the lock of the host, and refuses a quarantined host and one with an unfinished transaction.
      - V(host_silenced) records where the host is silenced, and fails where no Alertmanager has taken the silence.
      - V(host_touch) records that from here on the host may have changed.
      - V(host_end) records what became of the host and releases its lock.
      - V(settle) counts the last wave, and says who is taken back.
      - V(unsilence) says where silences are left of hosts that were lost.
      - V(end) shows the table, writes the reports, and fails unless every host is done.
    type: str
    choices: [begin, host_looked, plan, watch, gate, host_begin, host_silenced, host_touch, host_end, settle, unsilence, end]
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
    description:
      - For V(begin), what must hold before every wave and after the last, besides the limit.
      - Errors and latency of the hosts that have the change are compared with those of the hosts that have not, as load balancers or
        Prometheus tell them. Whoever is asked and gives no answer stops the rollout.
    type: dict
    suboptions:
      alertmanager_url:
        description: Alertmanager whose firing alerts stop the rollout.
        type: str
      alerts:
        description: Matchers that an alert must all match to stop the rollout, as Alertmanager writes them. None means any alert.
        type: list
        elements: str
        default: []
      wait_s:
        description:
          - Seconds that firing alerts hold the next wave before they stop the rollout, and that the gate waits for
            O(gate.min_requests). A check run does not wait.
        type: int
        default: 300
      load_balancers:
        description: Hosts of the inventory whose HAProxy is asked, as M(groundcrew.fleet.lb_backend_info) does.
        type: list
        elements: str
        default: []
      backend:
        description: The backend of O(gate.load_balancers) that counts. Without it every backend that has the hosts.
        type: str
      prometheus:
        description: The Prometheus that is asked where O(gate.load_balancers) is empty.
        type: dict
        suboptions:
          url:
            description: Its address.
            type: str
            required: true
          requests:
            description:
              - The query for the number of requests. In each query C($hosts) stands for a regular expression of host names, and C($window)
                for the time since the last host was changed, such as C(30s). It has to come to one number.
            type: str
            required: true
          errors:
            description: The query for the number of requests that failed.
            type: str
            required: true
          p99:
            description: The query for the time in seconds within which 99 of 100 requests were answered.
            type: str
      observe_s:
        description: Seconds that the hosts of a wave have to answer requests before they are judged.
        type: float
        default: 10
      min_requests:
        description: With fewer requests to the changed hosts nothing is judged, nor compared with fewer to the rest.
        type: int
        default: 100
      error_ratio:
        description: How much larger the share of failed requests may be than that of the rest. V(0.01) is one in a hundred.
        type: float
        default: 0.01
      p99_ratio:
        description: How many times as long as that of the rest the p99 may be.
        type: float
        default: 1.5
      p99_s:
        description: A p99 up to so many seconds is never too long.
        type: float
        default: 0.1
      too_few:
        description: What becomes of the rollout when there were fewer than O(gate.min_requests) after O(gate.wait_s).
        type: str
        choices: [pass, stop]
        default: pass
  access:
    description: For V(gate) and V(settle), how the controller speaks to the Alertmanager and the Prometheus of O(gate).
    type: dict
    suboptions:
      url_username:
        description: User for basic authentication.
        type: str
      url_password:
        description: Password for basic authentication.
        type: str
      ca_path:
        description: A file on the controller with the authorities that may have signed the certificates. Without it, the system's.
        type: path
      validate_certs:
        description: Whether the certificate of an https URL must be valid.
        type: bool
        default: true
      timeout_s:
        description: Seconds that one request may take.
        type: float
        default: 10
  figures:
    description: For V(gate) and V(settle), the results of M(groundcrew.fleet.lb_backend_info), one for each load balancer.
    type: list
    elements: dict
    default: []
  windows:
    description:
      - For V(begin), the maintenance windows in which a run may begin and a wave may start. None means at any time.
      - A list of C(name), C(days) (V(mon) to V(sun)), C(weeks) (V(1) to V(5) or V(last), which of the month's Mondays and so on.
        Without it all of them), C(start) and C(end) (such as C("22:00"). An end that is not after the start is on the next day),
        and C(timezone).
    type: raw
  freezes:
    description:
      - For V(begin), when nothing may change, windows or not.
      - A list of C(name), C(from) and C(until) (such as C("2026-12-20") or C("2026-12-20 18:00"). A day without a time counts
        whole), C(timezone) and C(reason).
    type: raw
  outside_windows:
    description: For V(begin), a sentence that says why the run may go on outside the windows and in a freeze.
    type: raw
  opt_out:
    description:
      - For V(begin), the name of a variable. A host on which it is a text or true takes no part. The text is the reason.
    type: str
    default: ""
  preflight:
    description: For V(begin), the role that looks at every host before the first wave, and changes nothing.
    type: dict
    suboptions:
      role:
        description: Its name.
        type: str
        required: true
      tasks_from:
        description: Its file of tasks.
        type: str
        default: main
  idle:
    description: For V(host_looked), whether there is nothing to do on the host. Then it is done.
    type: bool
    default: false
  found:
    description: For V(host_looked), what was found, in a sentence, which is shown before the first wave.
    type: str
    default: ""
  silence:
    description: For V(host_begin) and V(host_silenced), the silence of the host's alerts during its turn.
    type: dict
    suboptions:
      hosts:
        description: Hosts of the inventory that run Alertmanager. One that takes the silence is enough.
        type: list
        elements: str
        required: true
      url:
        description: The address of Alertmanager as seen from each of them.
        type: str
        default: http://127.0.0.1:9093
      matchers:
        description: Which alerts, all of the matchers must fit. By default those whose label C(host) is the name of the host.
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
            description: Whether O(silence.matchers[].value) is a regular expression.
            type: bool
            default: false
          equal:
            description: Whether the label must fit. With V(false) it must not.
            type: bool
            default: true
      duration_s:
        description: Seconds after which the silence ends by itself.
        type: int
        default: 3600
  answers:
    description: For V(host_silenced) and V(end), the results of M(groundcrew.fleet.alertmanager_silence), one for each Alertmanager.
    type: list
    elements: dict
    default: []
  ending:
    description: For V(host_silenced), whether the silence was ended.
    type: bool
    default: false
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
    description: For V(host_begin) and V(host_silenced), whether the host is taken back.
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
    description: For V(host_looked) and V(host_end), the result of the task that failed, C(ansible_failed_result).
    type: dict
  task:
    description: For V(host_looked) and V(host_end), the name of the task that failed.
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
  - module: groundcrew.fleet.alertmanager_silence
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
  returned: O(state=begin), O(state=plan) and O(state=settle)
  contains:
    rollout:
      description: For V(begin) and V(plan), the run. For instance its run_id, attempt, reason, hosts, serial and sentinels.
      type: dict
      sample: {"run_id": "20261123T1731-deploy-ab12", "attempt": 1, "hosts": ["app1", "groundcrew_wave_1"], "serial": [2]}
    rollout_back:
      description: For V(settle), who is taken back, in the same form.
      type: dict
      sample: {"planned": ["app1"], "hosts": ["app1", "groundcrew_wave_1"], "serial": [2], "sentinels": ["groundcrew_wave_1"]}
    rollout_figures:
      description: For V(settle), what the requests to the changed hosts and to the rest came to at the end. Empty where nobody was asked.
      type: dict
      sample: {"canary": {"requests": 2000, "errors": 0, "p99_s": 0.2}, "rest": {"requests": 0, "errors": 0, "p99_s": null}}
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
proven:
  description:
    - The hosts of the first wave, once they were judged, that may have their full share of requests. For V(gate) that is before the second
      wave, for V(settle) when nothing has stopped the rollout.
  type: list
  elements: str
  returned: O(state=gate) and O(state=settle)
  sample: [app1]
load_balancers:
  description: For V(watch), the hosts whose HAProxy is to be asked now. None while no host has the change.
  type: list
  elements: str
  returned: O(state=watch)
  sample: [lb1]
groups:
  description: The hosts that have the change as C(canary), those that have not as C(rest).
  type: dict
  returned: O(state=watch)
  sample: {"canary": [app1], "rest": [app2, app3]}
backend:
  description: The backend that counts, empty for all.
  type: str
  returned: O(state=watch)
  sample: shop
changed_at:
  description: When the last host was changed, in seconds of the epoch.
  type: float
  returned: O(state=watch)
  sample: 1795600682.5
observe_until:
  description: Until when the hosts are to be watched.
  type: float
  returned: O(state=watch)
  sample: 1795600692.5
min_requests:
  description: How many requests to the changed hosts are worth waiting for.
  type: int
  returned: O(state=watch)
  sample: 100
wait_s:
  description: For how many seconds at most.
  type: int
  returned: O(state=watch)
  sample: 300
silence:
  description: The silence that is asked for, with all its options.
  type: dict
  returned: O(state=host_begin) and O(state=host_silenced)
  sample: {"hosts": ["mon1"], "url": "http://127.0.0.1:9093", "matchers": [{"name": "host", "value": "app1"}], "duration_s": 3600}
at:
  description: The hosts whose Alertmanager keeps a silence of the host now.
  type: list
  elements: str
  returned: O(state=host_silenced)
  sample: [mon1]
left:
  description: Where silences of the run are left, a host and an address each.
  type: list
  elements: dict
  returned: O(state=unsilence)
  sample: [{"at": "mon1", "url": "http://127.0.0.1:9093"}]
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
