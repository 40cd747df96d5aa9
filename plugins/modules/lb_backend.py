# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: lb_backend
short_description: Take a server out of a HAProxy, or bring it back, and wait until that is true
version_added: 0.1.0
description:
  - Runs on the load balancer and speaks to HAProxy's administrative socket, so that no file changes and no reload happens.
  - A drained server keeps the requests that it has and gets no new ones; the module waits until the last one is over.
  - An enabled server counts only once HAProxy itself calls it C(UP), by health checks made after its return; those that passed before
    its service was restarted prove nothing.
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
    description: The backend that it leaves or joins. Without it, every backend that has the server.
    type: str
  state:
    description:
      - V(enabled) gets requests and is UP.
      - V(drained) gets no new requests and has none left.
      - V(maintenance) is out at once. Nobody waits for the requests that it has, and HAProxy stops checking it.
    type: str
    choices: [enabled, drained, maintenance]
    required: true
  wait_s:
    description: Seconds that the wait may take. V(0) looks once.
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
  - It takes no host lock, since many rollouts drain servers on one load balancer; deciding and draining are one turn all the same,
    so that two at once never empty a backend. O(lock_wait_s) and O(lock_ttl_s) have no effect.
  - HAProxy forgets a drain when it is restarted or reloaded without a saved state.
seealso:
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

- name: Ensure that app1 is back and UP
  groundcrew.fleet.lb_backend:
    server: app1
    state: enabled
  delegate_to: lb1
  become: true
"""

RETURN = r"""
before:
  description: The server in each backend before, with what was asked of it and what HAProxy made of it.
  type: list
  elements: dict
  returned: success
  sample: [{"backend": "shop", "state": "enabled", "status": "UP", "sessions": 3, "queued": 0}]
after:
  description: The same afterwards; in check mode it is what was found.
  type: list
  elements: dict
  returned: success
  sample: [{"backend": "shop", "state": "drained", "status": "DRAIN", "sessions": 0, "queued": 0}]
timeline:
  description: Sessions, queue and status over the time of the wait, one entry for each change.
  type: list
  elements: dict
  returned: when it waited
  sample: [{"seconds": 0.0, "sessions": 3, "queued": 0, "status": "shop DRAIN"}]
seconds:
  description: How long it took.
  type: float
  returned: success
  sample: 0.4
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend import drive
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.plan import Want

SPEC = {
    "server": {"type": "str", "required": True},
    "backend": {"type": "str"},
    "state": {"type": "str", "choices": ["enabled", "drained", "maintenance"], "required": True},
    "wait_s": {"type": "float", "default": 60},
    "min_healthy": {"type": "int", "default": 1},
    "socket": {"type": "path", "default": "/run/haproxy/admin.sock"},
    **RUN_OPTIONS,
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    params = module.params
    want = Want(params["server"], params["state"], params["backend"], params["min_healthy"])
    begin = time.monotonic()
    try:
        outcome = drive.converge(params["socket"], want, wait_s=params["wait_s"], check_mode=module.check_mode)
    except FleetError as error:
        module.fail_json(msg=str(error), **getattr(error, "details", {}))
    module.exit_json(
        changed=bool(outcome.orders),
        before=[server.told() for server in outcome.before],
        after=[server.told() for server in outcome.after],
        timeline=outcome.timeline,
        seconds=round(time.monotonic() - begin, 3),
        diff={
            "before": "".join(f"{order.backend}/{order.server}: {order.before}\n" for order in outcome.orders),
            "after": "".join(f"{order.backend}/{order.server}: {order.after}\n" for order in outcome.orders),
        },
    )


if __name__ == "__main__":
    main()
