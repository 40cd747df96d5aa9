# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: host_info
short_description: Read the little that roles need to know of a host
version_added: 0.1.0
description:
  - Reads, in one execution, what the host is, which of the named packages and units it has,
    and what the collection has done on it and left open.
  - It sets no facts. Register the result and take what you need from C(host).
author:
  - The groundcrew.fleet founders (@groundcrew)
extends_documentation_fragment:
  - groundcrew.fleet.run
  - groundcrew.fleet.attributes.info_module
  - groundcrew.fleet.attributes.actiongroup
options:
  packages:
    description: Packages whose installed version is looked up.
    type: list
    elements: str
    default: []
  units:
    description: Units whose state is looked up, with their full names.
    type: list
    elements: str
    default: []
  ledger_lines:
    description: How many of the last lines of the host's ledger to return.
    type: int
    default: 5
  ledger_digest:
    description:
      - A digest of a ledger line that was seen earlier. If that line is gone, C(host.transactions.chain_holds) is false.
    type: str
    default: ""
notes:
  - The ledger, the lock and what is unfinished are readable by root only; without it C(host.transactions.readable) is false.
  - It takes no host lock; O(run_id), O(run_attempt), O(reason), O(lock_wait_s) and O(lock_ttl_s) are taken so that the defaults
    of the action group fit, and have no effect.
"""

EXAMPLES = r"""
- name: Read what the host is and has
  groundcrew.fleet.host_info:
    packages: [openssh-server]
    units: [ssh.service]
  register: found

- name: Show its distribution and address
  ansible.builtin.debug:
    msg: "{{ found.host.id }} {{ found.host.version }} at {{ found.host.default_ipv4 }}"
"""

RETURN = r"""
host:
  description: What was found.
  type: dict
  returned: success
  contains:
    distribution:
      description: Its name, from os-release.
      type: str
      sample: Debian GNU/Linux
    id:
      description: Its short name, from os-release.
      type: str
      sample: debian
    version:
      description: Its version, from os-release.
      type: str
      sample: "12"
    codename:
      description: Its code name, from os-release.
      type: str
      sample: bookworm
    kernel:
      description: The release of the running kernel.
      type: str
      sample: 6.1.0-40-amd64
    architecture:
      description: The machine's architecture in the kernel's words.
      type: str
      sample: x86_64
    python:
      description: The version of the Python that runs modules.
      type: str
      sample: 3.11.2
    virtualization:
      description: What the host runs in, in systemd's words; C(none) on bare metal.
      type: str
      sample: kvm
    container:
      description: Whether the host is a container.
      type: bool
      sample: false
    service_manager:
      description: C(systemd) where it is in charge, empty where nothing is, as in an image being built.
      type: str
      sample: systemd
    package_manager:
      description: C(apt), C(dnf) or empty.
      type: str
      sample: apt
    cpus:
      description: How many processors the host sees.
      type: int
      sample: 2
    memory_mib:
      description: How much memory the host sees.
      type: int
      sample: 2048
    hostname:
      description: The host's name, without its domain.
      type: str
      sample: app1
    fqdn:
      description: The host's name, with its domain where it has one.
      type: str
      sample: app1.example.com
    default_ipv4:
      description: The address that the host speaks from towards the world; empty where no route leads there.
      type: str
      sample: 192.0.2.11
    addresses:
      description: All global addresses.
      type: list
      elements: dict
      sample: [{"interface": "eth0", "family": "inet", "address": "192.0.2.11", "prefix": 24}]
    packages:
      description: The installed version of each package asked for, null for one that is not installed.
      type: dict
      sample: {"openssh-server": "1:9.2p1-2+deb12u7"}
    units:
      description: The state of each unit asked for.
      type: dict
      sample: {"ssh.service": {"load": "loaded", "active": "active", "sub": "running", "enabled": true}}
    transactions:
      description: >-
        Whether it was readable, the last lines of the ledger, the digest of the very last one, whether its chain holds,
        and the lock, the quarantine and the unfinished transactions where there are any.
      type: dict
      sample:
        readable: true
        ledger: []
        digest: ""
        chain_holds: true
        lock: null
        quarantine: null
        unfinished: []
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._argspec import RUN_OPTIONS
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_info import state

SPEC = {
    "packages": {"type": "list", "elements": "str", "default": []},
    "units": {"type": "list", "elements": "str", "default": []},
    "ledger_lines": {"type": "int", "default": 5},
    "ledger_digest": {"type": "str", "default": ""},
    **RUN_OPTIONS,
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    asked = {name: module.params[name] for name in ("packages", "units", "ledger_lines", "ledger_digest")}
    try:
        host = state.read(**asked)
    except FleetError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, host=host)


if __name__ == "__main__":
    main()
