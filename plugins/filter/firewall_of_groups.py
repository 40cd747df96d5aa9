# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_of_groups
short_description: Settings of a firewall with the addresses of the inventory's groups
version_added: 0.1.0
description:
  - Takes the settings of the layer firewall as M(groundcrew.fleet.hardening) has them, whose services may name C(groups) besides C(sources), and
    returns them with the addresses of these groups' hosts as sources.
  - A host's address is its variable C(provisioning_address), else C(ansible_host), else its name; it has to be an IP address.
  - A group without hosts is an error, since a service without sources would be open to everybody.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: groups, hostvars
options:
  _input:
    description: The settings.
    type: dict
    required: true
  groups:
    description: Ansible's C(groups).
    type: dict
    required: true
  hostvars:
    description: Ansible's C(hostvars).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Ensure that only the load balancers reach the app
  groundcrew.fleet.hardening:
    layers: [firewall]
    firewall: "{{ {'allow': [{'name': 'shop', 'ports': ['8080'], 'groups': ['load_balancer']}]} | groundcrew.fleet.firewall_of_groups(groups, hostvars) }}"
  become: true
"""

RETURN = r"""
_value:
  description: The settings, without groups.
  type: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.firewall_of_groups import firewall_of_groups


def _filter(
    settings: Mapping[str, Any], groups: Mapping[str, Sequence[str]], hostvars: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    try:
        return firewall_of_groups(settings, groups, hostvars)
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"firewall_of_groups": _filter}
