# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.filter.watched import FilterModule


def test_the_filter_returns_a_file_for_each_job() -> None:
    watched = FilterModule().filters()["watched"]
    found = watched([{"name": "db", "groups": ["app"], "port": 9187}], {"app": ["app1"]}, {"app1": {}}, owner="ops")
    assert "app1:9187" in found["db"]
    assert "ops" in found["db"]


def test_a_job_that_cannot_be_right_fails_in_ansibles_way() -> None:
    with pytest.raises(AnsibleFilterError, match="lacks name"):
        FilterModule().filters()["watched"]([{"groups": ["app"], "port": 1}], {}, {})
