# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: slo_rules
short_description: SLOs as recording rules and alerts of Prometheus
version_added: 0.1.0
description:
  - Returns rule groups for a list of SLOs, two for each. They record requests, failures and the ratio of failures over 5 and 30 minutes, 1, 2 and 6 hours,
    1 and 3 days as C(slo:requests:rate5m), C(slo:failures:rate5m), C(slo:errors:ratio_rate5m) and so on, and besides C(slo:objective:ratio),
    C(slo:burn_rate:1h) and C(slo:error_budget_left:ratio), all with the labels C(slo), C(app) and C(owner).
  - C(SloBudgetBurnsFast), of severity C(page), fires when 2 % of the error budget are spent in 1 hour or 5 % in 6 hours, C(SloBudgetBurnsSlowly), of severity
    C(ticket), when 10 % are spent in 1 or 3 days. A shorter window beside each (5 and 30 minutes, 2 and 6 hours) ends the alert soon after the trouble. For 30
    days these are burn rates of 14.4, 6, 3 and 1. For other windows the burn rate is share x window / time, and never less than 1.
  - Where an objective is so low that such a burn would be more than all requests, nine tenths of what was promised have to fail.
  - No alert fires for fewer failed events than C(min_failures) in its longer window, so that one failure in a quiet night pages nobody and an outage
    does as soon as so many have met it. That nobody asks for anything is no failure; probes from outside tell of it.
  - C(SloUnmeasured) tells of an SLO whose query of all events has had no answer for an hour.
  - The budget that is left can be told for as long as Prometheus keeps samples. An SLO of more days than O(kept_days) is refused.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: runbooks_url, monitoring_url
options:
  _input:
    description:
      - The SLOs, each a dictionary.
      - C(app) and C(owner) are names, C(objective) is percent, such as 99.9, and C(window_days), from 7 to 90, is 30 if not given.
      - C(backend) is the name of a backend of HAProxy. Its answers count over all load balancers, those of HAProxy itself included; 5xx have failed,
        and clients that left before an answer do not count. There is no objective for latency, since HAProxy's metrics have averages only.
      - C(good) and C(total) take its place, PromQL that gives events a second, with C([window]) for the range, and then C(name) is required.
      - C(min_failures) is 10 if not given.
      - C(series), with C(good) and C(failed), is what P(groundcrew.fleet.slo_tests#filter) needs beside C(good) and C(total).
    type: list
    elements: dict
    required: true
  runbooks_url:
    description: Where the runbooks are, a page named after each alert.
    type: str
    default: https://github.com/groundcrew/fleet/blob/main/docs/runbooks
  monitoring_url:
    description: Prometheus as people reach it, for links to its pages. Without it they are links on the same server.
    type: str
    default: ""
  default_owner:
    description: The owner of SLOs that have none. Without it, they are refused.
    type: str
    default: ""
  interval_s:
    description: Seconds between two evaluations of what looks at up to 6 hours.
    type: int
    default: 30
  long_interval_s:
    description: Seconds between two evaluations of what looks at days.
    type: int
    default: 120
  kept_days:
    description: For how many days Prometheus keeps samples.
    type: int
    default: 90
seealso:
  - plugin: groundcrew.fleet.slo_tests
    plugin_type: filter
  - plugin: groundcrew.fleet.fleet_rules
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the rules of an SLO for HTTP behind the load balancers
  ansible.builtin.debug:
    msg: "{{ [{'app': 'shop', 'owner': 'shop', 'objective': 99.9, 'backend': 'shop'}] | groundcrew.fleet.slo_rules | to_nice_yaml }}"

- name: Show the rules of an SLO that has queries of its own
  ansible.builtin.debug:
    msg: "{{ slos | groundcrew.fleet.slo_rules(monitoring_url='https://mon1.example.com') | to_nice_yaml }}"
  vars:
    slos:
      - name: mails-sent
        app: mailer
        owner: shop
        objective: 99.5
        window_days: 7
        good: rate(mailer_mails_total{result="sent"}[window])
        total: rate(mailer_mails_total[window])
"""

RETURN = r"""
_value:
  description: C(groups), as a file of rules has them.
  type: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.slo_rules import slo_rules


def _filter(slos: Sequence[Mapping[str, Any]], *urls: str, **options: Any) -> dict[str, Any]:
    try:
        return slo_rules(slos, *urls, **options)
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"slo_rules": _filter}
