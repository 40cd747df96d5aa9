# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: file_tree
short_description: The files of a directory on the controller, as service_config takes them
version_added: 0.1.0
description:
  - Reads every file below a directory on the controller, so that M(groundcrew.fleet.service_config) can put them all
    onto a host in one transaction.
  - A path that is not absolute starts where the playbook lies.
  - Links are read as the files that they point to. C(.git) and C(__pycache__) are left out.
  - A file that its owner may execute gets mode V(0755), every other one V(0644).
author:
  - The groundcrew.fleet founders (@groundcrew)
options:
  _terms:
    description: The directory, given once.
    type: list
    elements: path
    required: true
  to:
    description: Where the files shall stand on the host.
    type: path
    required: true
seealso:
  - module: groundcrew.fleet.service_config
"""

EXAMPLES = r"""
- name: Ensure that the release is there
  groundcrew.fleet.service_config:
    name: shop
    files: "{{ query('groundcrew.fleet.file_tree', 'examples/shop/1.0.0', to='/opt/shop/releases/1.0.0') }}"
"""

RETURN = r"""
_list:
  description: One entry for each file, in order of its path.
  type: list
  elements: dict
  contains:
    path:
      description: Where the file shall stand.
      type: str
    content:
      description: The file's text.
      type: str
    mode:
      description: V(0755) or V(0644).
      type: str
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.file_tree import files_under


class LookupModule(LookupBase):
    """One directory in, its files out; a path that is not absolute starts where the playbook lies."""

    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[dict[str, str]]:
        self.set_options(var_options=variables, direct=kwargs)
        if len(terms) != 1:
            raise AnsibleError(f"file_tree takes one directory, not {len(terms)}")
        try:
            return files_under(self._loader.path_dwim(terms[0]), self.get_option("to"))
        except FleetError as error:
            raise AnsibleError(str(error)) from error
