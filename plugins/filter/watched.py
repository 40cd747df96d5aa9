# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: watched
short_description: What Prometheus watches, from the inventory
version_added: 0.1.0
description:
  - Makes the targets of each scrape job, in the form of Prometheus' C(file_sd_configs), from the inventory and from the variables of the
    collection's roles, so that a host or an app is watched from the moment that the inventory has it.
  - "The jobs V(node), V(process), V(haproxy), V(app), V(prometheus), V(alertmanager), V(probe-http) and V(probe-tls) come by themselves:
    the exporters of each host, load balancers and apps that show their metrics, each member of a backend and each frontend as a client
    asks it, and the certificates of frontends."
  - Each target has the labels C(host) and C(owner), and C(app) where it is an app's. Its address is the host's variable
    C(monitoring_address), else C(ansible_host), else its name. What listens for its own host alone is left out.
  - A frontend and its certificate have the owner that the hosts of the backend agree on, and that of the load balancer only where they name none.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: groups, hostvars
options:
  _input:
    description:
      - The jobs of the site; each has C(name), C(groups) (a list of inventory groups) and C(port), and may have C(path) and C(app).
      - A name has letters, digits, dots, dashes and underscores; C(blackbox) and those that come by themselves are taken.
    type: list
    elements: dict
    required: true
  groups:
    description: Ansible's C(groups).
    type: dict
    required: true
  hostvars:
    description: Ansible's C(hostvars).
    type: dict
    required: true
  owner:
    description: The owner of hosts whose variable C(monitoring_owner) names none.
    type: str
    default: ""
  group:
    description: The group of the hosts that watch.
    type: str
    default: monitoring
  load_balancer_group:
    description: The group of the load balancers.
    type: str
    default: load_balancer
  app_groups:
    description: Groups whose hosts run an app, besides the members of backends.
    type: list
    elements: str
    default: [app]
"""

EXAMPLES = r"""
- name: Show how node exporter is scraped on app1
  ansible.builtin.debug:
    msg: "{{ ([] | groundcrew.fleet.watched({'all': ['app1']}, {'app1': {'ansible_host': '192.0.2.11'}})).node }}"
"""

RETURN = r"""
_value:
  description: The content of a file for each job, by the job's name.
  type: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import watched


def _filter(
    jobs: Sequence[Mapping[str, Any]], groups: watched.Groups, hostvars: watched.Hostvars, **settings: Any
) -> dict[str, str]:
    try:
        return watched.watched(jobs, groups, hostvars, watched.Settings(**settings))
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"watched": _filter}
