# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.target_files import target_files

GROUPS = {"app": ["app1", "app2"], "staging": ["app2"]}
HOSTVARS: dict[str, dict[str, Any]] = {
    "app1": {"ansible_host": "10.0.0.1"},
    "app2": {"ansible_host": "10.0.0.2", "monitoring_address": "192.0.2.2"},
    "plain": {},
    "six": {"ansible_host": "2001:db8::6"},
}


def targets(*groups: str, among: dict[str, list[str]] | None = None) -> list[Any]:
    job = {"name": "node", "groups": list(groups), "port": 9100}
    (file,) = target_files([job], among or GROUPS, HOSTVARS, "/etc/prometheus/targets")
    found: list[Any] = json.loads(file["content"])
    return found


def test_each_job_is_a_file_of_its_name() -> None:
    jobs = [{"name": name, "groups": ["app"], "port": 1} for name in ("node", "shop")]
    assert [file["path"] for file in target_files(jobs, GROUPS, HOSTVARS, "/t")] == ["/t/node.json", "/t/shop.json"]


def test_a_host_is_a_target_under_its_inventory_name() -> None:
    assert targets("app")[0] == {"targets": ["10.0.0.1:9100"], "labels": {"host": "app1"}}


def test_the_file_is_the_same_in_whatever_order_ansible_gives_the_hosts_of_nested_groups() -> None:
    assert targets("all", among={"all": ["app1", "app2"]}) == targets("all", among={"all": ["app2", "app1"]})


def test_the_address_for_monitoring_goes_before_the_one_that_ansible_uses() -> None:
    assert targets("app")[1]["targets"] == ["192.0.2.2:9100"]


def test_a_host_of_two_groups_is_one_target() -> None:
    assert len(targets("app", "staging")) == 2


def test_a_host_without_any_address_is_reached_by_its_name() -> None:
    assert targets("lone", among={"lone": ["plain"]})[0]["targets"] == ["plain:9100"]


def test_an_address_of_ip_version_6_gets_its_brackets() -> None:
    assert targets("lone", among={"lone": ["six"]})[0]["targets"] == ["[2001:db8::6]:9100"]


def test_a_group_that_the_inventory_lacks_has_no_targets() -> None:
    assert targets("nobody") == []


@pytest.mark.parametrize("missing", ["name", "groups", "port"])
def test_a_job_that_lacks_something_is_refused_with_what_it_lacks(missing: str) -> None:
    job = {key: value for key, value in {"name": "node", "groups": ["app"], "port": 1}.items() if key != missing}
    with pytest.raises(BadInput, match=f"lacks {missing}"):
        target_files([job], GROUPS, HOSTVARS, "/t")
