# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus scrapes, from the inventory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

# Where a host is reached by other hosts; Ansible's own way to it may lead through a bastion or a tunnel.
ADDRESS = "monitoring_address"


def target_files(
    jobs: Sequence[Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    hostvars: Mapping[str, Mapping[str, Any]],
    directory: str,
) -> list[dict[str, str]]:
    """Return one file for each job, named after it, for Prometheus' file_sd: the hosts of the job's groups at its port.

    A group that the inventory lacks has no hosts. Raise BadInput naming the job that lacks its name, groups or port.
    """
    return [_file(job, groups, hostvars, directory) for job in jobs]


def _file(
    job: Mapping[str, Any],
    groups: Mapping[str, Sequence[str]],
    hostvars: Mapping[str, Mapping[str, Any]],
    directory: str,
) -> dict[str, str]:
    missing = [key for key in ("name", "groups", "port") if not job.get(key)]
    if missing:
        raise BadInput(f"monitoring job {dict(job)!r} lacks {', '.join(missing)}")
    # A host of two groups is one target. Ansible gives the hosts of nested groups in another order from run to run.
    hosts = sorted({str(host) for group in job["groups"] for host in groups.get(group, ())})
    targets = [{"targets": [f"{_address(host, hostvars)}:{job['port']}"], "labels": {"host": host}} for host in hosts]
    return {"path": f"{directory}/{job['name']}.json", "content": json.dumps(targets, indent=2) + "\n"}


def _address(host: str, hostvars: Mapping[str, Mapping[str, Any]]) -> str:
    known = hostvars[host]
    address = str(known.get(ADDRESS) or known.get("ansible_host") or host)
    return f"[{address}]" if ":" in address else address
