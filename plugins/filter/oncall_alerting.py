# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: oncall_alerting
short_description: Alertmanager's configuration from an on-call file
version_added: 0.1.0
description:
  - Turns people into receivers, teams into routes by the label C(owner), and turns into time intervals in UTC, exact over changes of the clock.
  - Alerts with C(severity=page) go to who is on call in the first layer, those with C(escalation=1) to the second, and so on.
  - C(ticket) and C(info) go to the team's C(tickets). Any other severity pages.
  - Alerts that no team owns go to the default team. C(Watchdog) goes to the receiver V(watchdog) where there is one, else to nobody.
  - Outside the time that is worked out, everybody of the team is paged. All days of a week give the same result.
  - Where anybody is told by mail, O(extra) has to name the server and the sender, by C(smtp_smarthost) and C(smtp_from) in C(global).
  - A file with a gap, a double booking or anything else that is wrong is refused, with the place in the file, the value and the cure.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: now, horizon_days, receivers, route, extra
options:
  _input:
    description: The on-call file as data, with C(people) and C(teams). The guide on on-call tells its form.
    type: dict
    required: true
  now:
    description: The moment to work from, in ISO 8601 with its zone. Empty is the controller's clock.
    type: str
    default: ""
  horizon_days:
    description: For how many days at least turns are worked out, from V(21) to V(400).
    type: int
    default: 60
  receivers:
    description: Receivers as Alertmanager has them, passed through. V(watchdog) is the one for a dead man's switch.
    type: list
    elements: dict
    default: []
  route:
    description:
      - C(group_by), C(group_wait), C(group_interval) and C(repeat_interval) of the top route.
      - C(receiver), one of O(receivers) for what no team owns, and C(routes) that come before those of the teams.
      - Neither is told of an alert with the label C(escalation), the copy of one that they were told of, unless a route names that label.
    type: dict
    default: {}
  extra:
    description: C(global), C(templates), C(inhibit_rules) and C(time_intervals) as Alertmanager has them.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Tell the routes of the shop's team
  ansible.builtin.debug:
    msg: "{{ (oncall | groundcrew.fleet.oncall_alerting('2026-03-01T00:00Z', extra={'global': mail})).route }}"
  vars:
    mail: {smtp_smarthost: "mail.example.com:587", smtp_from: fleet@example.com}
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
  description: The whole configuration. It holds the contacts, so keep it out of logs.
  type: dict
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"oncall_alerting": oncall_filters.in_ansibles_way(oncall_filters.alerting)}
