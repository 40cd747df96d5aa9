# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: oncall_fairness
short_description: Hours on call of each person
version_added: 0.1.0
description:
  - Counts hours from O(begin) to O(end), in all, in nights (22:00 to 06:00) and at weekends, each by the clock of who is on.
  - A file with a gap, a double booking or anything else that is wrong is refused, with the place in the file, the value and the cure.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: begin, end
options:
  _input:
    description: The on-call file as data, with C(people) and C(teams). The guide on on-call tells its form.
    type: dict
    required: true
  begin:
    description: From when, in ISO 8601 with its zone.
    type: str
    required: true
  end:
    description: Until when.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Tell who had how many nights
  ansible.builtin.debug:
    msg: "{{ (oncall | groundcrew.fleet.oncall_fairness('2026-01-05T08:00Z', '2026-07-06T08:00Z')).people }}"
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
    V(people), a row for each person with C(hours), C(night_hours), C(weekend_hours) and C(turns); V(layers), the same for each team and layer;
    and V(from) and V(to).
  type: dict
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"oncall_fairness": oncall_filters.in_ansibles_way(oncall_filters.fairness)}
