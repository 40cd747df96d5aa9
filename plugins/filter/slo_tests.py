# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: slo_tests
short_description: Tests of the alerts of SLOs, for promtool
version_added: 0.1.0
description:
  - Makes, for SLOs as P(groundcrew.fleet.slo_rules#filter) takes them, files for a directory in which C(promtool test rules *.test.yml) proves their alerts.
  - When everything fails, C(SloBudgetBurnsFast) fires in the time that the objective allows, within two minutes for 99.9 %, and with little traffic as soon as
    C(min_failures) have failed. A slow burn fires within 5 % of the time in which it spends its share of the budget, and not before 80 % of it.
  - Nothing fires while half of what may fail does, for a single failure in a quiet night, or while nobody asks for anything.
  - What the budget should be by then is what C(slo:error_budget_left:ratio) tells.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: default_owner
options:
  _input:
    description:
      - The SLOs. One with C(good) and C(total) has to have C(series), of which C(good) is the series, or list of series, that goes up at each good event, and
        C(failed) that of failed ones. In the tests these, and no others, are there.
    type: list
    elements: dict
    required: true
  default_owner:
    description: The owner of SLOs that have none. Without it, they are refused.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Show the tests of an SLO that has queries of its own
  ansible.builtin.debug:
    msg: "{{ slos | groundcrew.fleet.slo_tests }}"
  vars:
    slos:
      - name: mails-sent
        app: mailer
        owner: shop
        objective: 99.5
        good: rate(mailer_mails_total{result="sent"}[window])
        total: rate(mailer_mails_total[window])
        series:
          good: mailer_mails_total{result="sent"}
          failed: mailer_mails_total{result="refused"}
"""

RETURN = r"""
_value:
  description: Files, each with C(path), a name, and C(content). Four for each SLO, its rules and tests of minutes, hours and days.
  type: list
  elements: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.slo_tests import slo_tests


def _filter(slos: Sequence[Mapping[str, Any]], default_owner: str = "") -> list[dict[str, str]]:
    try:
        return slo_tests(slos, default_owner)
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"slo_tests": _filter}
