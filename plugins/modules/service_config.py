# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_config
short_description: All config files of one service, changed as one transaction
version_added: 0.1.0
author: The groundcrew.fleet founders (@groundcrew)
description:
  - Brings all config files of a service, and the service itself, to the wanted state in one execution on the host.
  - Everything or nothing. Validators see the new files in a staged tree before anything is touched. When the unit is not
    well after the change, all files are put back and the unit is brought back with them.
  - The unit is reloaded or restarted by state, not by handlers. What it read at its last start or reload is recorded, so a
    reload that was lost (a run that died, a file changed by hand) is made up for by the next run, and a restart by hand is
    not repeated.
options:
  name:
    description: The name of the transaction in journal and ledger. The unit's name when it is left out.
    type: str
  unit:
    description: The systemd unit that reads the files, such as V(haproxy) or V(web@1.service).
    type: str
  unit_state:
    description:
      - V(started) starts the unit if it does not run. V(stopped) stops it, before the files change.
      - With V(any) a unit that runs reads what changed, and one that does not run stays so.
    type: str
    choices: [started, stopped, any]
    default: started
  on_change:
    description:
      - What makes a running unit read changed files. A unit that cannot reload is restarted.
      - It is always a restart when its unit file, a drop-in, an environment file or its binary changed.
    type: str
    choices: [reload, restart]
    default: reload
  previews:
    description:
      - Paths among O(files) that only the validators with V({staged}) see, and that this call does not put in place.
      - A task that changes a service can so ask about the files of a later one, and be refused before the first of the two has changed.
    type: list
    elements: path
    default: []
extends_documentation_fragment:
  - groundcrew.fleet.service_files
  - groundcrew.fleet.attributes
  - groundcrew.fleet.attributes.actiongroup
  - groundcrew.fleet.run
seealso:
  - module: ansible.builtin.template
  - module: ansible.builtin.systemd_service
"""

EXAMPLES = r"""
- name: Ensure HAProxy runs with this config
  groundcrew.fleet.service_config:
    unit: haproxy
    unit_enabled: true
    files:
      - path: /etc/haproxy/haproxy.cfg
        content: |
          defaults
            mode http
            timeout connect 5s
            timeout client 30s
            timeout server 30s
          frontend health
            bind 127.0.0.1:8080
            monitor-uri /health
    validate:
      - [haproxy, -c, -f, "{staged}/etc/haproxy/haproxy.cfg"]
    verify:
      within_s: 20
      http:
        - url: http://127.0.0.1:8080/health

- name: Ensure a service of our own, its secret and nothing else in its directory
  groundcrew.fleet.service_config:
    unit: shop
    on_change: restart
    directories:
      - path: /etc/shop/conf.d
        mode: "0750"
        purge: true
    files:
      - path: /etc/systemd/system/shop.service
        content: |
          [Service]
          EnvironmentFile=/etc/shop/conf.d/environment
          ExecStart=/bin/sleep infinity
          [Install]
          WantedBy=multi-user.target
      - path: /etc/shop/conf.d/environment
        content: "TOKEN={{ shop_token | default('none') }}\n"
        mode: "0600"
        sensitive: true

- name: Ensure a file that no unit reads, a link to it, and that an old one is gone
  groundcrew.fleet.service_config:
    files:
      - path: /etc/shop/motd
        content: "Welcome\n"
      - path: /etc/shop/motd.link
        link: motd
      - path: /etc/shop/motd.old
        state: absent
"""

RETURN = r"""
steps:
  description: The steps that were taken, or in check mode would be, in their order, without contents.
  returned: always
  type: list
  elements: dict
  sample:
    - {kind: write, target: /etc/haproxy/haproxy.cfg}
    - {kind: unit, target: haproxy.service, action: reload}
converge:
  description: Why the unit was reloaded or restarted - each path, and whether this call or something earlier changed it.
  returned: always
  type: list
  elements: dict
  sample: [{path: /etc/haproxy/haproxy.cfg, why: is changed by this call}]
validated:
  description: The commands that accepted the files before these were put in place.
  returned: always
  type: list
  elements: str
  sample: ["haproxy -c -f {staged}/etc/haproxy/haproxy.cfg"]
verified:
  description: What was looked at after the change, and how many seconds each took.
  returned: when steps were taken
  type: list
  elements: dict
seconds:
  description: How long the transaction took on the host.
  returned: always
  type: float
run_id:
  description: The run that the change belongs to.
  returned: always
  type: str
ledger:
  description: The digest of the last line of the host's ledger.
  returned: when steps were taken
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import service
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.spec import FILES_OPTIONS


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "unit": {"type": "str"},
            "unit_state": {"type": "str", "choices": ["started", "stopped", "any"], "default": "started"},
            "on_change": {"type": "str", "choices": ["reload", "restart"], "default": "reload"},
            "previews": {"type": "list", "elements": "path", "default": []},
            **FILES_OPTIONS,
            **RUN_OPTIONS,
        },
        supports_check_mode=True,
    )
    service.run(module)


if __name__ == "__main__":
    main()
