# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: patch_report
short_description: How patches stand on many hosts as one
version_added: 0.1.0
description:
  - Sorts the results of M(groundcrew.fleet.package_updates_info) of many hosts, unknown and overdue hosts first, and tells what they have in common.
  - The playbook C(groundcrew.fleet.patch_report) makes its page of it.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: asked, when, max_age_days
options:
  _input:
    description: The results by host, those of hosts that failed or could not be reached included.
    type: dict
    required: true
  asked:
    description: All hosts that were asked; who has no result is unknown.
    type: list
    elements: str
    required: true
  when:
    description: When they were read, in UTC and ISO 8601.
    type: str
    required: true
  max_age_days:
    description: Days that a security update may wait, and that a host may stay up with a reboot due, before it is no longer compliant.
    type: float
    default: 30
"""

EXAMPLES = r"""
- name: Tell how many hosts are not known to be well
  ansible.builtin.debug:
    msg: "{{ ({} | groundcrew.fleet.patch_report(['web1'], '2026-03-01T00:00:00Z')).fleet.unknown }}"
"""

RETURN = r"""
_value:
  description:
    - V(fleet) with the head figures, V(rule) that they go by, V(hosts) with all that each told, the worst first, V(cves) by urgency and number of
      hosts, V(held) packages and units V(left) on replaced code with their reasons and hosts, and V(runs) of the ledgers, the newest first.
  type: dict
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.patch_report import patch_report


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"patch_report": patch_report}
