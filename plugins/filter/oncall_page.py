# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: oncall_page
short_description: Who is on call now and next
version_added: 0.1.0
description:
  - Tells it for each layer of each team, as data for a page or a message, with times in UTC and on the clock of who is on.
  - A file with a gap, a double booking or anything else that is wrong is refused, with the place in the file, the value and the cure.
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
- name: Tell who is on call
  ansible.builtin.debug:
    msg: "{{ oncall | groundcrew.fleet.oncall_page('2026-03-01T00:00Z') }}"
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
    V(at), and V(teams), each with C(name) and C(layers). A layer has C(layer), its number, C(now) and C(next). These have C(person), C(from), C(to),
    C(from_local), C(to_local), C(time_zone) and C(why). C(next) is null in a layer of one person.
  type: dict
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"oncall_page": oncall_filters.in_ansibles_way(oncall_filters.page)}
