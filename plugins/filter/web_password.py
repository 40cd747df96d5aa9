# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: web_password
short_description: The hash of a password for the web configuration of Prometheus and its exporters
version_added: 0.1.0
description:
  - Hashes with bcrypt, and gives the same hash for the same password and name each time, so that a second run changes nothing.
author:
  - The groundcrew.fleet founders (@groundcrew)
requirements:
  - bcrypt on the controller
positional: name, rounds
options:
  _input:
    description: The password, of at most 72 bytes, without a blank or a newline at its ends.
    type: str
    required: true
  name:
    description: Where it is for, such as a host. Another name gives another hash.
    type: str
    required: true
  rounds:
    description: The cost as a power of two, from 4 to 31. 4 is for a look at whether the password can be hashed at all.
    type: int
    default: 10
"""

EXAMPLES = r"""
- name: Tell whether a hash is one of bcrypt
  ansible.builtin.debug:
    msg: "{{ 'correct horse' | groundcrew.fleet.web_password('app1') is match('[$]2b[$]10[$]') }}"
"""

RETURN = r"""
_value:
  description: The hash.
  type: str
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.web_password import web_password


def _filter(password: str, *given: Any, **options: Any) -> str:
    try:
        return web_password(password, *given, **options)
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"web_password": _filter}
