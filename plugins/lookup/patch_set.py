# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: patch_set
short_description: A patch set from a file on the controller, verified
version_added: 0.1.0
description:
  - Reads a patch set that M(groundcrew.fleet.patch_set) has made, for the option C(patch_set) of
    M(groundcrew.fleet.package_updates).
  - One that was changed since it was made is refused, and with O(signers) one that none of them has signed.
author:
  - The groundcrew.fleet founders (@groundcrew)
options:
  _terms:
    description: The file's path, given once. One that is not absolute starts where the playbook lies.
    type: list
    elements: path
    required: true
  signers:
    description: Path of the allowed signers, in the form that C(ssh-keygen -Y verify) reads. Empty accepts an unsigned patch set.
    type: str
    default: ""
seealso:
  - module: groundcrew.fleet.patch_set
"""

EXAMPLES = r"""
- name: Ensure that the host has exactly what staging has proven
  groundcrew.fleet.package_updates:
    patch_set: "{{ lookup('groundcrew.fleet.patch_set', 'november.json') }}"
  become: true
"""

RETURN = r"""
_raw:
  description: The patch set.
  type: list
  elements: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import patch_set_file


class LookupModule(LookupBase):
    """One path in, its patch set out."""

    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        if len(terms) != 1:
            raise AnsibleError(f"patch_set takes one path, not {len(terms)}")
        signers = self.get_option("signers")
        try:
            return [
                patch_set_file.read(
                    self._loader.path_dwim(terms[0]), self._loader.path_dwim(signers) if signers else ""
                )
            ]
        except FleetError as error:
            raise AnsibleError(str(error)) from error
