# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.filter.host_entries import FilterModule

GROUPS = {"app": ["app1"]}


def test_the_filter_returns_entries_as_host_settings_takes_them() -> None:
    host_entries = FilterModule().filters()["host_entries"]
    assert host_entries(["app"], GROUPS, {"app1": {"ansible_host": "192.0.2.1"}}) == [
        {"address": "192.0.2.1", "names": ["app1"]}
    ]


def test_a_host_without_an_address_fails_in_ansibles_way() -> None:
    with pytest.raises(AnsibleFilterError, match="give it provisioning_address"):
        FilterModule().filters()["host_entries"](["app"], GROUPS, {"app1": {}})
