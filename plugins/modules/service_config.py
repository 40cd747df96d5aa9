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
  files:
    description:
      - The files, each by one of O(files[].content), O(files[].template), O(files[].src), O(files[].link) or
        O(files[].state=absent).
      - Directories that are missing above them are made, as root, V(0755).
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Where the file is on the host; absolute, without V(..).
        type: path
        required: true
      content:
        description: The content itself. A dictionary or list is written as JSON.
        type: str
      template:
        description:
          - A Jinja2 template on the controller, found and rendered as M(ansible.builtin.template) does, with the task's
            variables; O(files[].path) is C(template_destpath) in it.
        type: str
      src:
        description: A file on the controller, found as M(ansible.builtin.copy) does and sent byte for byte.
        type: str
      link:
        description: Make a symbolic link that points there.
        type: str
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
      owner:
        description: The owner. What there is stays when it is left out; a new file belongs to root.
        type: str
      group:
        description: The group. What there is stays when it is left out; a new file belongs to root.
        type: str
      mode:
        description:
          - The mode as a quoted string of octal digits, such as V('0640'). What there is stays when it is left out, and so
            do ACLs; a new file has V('0644').
          - A number is refused, since YAML reads V(0644) as 420.
        type: raw
      sensitive:
        description: Keep the content out of diffs and messages, and destroy the undo copy at the end.
        type: bool
        default: false
  directories:
    description: The directories. Their parents are made where they are missing.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Where the directory is; absolute, without V(..).
        type: path
        required: true
      owner:
        description: The owner. What there is stays when it is left out.
        type: str
      group:
        description: The group. What there is stays when it is left out.
        type: str
      mode:
        description: The mode as a quoted string of octal digits, such as V('0750'). What there is stays when it is left out.
        type: raw
      purge:
        description: Remove the files and links directly in it that O(files) does not list. Directories in it stay.
        type: bool
        default: false
  validate:
    description:
      - Commands, each a list of words, that must end with 0. No shell reads them. They run only when a file changes.
      - In one with V({staged}), that stands for a directory with every file of O(files) at its full path, such as
        C({staged}/etc/haproxy/haproxy.cfg). It runs before anything is touched, in check mode too.
      - One without V({staged}) runs when the files are in place, before the unit reads them. If it fails, all is undone.
    type: list
    elements: list
    default: []
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
  unit_enabled:
    description: Whether the unit is started at boot. Left as it is by default.
    type: bool
  on_change:
    description:
      - What makes a running unit read changed files. A unit that cannot reload is restarted.
      - It is always a restart when its unit file, a drop-in, an environment file or its binary changed.
    type: str
    choices: [reload, restart]
    default: reload
  verify:
    description:
      - When the change counts as good. The unit must be active in any case. Not looked at when nothing was to be done.
    type: dict
    suboptions:
      within_s:
        description:
          - Seconds within which all checks must pass. Ends early when waiting cannot help, as for a unit that has failed.
          - With V(0) the checks are made once.
        type: float
        default: 30
      stable:
        description: How many times in a row, half a second apart, all checks must pass.
        type: int
        default: 1
      units:
        description: Units that must be active. One that is restarted meanwhile begins to count anew.
        type: list
        elements: str
        default: []
      tcp:
        description: Ports that must accept a connection from the host itself.
        type: list
        elements: dict
        default: []
        suboptions:
          port:
            description: The port.
            type: int
            required: true
          host:
            description: Where it listens.
            type: str
            default: 127.0.0.1
      http:
        description: Requests that the host makes itself, without a proxy. Redirects are answers; they are never followed.
        type: list
        elements: dict
        default: []
        suboptions:
          url:
            description: The whole URL.
            type: str
            required: true
          status:
            description: The answers that are right.
            type: list
            elements: int
            default: [200]
          contains:
            description: Text that the first MiB of the body must have.
            type: str
            default: ""
          headers:
            description: Headers to send.
            type: dict
            default: {}
          sensitive_headers:
            description: Headers with a secret, such as C(Authorization); these are kept out of every log.
            type: dict
            default: {}
          timeout_s:
            description: Seconds that one request may take.
            type: float
            default: 5
          validate_certs:
            description: Whether the certificate of an https URL must be valid for its name.
            type: bool
            default: true
      commands:
        description: Commands, each a list of words, that must end with 0. No shell reads them.
        type: list
        elements: list
        default: []
  payload:
    description: The contents of the files, filled by the action plugin. Never set it.
    type: str
extends_documentation_fragment:
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
from ansible_collections.groundcrew.fleet.plugins.module_utils._checks import CHECK_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import service

ACCESS = {"owner": {"type": "str"}, "group": {"type": "str"}, "mode": {"type": "raw"}}
FILE = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "no_log": True},
    "template": {"type": "str"},
    "src": {"type": "str"},
    "link": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "sensitive": {"type": "bool", "default": False},
    **ACCESS,
}
DIRECTORY = {
    "path": {"type": "path", "required": True},
    "purge": {"type": "bool", "default": False},
    **ACCESS,
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "files": {"type": "list", "elements": "dict", "default": [], "options": FILE},
            "directories": {"type": "list", "elements": "dict", "default": [], "options": DIRECTORY},
            "validate": {"type": "list", "elements": "list", "default": []},
            "unit": {"type": "str"},
            "unit_state": {"type": "str", "choices": ["started", "stopped", "any"], "default": "started"},
            "unit_enabled": {"type": "bool"},
            "on_change": {"type": "str", "choices": ["reload", "restart"], "default": "reload"},
            "verify": {"type": "dict", "options": CHECK_OPTIONS},
            "payload": {"type": "str", "no_log": True},
            **RUN_OPTIONS,
        },
        supports_check_mode=True,
    )
    service.run(module)


if __name__ == "__main__":
    main()
