# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: reboot_decision
short_description: Whether a host has to be rebooted, and why
version_added: 0.1.0
description:
  - Judges what M(groundcrew.fleet.memory_info) and C(groundcrew.fleet.package_updates_info) have found.
  - The role C(groundcrew.fleet.rebooting) decides by it.
author:
  - The groundcrew.fleet founders (@groundcrew)
options:
  _input:
    description: The result of M(groundcrew.fleet.memory_info), V({}) where it was not asked.
    type: dict
    required: true
  updates:
    description: The result of C(groundcrew.fleet.package_updates_info), V({}) where it was not asked.
    type: dict
    default: {}
  mode:
    description: V(always) and V(never) ask for no reason; V(if_needed) looks for one.
    type: str
    choices: [always, if_needed, never]
    default: if_needed
  why:
    description: What the reason begins with.
    type: str
    default: ""
  max_uptime_days:
    description: A host that has been up for so many days is rebooted; V(0) is no limit.
    type: float
    default: 0
"""

EXAMPLES = r"""
- name: Tell whether a host that has been up for 41 days has to be rebooted
  ansible.builtin.debug:
    msg: "{{ ({'uptime': {'days': 41}} | groundcrew.fleet.reboot_decision(max_uptime_days=40)).why }}"
"""

RETURN = r"""
_value:
  description: >-
    V(due), null where what was asked for could not be read and nothing else speaks for a reboot; V(why), a sentence;
    and V(state), which M(groundcrew.fleet.reboot) is to bring about.
  type: dict
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.reboot.decide import Wish, decide


def reboot_decision(
    found: Mapping[str, Any],
    updates: Mapping[str, Any] | None = None,
    mode: str = "if_needed",
    why: str = "",
    max_uptime_days: float = 0,
) -> dict[str, Any]:
    """Return the decision as a dictionary; raise AnsibleFilterError for a mode that there is not."""
    try:
        return decide(Wish(mode, why, float(max_uptime_days)), found, updates or {})._asdict()
    except BadInput as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"reboot_decision": reboot_decision}
