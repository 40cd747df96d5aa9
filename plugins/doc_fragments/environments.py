# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the option in module_utils/release/environments.py: ENVIRONMENTS_OPTIONS."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  environments:
    description:
      - The environments of the app, the first one first. The same list serves M(groundcrew.fleet.version_info),
        M(groundcrew.fleet.release_evidence_info) and the playbook C(groundcrew.fleet.promote), each of which reads what it needs.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Its name, small letters, digits, dashes and underscores.
        type: str
        required: true
      branch:
        description: The branch that it gets its revisions from, a shell pattern.
        type: str
      tag:
        description: The tags that it gets its revisions from, a shell pattern.
        type: str
      target:
        description: Its hosts, a pattern of the inventory. For the playbook C(groundcrew.fleet.promote).
        type: str
      after:
        description: The environment in which a release must stand before it may come here. Without one it may come straight away.
        type: str
      tests:
        description: Suites of tests that must have passed in O(environments[].after), or here where there is none.
        type: list
        elements: str
        default: []
      soak_s:
        description: Seconds for which the release must have been deployed in O(environments[].after).
        type: float
        default: 0
      gate:
        description: Whether the gate of its rollout in O(environments[].after) must have held.
        type: bool
        default: false
      approvals:
        description: How many people must have approved that it comes here. Each signs a record.
        type: int
        default: 0
      approvers:
        description: Who may approve, as the allowed signers name them. Without any, whoever is among these.
        type: list
        elements: str
        default: []
      own_approval:
        description: Whether an author of the release may approve it.
        type: bool
        default: false
"""
