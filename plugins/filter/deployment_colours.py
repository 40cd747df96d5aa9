# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: deployment_colours
short_description: Which colour of a host gets the requests, and which one is next
version_added: 0.1.0
description:
  - Judges what is known of the two instances of an app on a host, each of a colour.
  - The role C(groundcrew.fleet.deployment) decides by it where its strategy is V(blue_green).
author:
  - The groundcrew.fleet founders (@groundcrew)
options:
  _input:
    description: The version of each of the two colours, empty for one that has none.
    type: dict
    required: true
  running:
    description: The colours whose unit is up.
    type: list
    elements: str
    required: true
  servers:
    description: The servers of the host, each C(HOST-COLOUR), that not every load balancer keeps in maintenance.
    type: list
    elements: str
    required: true
  version:
    description: The version that is wanted.
    type: str
    required: true
  change_version:
    description: Whether a host that runs another version is to have this one.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Tell where version 2.0.0 is to go
  ansible.builtin.debug:
    msg: "{{ ({'blue': '1.0.0', 'green': ''} | groundcrew.fleet.deployment_colours(['blue'], [], '2.0.0')).next }}"
"""

RETURN = r"""
_value:
  description: >-
    V(live), the colour that gets the requests, empty where none does; V(other), the other one; V(next), the one to deploy to; and V(settled), false
    where the other one might get requests too.
  type: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.colours import choose


def deployment_colours(
    versions: Mapping[str, str],
    running: Sequence[str],
    servers: Sequence[str],
    version: str,
    change_version: bool = True,  # noqa: FBT001, FBT002 - a filter's arguments may come by place
) -> dict[str, Any]:
    """Return the roles of the colours as a dictionary."""
    return choose(versions, running, servers, version, change_version=change_version)._asdict()


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"deployment_colours": deployment_colours}
