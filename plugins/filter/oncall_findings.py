# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: oncall_findings
short_description: What the linter says of an on-call file
version_added: 0.1.0
description:
  - Looks for gaps and double bookings in the two years to come, people who are unknown or cannot be reached, and time zones that do not exist.
  - What is odd but allowed is a warning.
  - Refuses nothing. M(ansible.builtin.assert) on the findings does, or any other filter of on-call.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: now
options:
  _input:
    description: The on-call file as data, with C(people) and C(teams). The guide on on-call tells its form.
    type: dict
    required: true
  now:
    description: The moment to work from, in ISO 8601 with its zone. Empty is the controller's clock.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Tell what is wrong or odd
  ansible.builtin.debug:
    msg: "{{ oncall | groundcrew.fleet.oncall_findings('2026-03-01T00:00Z') }}"
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
  description: >-
    Findings, each with C(level), V(error) or V(warning), C(place) in the file, C(line), the file and
    line that it was read from where Ansible knows it, and C(text), with the value and the cure.
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"oncall_findings": oncall_filters.in_ansibles_way(oncall_filters.findings)}
