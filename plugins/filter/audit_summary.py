# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: audit_summary
short_description: The audits of many hosts as one
version_added: 0.1.0
description:
  - Sorts the results of M(groundcrew.fleet.hardening_info) of many hosts, the worst hosts and the rules that most of them break first.
  - The playbook C(groundcrew.fleet.audit) makes its page of it.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: asked
options:
  _input:
    description: The results by host.
    type: dict
    required: true
  asked:
    description: All hosts that were asked; who has no result could not be read.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Tell the worst host
  ansible.builtin.debug:
    msg: "{{ ({'web1': {'score': 61, 'rules': []}} | groundcrew.fleet.audit_summary(['web1', 'web2'])).hosts[0].name }}"
"""

RETURN = r"""
_value:
  description: V(hosts) by score, V(rules) that are broken by weight and number of hosts, and V(unread) hosts.
  type: dict
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.audit_summary import audit_summary


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"audit_summary": audit_summary}
