# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: grafana_dashboards
short_description: The fleet's dashboards for a Grafana that is already there
version_added: 0.1.0
description:
  - Makes the dashboards of the pages that P(groundcrew.fleet.console_pages#filter) makes, with the same panels, queries and limits.
  - Who is on call is a file that Grafana does not read; its panel says where the page is that shows it.
requirements:
  - grafana-foundation-sdk on the controller, and Python 3.11 or later
author:
  - The groundcrew.fleet founders (@groundcrew)
options:
  _input:
    description: The names of the pages, V(fleet), V(host), V(app), V(load_balancer), V(oncall) or V(patches). All of them where the list is empty.
    type: list
    elements: str
    required: true
seealso:
  - plugin: groundcrew.fleet.console_pages
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Tell which dashboards there are
  ansible.builtin.debug:
    msg: "{{ ['fleet', 'host'] | groundcrew.fleet.grafana_dashboards | map(attribute='name') }}"
"""

RETURN = r"""
_value:
  description:
    - The dashboards, each with the C(path) of a file, its C(name) in Grafana, and its JSON as C(content), for Grafana's provisioning of dashboards
      or its API. The data source is a variable of the dashboard.
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.pages_grafana import grafana_dashboards


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"grafana_dashboards": grafana_dashboards}
