# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: lb_backend
short_description: Take a server out of a HAProxy, bring it back, add or remove it, and wait until that is true
version_added: 0.1.0
description:
  - Runs on the load balancer and speaks to HAProxy's administrative socket, so that no reload happens.
  - A drained server keeps the requests that it has and gets no new ones; the module waits until the last one is over.
  - An enabled server counts only once HAProxy itself calls it C(UP), by health checks made after its return; those that passed before
    its service was restarted prove nothing.
  - A server that is added or removed is written into HAProxy's configuration too, just as the role load_balancer writes it, so that it
    outlives a restart and the role's next run with the changed inventory changes nothing. No other state touches a file.
  - What is not reached within O(wait_s) is taken back, and the module fails.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
options:
  server:
    description: The server's name in HAProxy's configuration.
    type: str
    required: true
  backend:
    description: The backend that it leaves or joins. Without it, every backend that has the server; V(present) needs it.
    type: str
  state:
    description:
      - V(enabled) gets requests and is UP.
      - V(drained) gets no new requests and has none left. A server that clients stick to by a cookie is put into maintenance for that,
        since HAProxy sends these to a drained one.
      - V(maintenance) is out at once. Nobody waits for the requests that it has, and HAProxy stops checking it.
      - V(present) is in the backend. One that is not is added, and is UP at the end; one that is there keeps its state.
      - V(absent) is in no backend, or not in O(backend). It is drained first.
    type: str
    choices: [enabled, drained, maintenance, present, absent]
    required: true
  weight:
    description:
      - The weight, V(0) to V(256), or a percentage of the one in the configuration, such as V(50%).
      - Without it the weight is left alone, and a server that is added has the one of its backend.
    type: str
  ramp_s:
    description:
      - With V(enabled) or V(present), the server begins with a tenth of its weight once it is UP, and has all of it after so many
        seconds, for which the module waits. The weight is O(weight), or the configured one.
      - A server that fails meanwhile is taken out again. A ramp that was cut short goes on in the next run.
    type: float
    default: 0
  address:
    description:
      - Where V(present) finds the server, as an IP address or a name that the load balancer knows. The configuration has it as it is given.
    type: str
  port:
    description: The port that it answers on.
    type: int
  check_options:
    description:
      - HAProxy's keywords for a server that is added, such as V(check inter 1s fall 2 rise 2).
      - Without it those of the backend's C(default-server), which hold after a restart in any case.
    type: str
  config:
    description: HAProxy's configuration, written by the role load_balancer. V(present) and V(absent) change it.
    type: path
    default: /etc/haproxy/haproxy.cfg
  wait_s:
    description: Seconds that the wait may take, a ramp not included. V(0) looks once.
    type: float
    default: 60
  min_healthy:
    description:
      - How many other servers of each backend must be serving for this one to leave.
      - A server that does not serve now may always leave.
    type: int
    default: 1
  socket:
    description: HAProxy's socket, of level admin.
    type: path
    default: /run/haproxy/admin.sock
notes:
  - It waits for nobody's host lock, since many rollouts drain servers on one load balancer; deciding and draining are one turn all the
    same, so that two at once never empty a backend. Only the change of the configuration by V(present) and V(absent) takes the lock.
  - HAProxy forgets a drain when it is restarted or reloaded without a saved state.
seealso:
  - module: groundcrew.fleet.lb_backend_info
  - module: groundcrew.fleet.health_check
"""

EXAMPLES = r"""
- name: Ensure that app1 gets no requests
  groundcrew.fleet.lb_backend:
    server: app1
    state: drained
    wait_s: 30
  delegate_to: lb1
  become: true

- name: Ensure that app1 is back and UP, and has all of its weight ten seconds later
  groundcrew.fleet.lb_backend:
    server: app1
    state: enabled
    ramp_s: 10
  delegate_to: lb1
  become: true

- name: Ensure that app1 gets half of what the others get
  groundcrew.fleet.lb_backend:
    server: app1
    state: enabled
    weight: 50%
  delegate_to: lb1
  become: true

- name: Ensure that app1 is back at its full weight
  groundcrew.fleet.lb_backend:
    server: app1
    state: enabled
    weight: 100%
  delegate_to: lb1
  become: true

- name: Ensure that app1 is in no backend, also after a restart
  groundcrew.fleet.lb_backend:
    server: app1
    state: absent
  delegate_to: lb1
  become: true

- name: Ensure that app1 is in the shop's backend, also after a restart
  groundcrew.fleet.lb_backend:
    server: app1
    backend: shop
    address: "{{ hostvars['app1'].ansible_host }}"
    port: 8000
    state: present
  delegate_to: lb1
  become: true
"""

RETURN = r"""
before:
  description: The server in each backend before, with what was asked of it and what HAProxy made of it.
  type: list
  elements: dict
  returned: success
  sample: [{"backend": "shop", "state": "enabled", "status": "UP", "sessions": 3, "queued": 0, "weight": 100}]
after:
  description: The same afterwards; in check mode it is what was found.
  type: list
  elements: dict
  returned: success
  sample: [{"backend": "shop", "state": "drained", "status": "DRAIN", "sessions": 0, "queued": 0, "weight": 100}]
timeline:
  description: Sessions, queue, weight and status over the time of the wait and then of the ramp, one entry for each change.
  type: list
  elements: dict
  returned: when it waited
  sample: [{"seconds": 0.0, "sessions": 3, "queued": 0, "weight": 100, "status": "shop DRAIN"}]
steps:
  description: The steps that changed the configuration, or in check mode would.
  type: list
  elements: dict
  returned: with state present or absent
  sample: [{"kind": "write", "target": "/etc/haproxy/haproxy.cfg"}]
ledger:
  description: The digest of the last line of the host's ledger.
  type: str
  returned: when the configuration was changed
undone:
  description: Whether all that was done has been taken back.
  type: bool
  returned: failure after the first order
seconds:
  description: How long it took.
  type: float
  returned: success
  sample: 0.4
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend import service

SPEC = {
    "server": {"type": "str", "required": True},
    "backend": {"type": "str"},
    "state": {
        "type": "str",
        "choices": ["enabled", "drained", "maintenance", "present", "absent"],
        "required": True,
    },
    "weight": {"type": "str"},
    "ramp_s": {"type": "float", "default": 0},
    "address": {"type": "str"},
    "port": {"type": "int"},
    "check_options": {"type": "str"},
    "config": {"type": "path", "default": "/etc/haproxy/haproxy.cfg"},
    "wait_s": {"type": "float", "default": 60},
    "min_healthy": {"type": "int", "default": 1},
    "socket": {"type": "path", "default": "/run/haproxy/admin.sock"},
    **RUN_OPTIONS,
}


def main() -> None:
    service.run(AnsibleModule(argument_spec=SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()
