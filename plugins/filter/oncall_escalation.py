# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: oncall_escalation
short_description: When each team hands an alert on to its next layer
version_added: 0.1.0
description:
  - Tells what C(groundcrew-escalate) on the monitoring host needs to know of the teams.
  - A file with a gap, a double booking or anything else that is wrong is refused, with the place in the file, the value and the cure.
author:
  - The groundcrew.fleet founders (@groundcrew)
options:
  _input:
    description: The on-call file as data, with C(people) and C(teams). The guide on on-call tells its form.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Tell when alerts are handed on
  ansible.builtin.debug:
    msg: "{{ oncall | groundcrew.fleet.oncall_escalation }}"
  vars:
    oncall:
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
_value:
  description: V(default_team), and V(teams), which for each team has the seconds after which each layer hands on.
  type: dict
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"oncall_escalation": oncall_filters.in_ansibles_way(oncall_filters.escalation)}
