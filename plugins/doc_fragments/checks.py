# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options in module_utils/_checks.py: CHECK_OPTIONS; `service_files` has them below `verify`."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  within_s:
    description:
      - Seconds within which all checks must pass. Ends early when waiting cannot help, as for a unit that has failed.
      - With V(0) the checks are made once.
    type: float
    default: 30
  stable:
    description: How many times in a row, half a second apart, all checks must pass.
    type: int
    default: 1
  units:
    description: Units that must be active. One that is restarted meanwhile begins to count anew.
    type: list
    elements: str
    default: []
  tcp:
    description: Ports that must accept a connection from the host itself.
    type: list
    elements: dict
    default: []
    suboptions:
      port:
        description: The port.
        type: int
        required: true
      host:
        description: Where it listens.
        type: str
        default: 127.0.0.1
  http:
    description: Requests that the host makes itself, without a proxy. Redirects are answers; they are never followed.
    type: list
    elements: dict
    default: []
    suboptions:
      url:
        description: The whole URL.
        type: str
        required: true
      status:
        description: The answers that are right.
        type: list
        elements: int
        default: [200]
      contains:
        description: Text that the first MiB of the body must have.
        type: str
        default: ""
      headers:
        description: Headers to send.
        type: dict
        default: {}
      sensitive_headers:
        description: Headers with a secret, such as C(Authorization); these are kept out of every log.
        type: dict
        default: {}
      timeout_s:
        description: Seconds that one request may take.
        type: float
        default: 5
      validate_certs:
        description: Whether the certificate of an https URL must be valid for its name.
        type: bool
        default: true
  commands:
    description: Commands, each a list of words, that must end with 0. No shell reads them.
    type: list
    elements: list
    default: []
"""
