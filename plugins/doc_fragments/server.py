# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options in module_utils/_http.py: ACCESS."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url_username:
    description: User for basic authentication.
    type: str
  url_password:
    description: Password for basic authentication.
    type: str
  ca_path:
    description: A file on the host that the task runs on, with the authorities that may have signed the certificate. Without it, the system's.
    type: path
  validate_certs:
    description: Whether the certificate of an https URL must be valid.
    type: bool
    default: true
  timeout_s:
    description: Seconds that one request may take.
    type: float
    default: 10
"""
