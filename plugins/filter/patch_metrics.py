# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: patch_metrics
short_description: How a host stands to its patches, as metrics for node exporter
version_added: 0.1.0
description:
  - Turns a result of M(groundcrew.fleet.package_updates_info) into the text that the textfile collector of node exporter reads.
  - What is not known of a host is absent, and C(groundcrew_patch_unknown) is 1.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: when, max_age_days
options:
  _input:
    description: The result, which may be that of a host that failed.
    type: dict
    required: true
  when:
    description: When the host was read, in UTC and ISO 8601.
    type: str
    required: true
  max_age_days:
    description: Days that a security update may wait, and that a host may stay up with a reboot due, before it is no longer compliant.
    type: float
    default: 30
"""

EXAMPLES = r"""
- name: Tell what is known of a host that could not be read
  ansible.builtin.debug:
    msg: "{{ {'failed': true} | groundcrew.fleet.patch_metrics('2026-03-01T00:00:00Z') }}"
"""

RETURN = r"""
_value:
  description: Gauges with their help, in the text format of Prometheus.
  type: str
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.patch_metrics import patch_metrics


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"patch_metrics": patch_metrics}
