# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: host_entries
short_description: Entries of a hosts file from the inventory
version_added: 0.1.0
description:
  - Makes one entry for each host of some groups, as M(groundcrew.fleet.host_settings) takes them in O(groundcrew.fleet.host_settings#module:hosts).
  - A host's address is its variable C(provisioning_address), else C(ansible_host), else its name; it has to be an IP address.
  - Its names are the one that it has in the inventory, and the first part of that. A host whose name is an address is left out.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: groups, hostvars
options:
  _input:
    description: The groups' names.
    type: list
    elements: str
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
- name: Ensure that every host knows the app's hosts by name
  groundcrew.fleet.host_settings:
    hosts: "{{ ['app'] | groundcrew.fleet.host_entries(groups, hostvars) }}"
  become: true
"""

RETURN = r"""
_value:
  description: The entries, each with C(address) and C(names), by name.
  type: list
  elements: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import host_entries


def _filter(
    names: Sequence[str], groups: Mapping[str, Sequence[str]], hostvars: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    try:
        return host_entries.host_entries(names, groups, hostvars)
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"host_entries": _filter}
