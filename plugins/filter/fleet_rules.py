# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_rules
short_description: The alerts of every fleet as rules of Prometheus
version_added: 0.1.0
description:
  - Returns rule groups for hosts, load balancers, probes, the upkeep that this collection does, and monitoring itself, with forecasts of full disks, leaking
    memory and certificates that end. C(docs/runbooks) has a page for each alert.
  - Each alert has the labels C(severity), which is C(page), C(ticket) or C(info), and C(owner), and the annotations C(summary), C(runbook_url) and
    C(dashboard).
  - An alert's owner is the label C(owner) of its series, and O(default_owner) where there is none. Alerts of a backend of HAProxy belong to its owner in
    O(backend_owners) if it has one there.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: default_owner, runbooks_url, monitoring_url
options:
  _input:
    description:
      - Thresholds other than these.
      - C(host_down_s=60), C(probe_fails_s=60), C(disk_ignored_fstypes=tmpfs|ramfs|squashfs|overlay), C(disk_free_percent=10), C(disk_full_within_hours=4),
        C(disk_full_within_days=3), C(inodes_free_percent=10), C(memory_free_percent=5), C(memory_full_within_hours=24), C(requests_failing_percent=1),
        C(requests_failing_least=10), C(sessions_percent=80), C(certificate_ticket_days=21), C(certificate_page_days=3), C(patch_age_days=30),
        C(reboot_pending_days=7), C(backup_age_hours=26), C(drift_hours=24), C(unfinished_minutes=60), C(heals_an_hour=3), C(metrics_stale_hours=26),
        C(oncall_covered_days=14).
    type: dict
    required: true
  default_owner:
    description: The owner of what has none.
    type: str
    default: ops
  runbooks_url:
    description: Where the runbooks are, a page named after each alert.
    type: str
    default: https://github.com/groundcrew/fleet/blob/main/docs/runbooks
  monitoring_url:
    description: Prometheus as people reach it, for links to its pages. Without it they are links on the same server.
    type: str
    default: ""
  backend_owners:
    description: The owners of backends of HAProxy, by the backend's name.
    type: dict
    default: {}
  changes:
    description: What is different of an alert, by its name. C(severity), C(for), a time such as C(30s), and C(enabled).
    type: dict
    default: {}
seealso:
  - plugin: groundcrew.fleet.slo_rules
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the rules of a fleet whose disks may be fuller, and whose instances page at once
  ansible.builtin.debug:
    msg: "{{ {'disk_free_percent': 5} | groundcrew.fleet.fleet_rules(changes={'InstanceDown': {'severity': 'page', 'for': '0s'}}) | to_nice_yaml }}"
"""

RETURN = r"""
_value:
  description: C(groups), as a file of rules has them.
  type: dict
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.fleet_rules import fleet_rules


def _filter(thresholds: Mapping[str, Any], *texts: Any, **options: Any) -> dict[str, Any]:
    try:
        return fleet_rules(thresholds, *texts, **options)
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"fleet_rules": _filter}
