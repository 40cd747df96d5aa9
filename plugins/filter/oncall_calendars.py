# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: oncall_calendars
short_description: Everybody's turns as a calendar
version_added: 0.1.0
description:
  - Makes a calendar in iCalendar format (RFC 5545) for each person who is ever on call, from Monday of this week on.
  - An event keeps its identity for as long as the turn is the same, so that calendar programs update instead of doubling it.
  - A file with a gap, a double booking or anything else that is wrong is refused, with the place in the file, the value and the cure.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: now, days
options:
  _input:
    description: The on-call file as data, with C(people) and C(teams). The guide on on-call tells its form.
    type: dict
    required: true
  now:
    description: The moment to work from, in ISO 8601 with its zone. Empty is the controller's clock.
    type: str
    default: ""
  days:
    description: How many days the calendar holds.
    type: int
    default: 180
"""

EXAMPLES = r"""
- name: Show the calendar of alice
  ansible.builtin.debug:
    msg: "{{ (oncall | groundcrew.fleet.oncall_calendars('2026-03-01T00:00Z', 30)).alice }}"
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
  description: The text of each person's calendar by name.
  type: dict
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"oncall_calendars": oncall_filters.in_ansibles_way(oncall_filters.calendars)}
