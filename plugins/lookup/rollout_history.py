# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rollout_history
short_description: The rollouts that this controller has driven in the last days
version_added: 0.1.0
description:
  - Reads the records that M(groundcrew.fleet.rollout) keeps on the controller.
author:
  - The groundcrew.fleet founders (@groundcrew)
options:
  _terms:
    description: How many days to look back, given once.
    type: list
    elements: float
    required: true
  state_dir:
    description: Where the controller keeps its records, as the playbooks' C(rollout_state_dir).
    type: str
    default: ""
seealso:
  - module: groundcrew.fleet.rollout
"""

EXAMPLES = r"""
- name: Tell how many rollouts there were in the last week
  ansible.builtin.debug:
    msg: "{{ lookup('groundcrew.fleet.rollout_history', 7).rollouts | length }}"
"""

RETURN = r"""
_raw:
  description:
    - One dict. Its C(rollouts) are what the JSON report of each run tells, oldest first, with C(began) and C(last) in seconds since 1970 and whether it
      has C(ended). Its C(unreadable) are a sentence for each record that is damaged.
  type: list
  elements: dict
"""

import os
import time
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_history, rollout_record


class LookupModule(LookupBase):
    """Days in, their rollouts out."""

    def run(self, terms: list[Any], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        if len(terms) != 1:
            raise AnsibleError(f"rollout_history takes one number of days, not {len(terms)}")
        root = rollout_record.state_directory(self.get_option("state_dir"), os.environ)
        return [rollout_history.history(root, time.time() - float(terms[0]) * 86400)]
