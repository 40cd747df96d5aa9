# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options in module_utils/release/evidence_module.py: PLACE_OPTIONS."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  artefacts:
    description: The directory with the artefact, its manifest and, beside them, C(NAME-VERSION.evidence).
    type: path
    required: true
  name:
    description: The name of the release.
    type: str
    required: true
  version:
    description: Its version.
    type: str
    required: true
  sha256:
    description: The digest that the artefact must have, where that is known from before.
    type: str
    default: ""
  signers:
    description:
      - Path of the file of allowed signers (C(ssh-keygen(1\))), each of whom may sign evidence. Without one no signature is looked at.
    type: path
"""
