# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: lb_backend_info
short_description: Tell what a HAProxy makes of its backends and servers, and how fast and how well each one answers
version_added: 0.1.0
description:
  - Runs on the load balancer and reads, through HAProxy's administrative socket, the state of every backend and server and what HAProxy
    has counted since it was started or reloaded.
  - HAProxy counts and averages, but knows no percentile. The role load_balancer has it remember a short line of each request in a ring
    in its memory, without URL and headers; from these come the median, the 99th percentile and the ratio of errors of each server.
  - The ring holds some ten thousand requests and begins anew with each reload; RV(window) tells how far it reaches back.
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes.info_module
  - groundcrew.fleet.attributes.actiongroup
options:
  since:
    description:
      - Which requests count for RV(latency), as seconds before now or as a time with its zone, such as V(2026-11-29T02:00:00Z). All that
        HAProxy remembers without it.
    type: str
  last:
    description: Only so many of each server's newest requests. V(0) takes all.
    type: int
    default: 0
  groups:
    description:
      - Hosts by the name of a group, for RV(figures). A server counts for the host of its name, and so do C(HOST-blue) and C(HOST-green).
    type: dict
    default: {}
  backend:
    description: The backend that counts for RV(figures). Without it all of them.
    type: str
  observe_s:
    description: Seconds to wait before HAProxy is asked, while O(since) counts from the beginning of the call.
    type: float
    default: 0
  until:
    description: A group whose requests are waited for after that. What there is after O(until.wait_s) is told all the same.
    type: dict
    suboptions:
      group:
        description: One of O(groups).
        type: str
        required: true
      requests:
        description: How many requests are enough.
        type: int
        required: true
      wait_s:
        description: Seconds that it may take.
        type: float
        default: 60
  ring:
    description: The name of HAProxy's ring with the requests. An empty name reads none, and there is no latency then.
    type: str
    default: requests
  socket:
    description: HAProxy's socket, of level admin.
    type: path
    default: /run/haproxy/admin.sock
seealso:
  - module: groundcrew.fleet.lb_backend
"""

EXAMPLES = r"""
- name: Read how the servers have answered in the last minute
  groundcrew.fleet.lb_backend_info:
    since: "60"
  delegate_to: lb1
  become: true
  register: answered

- name: Compare the canary with the rest, once it has had a hundred requests
  groundcrew.fleet.lb_backend_info:
    since: "0"
    groups:
      canary: [app1]
      rest: [app2, app3]
    observe_s: 1
    until:
      group: canary
      requests: 100
      wait_s: 1
  delegate_to: lb1
  become: true

- name: Show the slowest per cent of each server of the shop
  ansible.builtin.debug:
    var: answered.latency.shop
"""

RETURN = r"""
backends:
  description:
    - Every backend by its name, with its status, and below C(servers) its servers by their names, with what was asked of each (C(state),
      C(weight)), what HAProxy makes of it (C(status), C(serving)) and what it has counted.
    - C(connection_errors) and C(response_errors) are attempts that failed, also where another server answered in the end.
  type: dict
  returned: success
  sample:
    shop:
      status: UP
      sessions: 0
      queued: 0
      active_servers: 1
      requests: 120
      responses_5xx: 0
      connection_errors: 0
      response_errors: 0
      retries: 0
      redispatches: 0
      servers:
        app1:
          state: enabled
          status: UP
          sessions: 0
          queued: 0
          weight: 100
          configured_weight: 100
          address: 10.89.77.11:8000
          serving: true
          check: L7OK Layer7 check passed
          requests: 120
          responses_5xx: 0
          connection_errors: 0
          response_errors: 0
          retries: 0
          redispatches: 0
counters_since:
  description: When HAProxy began to count.
  type: str
  returned: success
  sample: "2026-11-29T02:00:00.000Z"
latency:
  description:
    - For each backend and server the requests of the window. The time is that which the server and its queue took, without what a slow
      client added.
    - An error is an answer of 500 or more, or none for the server's or HAProxy's own fault. A request for which there was no server stands
      under C(<NOSRV>). What a frontend answers by itself, such as a redirect or a refusal, is not counted.
  type: dict
  returned: success
  sample:
    shop:
      app1: {requests: 120, errors: 0, error_ratio: 0.0, retries: 0, p50_s: 0.004, p99_s: 0.011, slowest_s: 0.02}
figures:
  description: The same for each of O(groups), over all requests to its hosts.
  type: dict
  returned: success
  sample:
    canary: {requests: 120, errors: 0, error_ratio: 0.0, retries: 0, p50_s: 0.004, p99_s: 0.011, slowest_s: 0.02}
window:
  description: Since when requests count, how many HAProxy remembers in all, and when the oldest and newest of these came.
  type: dict
  returned: success
  sample: {since: "2026-11-29T02:00:00.000Z", requests: 120, oldest: "2026-11-29T01:59:00.000Z", newest: "2026-11-29T02:00:59.000Z"}
unknown:
  description: What could not be read, a sentence each.
  type: list
  elements: str
  returned: success
  sample: []
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend import info
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.figures import Window

SPEC = {
    "since": {"type": "str"},
    "last": {"type": "int", "default": 0},
    "groups": {"type": "dict", "default": {}},
    "backend": {"type": "str"},
    "observe_s": {"type": "float", "default": 0},
    "until": {
        "type": "dict",
        "options": {
            "group": {"type": "str", "required": True},
            "requests": {"type": "int", "required": True},
            "wait_s": {"type": "float", "default": 60},
        },
    },
    "ring": {"type": "str", "default": "requests"},
    "socket": {"type": "path", "default": "/run/haproxy/admin.sock"},
    **RUN_OPTIONS,
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    params = module.params
    try:
        window = Window(info.since(params["since"] or "", time.time()), max(params["last"], 0))
        found = info.watched(lambda: info.ask(params["socket"], params["ring"]), info.watch_of(params), window)
    except FleetError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
