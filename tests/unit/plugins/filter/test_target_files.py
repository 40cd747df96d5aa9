# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.filter.target_files import FilterModule


def test_the_filter_returns_files_as_service_config_takes_them() -> None:
    target_files = FilterModule().filters()["target_files"]
    jobs = [{"name": "node", "groups": ["app"], "port": 9100}]
    (file,) = target_files(jobs, {"app": ["app1"]}, {"app1": {}}, "/etc/prometheus/targets")
    assert file["path"] == "/etc/prometheus/targets/node.json"
    assert "app1:9100" in file["content"]


def test_a_job_that_cannot_be_right_fails_in_ansibles_way() -> None:
    with pytest.raises(AnsibleFilterError, match="lacks name"):
        FilterModule().filters()["target_files"]([{"groups": ["app"], "port": 1}], {}, {}, "/t")
