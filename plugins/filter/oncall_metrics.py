# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: oncall_metrics
short_description: How far on-call is worked out, as metrics for node exporter
version_added: 0.1.0
description:
  - Tells until when Alertmanager knows who is on call, as text that the textfile collector of node exporter reads.
  - An alert on it asks for the next run in time.
  - A file with a gap, a double booking or anything else that is wrong is refused, with the place in the file, the value and the cure.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: now, horizon_days
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
"""

EXAMPLES = r"""
- name: Tell until when turns are worked out
  ansible.builtin.debug:
    msg: "{{ oncall | groundcrew.fleet.oncall_metrics('2026-03-01T00:00Z') }}"
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
  description: A gauge for each team with its help, in the text format of Prometheus.
  type: str
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"oncall_metrics": oncall_filters.in_ansibles_way(oncall_filters.metrics)}
