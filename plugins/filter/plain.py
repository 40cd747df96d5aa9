# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: plain
short_description: A value with every text in it decrypted
version_added: 0.1.0
description:
  - A text that is vaulted in place, by C(!vault), is written to YAML as its ciphertext, and before ansible-core 2.19 to JSON too. This filter gives
    the value with such texts decrypted, however deep they lie.
author:
  - The groundcrew.fleet founders (@groundcrew)
options:
  _input:
    description: Any value.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Tell receivers as a file of Alertmanager has them
  ansible.builtin.debug:
    msg: "{{ [{'name': 'team', 'webhook_configs': [{'url': url}]}] | groundcrew.fleet.plain | to_nice_yaml }}"
  vars:
    url: https://chat.example.com/hooks/fleet
"""

RETURN = r"""
_value:
  description: The value. It holds secrets, so keep it out of logs.
  type: raw
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_contact import plain


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"plain": plain}
