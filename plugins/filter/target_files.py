# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: target_files
short_description: Prometheus target files from the inventory
version_added: 0.1.0
description:
  - Makes one file for each scrape job, in the form of Prometheus' C(file_sd_configs), as
    M(groundcrew.fleet.service_config) takes files.
  - Each host is a target with the label C(host). Its address is its variable C(monitoring_address), else
    C(ansible_host), else its name.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: groups, hostvars, directory
options:
  _input:
    description: The jobs; each has C(name), C(groups) (a list of inventory groups) and C(port).
    type: list
    elements: dict
    required: true
  groups:
    description: Ansible's C(groups).
    type: dict
    required: true
  hostvars:
    description: Ansible's C(hostvars).
    type: dict
    required: true
  directory:
    description: Where the files shall stand.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Ensure that Prometheus knows every host
  groundcrew.fleet.service_config:
    name: prometheus-targets
    files: "{{ jobs | groundcrew.fleet.target_files(groups, hostvars, '/etc/prometheus/targets') }}"
  vars:
    jobs:
      - name: node
        groups: [all]
        port: 9100
"""

RETURN = r"""
_value:
  description: The files, each with C(path) and C(content).
  type: list
  elements: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import target_files


def _filter(
    jobs: Sequence[Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    hostvars: Mapping[str, Mapping[str, Any]],
    directory: str,
) -> list[dict[str, str]]:
    try:
        return target_files.target_files(jobs, groups, hostvars, directory)
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"target_files": _filter}
