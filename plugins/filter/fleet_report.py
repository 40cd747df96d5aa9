# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_report
short_description: The days of a fleet in one report
version_added: 0.1.0
description:
  - Makes the report of some days of the ledgers of many hosts and of what Prometheus, Alertmanager and the controller's records tell.
  - The playbook C(groundcrew.fleet.report) makes its page of it.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: asked, when, days, told
options:
  _input:
    description: The results of M(groundcrew.fleet.ledger_info) by host, those of hosts that failed or could not be reached included.
    type: dict
    required: true
  asked:
    description: All hosts that were asked.
    type: list
    elements: str
    required: true
  when:
    description: When they were read, in UTC and ISO 8601.
    type: str
    required: true
  days:
    description: How many days before that are told of.
    type: float
    default: 7
  told:
    description: What else is known. What is left out, or null, is told as not known.
    type: dict
    default: {}
    suboptions:
      history:
        description: What the lookup P(groundcrew.fleet.rollout_history#lookup) returns.
        type: dict
      answers:
        description:
          - The answers of M(groundcrew.fleet.promql_info) to queries named C(alerts) (C(ALERTS) counted over each step), C(budgets), C(budgets_before),
            C(objectives) and C(patches).
        type: dict
      alerts_step_s:
        description: Seconds between two samples of C(alerts).
        type: float
        default: 60
      silences:
        description: What Alertmanager's C(/api/v2/silences) tells.
        type: list
        elements: dict
      timezone:
        description: Whose night counts where no shift tells a person's.
        type: str
        default: UTC
      shifts:
        description:
          - Who was on call, each with C(owner), C(person), C(start) and C(end) in RFC 3339, and the person's C(timezone). An empty C(owner) has what
            no other one has.
        type: list
        elements: dict
        default: []
      oncall:
        description: The on-call file as data, from which C(shifts) are worked out where there are none.
        type: dict
"""

EXAMPLES = r"""
- name: Tell what is not known of a fleet that nobody has asked
  ansible.builtin.debug:
    msg: "{{ ({} | groundcrew.fleet.fleet_report(['web1'], '2026-03-01T00:00:00Z')).unknown }}"
"""

RETURN = r"""
_value:
  description:
    - V(dora) with the four figures and V(deployments) that they rest on, V(rollouts), V(budgets) of errors, V(pages) by owner and person, V(silences),
      V(heals), V(reboots), V(patches), hosts that are V(unread) or whose ledger is V(broken), and V(unknown), a sentence for each thing that is not known.
  type: dict
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.fleet_report import fleet_report


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"fleet_report": fleet_report}
