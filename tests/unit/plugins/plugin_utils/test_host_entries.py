# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.host_entries import host_entries

GROUPS = {"app": ["app2", "app1"], "staging": ["app2"], "lost": ["lost"], "six": ["six.example.com"]}
HOSTVARS: dict[str, dict[str, Any]] = {
    "app1": {"ansible_host": "192.0.2.1"},
    "app2": {"ansible_host": "bastion", "provisioning_address": "192.0.2.2"},
    "six.example.com": {"ansible_host": "2001:DB8::6"},
    "lost": {"ansible_host": "lost.example.com"},
}


def test_each_host_of_the_groups_is_one_entry_in_the_order_of_names() -> None:
    assert host_entries(["staging", "app"], GROUPS, HOSTVARS) == [
        {"address": "192.0.2.1", "names": ["app1"]},
        {"address": "192.0.2.2", "names": ["app2"]},
    ]


def test_a_full_name_comes_with_its_first_part() -> None:
    assert host_entries(["six"], GROUPS, HOSTVARS) == [
        {"address": "2001:db8::6", "names": ["six.example.com", "six"]},
    ]


def test_a_host_that_is_named_by_its_address_needs_no_entry() -> None:
    assert host_entries(["bare"], {"bare": ["192.0.2.9", "2001:db8::9"]}, {}) == []


def test_no_groups_are_no_entries() -> None:
    assert host_entries([], GROUPS, HOSTVARS) == []


REFUSED = [
    (["app", "web"], "the inventory has no group web: mend provisioning_hosts_groups"),
    (["lost"], "host lost is at 'lost.example.com', which is no IP address: give it provisioning_address"),
]


@pytest.mark.parametrize("names,why", REFUSED)
def test_what_cannot_be_an_entry_is_refused(names: list[str], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        host_entries(names, GROUPS, HOSTVARS)
