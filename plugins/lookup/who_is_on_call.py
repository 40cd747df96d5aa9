# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: who_is_on_call
short_description: Who is on call for a team
version_added: 0.1.0
description:
  - Tells who is on call for each team that is asked for, from the on-call file and a moment alone. No server is asked.
  - A file with a gap, a double booking or anything else that is wrong is refused.
author:
  - The groundcrew.fleet founders (@groundcrew)
options:
  _terms:
    description: Names of teams.
    type: list
    elements: str
    required: true
  layer:
    description: The layer, in the order of escalation. V(0) is paged first.
    type: int
    default: 0
  at:
    description: The moment, in ISO 8601 with its zone. Empty is now, by the controller's clock.
    type: str
    default: ""
  oncall:
    description: The on-call file as data.
    type: dict
    required: true
    vars:
      - name: monitoring_oncall
seealso:
  - module: groundcrew.fleet.page_route_info
"""

EXAMPLES = r"""
- name: Tell who is on call for the shop at Christmas
  ansible.builtin.debug:
    msg: "{{ lookup('groundcrew.fleet.who_is_on_call', 'shop', at='2026-12-24T18:00+01:00').person }}"
  vars:
    monitoring_oncall:
      people:
        alice: {time_zone: Europe/Berlin, contact: {email: alice@example.com}}
        bob: {time_zone: America/New_York, contact: {email: bob@example.com}}
      teams:
        shop:
          time_zone: Europe/Berlin
          layers:
            - {people: [alice, bob], start: "2026-01-05"}
"""

RETURN = r"""
_raw:
  description: >-
    For each team C(person), C(from) and C(to) in UTC, C(from_local) and C(to_local) on that person's clock, C(time_zone), and C(why), such as V(rotation).
  type: list
  elements: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters


class LookupModule(LookupBase):
    """Names of teams in, who is on call out."""

    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        oncall, layer, at = (self.get_option(name) for name in ("oncall", "layer", "at"))
        try:
            return [oncall_filters.who(oncall, team, layer, at) for team in terms]
        except FleetError as error:
            raise AnsibleError(str(error)) from error
