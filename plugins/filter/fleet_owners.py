# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_owners
short_description: Whom backends and SLOs belong to
version_added: 0.1.0
description:
  - Gathers the SLOs that stand beside apps in the hosts' variable C(monitoring_slos), and the owner of each backend of the load balancers.
  - A backend belongs to the owner that its hosts name in C(monitoring_owner), where these agree; an SLO of the backend that names an owner decides.
  - An SLO without C(owner) gets that of its backend, else that of the hosts that carry it, where these agree.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: hostvars
options:
  _input:
    description: Ansible's C(groups).
    type: dict
    required: true
  hostvars:
    description: Ansible's C(hostvars).
    type: dict
    required: true
  load_balancer_group:
    description: The group of the load balancers.
    type: str
    default: load_balancer
seealso:
  - plugin: groundcrew.fleet.slo_rules
    plugin_type: filter
  - plugin: groundcrew.fleet.fleet_rules
    plugin_type: filter
  - plugin: groundcrew.fleet.watched
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show whom an SLO belongs to that names no owner
  ansible.builtin.debug:
    msg: "{{ ({'all': ['app1']} | groundcrew.fleet.fleet_owners({'app1': app1})).slos }}"
  vars:
    app1:
      monitoring_owner: shop
      monitoring_slos:
        - {app: shop, objective: 99.9, backend: shop}
"""

RETURN = r"""
_value:
  description: C(slos), as P(groundcrew.fleet.slo_rules#filter) takes them, and C(backends), as P(groundcrew.fleet.fleet_rules#filter) takes their owners.
  type: dict
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.owners import owners
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.watched import Groups, Hostvars, Settings


def _filter(groups: Groups, hostvars: Hostvars, load_balancer_group: str = "load_balancer") -> dict[str, Any]:
    try:
        return owners(groups, hostvars, Settings(load_balancer_group=load_balancer_group))
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"fleet_owners": _filter}
