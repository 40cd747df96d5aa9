# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: scale_changes
short_description: What a load balancer has too many, and what it is missing
version_added: 0.1.0
description:
  - Compares the backends of the inventory with those that HAProxy has. C(groundcrew.fleet.scale) changes what is found.
  - A backend that only one of both has is left to HAProxy's configuration.
author:
  - The groundcrew.fleet founders (@groundcrew)
options:
  _input:
    description: C(load_balancer_backends).
    type: list
    elements: dict
    required: true
  found:
    description: The backends in the result of M(groundcrew.fleet.lb_backend_info).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Tell that app2 is missing
  ansible.builtin.debug:
    msg: "{{ ([{'name': 'shop', 'hosts': ['app1', 'app2'], 'port': 80}] | groundcrew.fleet.scale_changes({'shop': {'servers': {'app1': {}}}})).new }}"
"""

RETURN = r"""
_value:
  description: V(gone), pairs of a backend and a server that is too many; and V(new), the hosts that are missing in a backend.
  type: dict
"""

from collections.abc import Iterable, Mapping
from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.scale_changes import compare


def scale_changes(wanted: Iterable[Mapping[str, Any]], found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return both lists as a dictionary."""
    return {name: list(one) for name, one in compare(wanted, found)._asdict().items()}


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"scale_changes": scale_changes}
