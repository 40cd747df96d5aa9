# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.watched import OWN_JOBS, Settings, watched

SHOP = {
    "load_balancer_stats_address": "*",
    "load_balancer_frontends": [
        {"name": "plain", "port": 80, "redirect_to_https": True},
        {"name": "shop", "port": 443, "backend": "shop", "certificates": ["shop"]},
    ],
    "load_balancer_backends": [{"name": "shop", "hosts": ["app1", "app2"], "port": 8000, "health_path": "/up"}],
}
GROUPS = {
    "all": ["lb1", "app1", "app2", "mon1"],
    "load_balancer": ["lb1"],
    "app": ["app1", "app2"],
    "monitoring": ["mon1"],
}
HOSTVARS: dict[str, dict[str, Any]] = {
    "lb1": {"ansible_host": "10.0.0.9", **SHOP},
    "app1": {"ansible_host": "10.0.0.1", "deployment_app": "shop", "deployment_metrics_path": "/metrics"},
    "app2": {"ansible_host": "10.0.0.2", "monitoring_address": "192.0.2.2", "monitoring_owner": "shop"},
    "mon1": {"ansible_host": "10.0.0.5"},
}


def found(
    job: str,
    groups: dict[str, list[str]] | None = None,
    hostvars: dict[str, dict[str, Any]] | None = None,
    **settings: Any,
) -> dict[str, dict[str, str]]:
    """The labels of each target of the job, by its address."""
    content = watched([], groups or GROUPS, hostvars or HOSTVARS, Settings(**settings))[job]
    return {target: one["labels"] for one in json.loads(content) for target in one["targets"]}


def changed(host: str, **variables: Any) -> dict[str, dict[str, Any]]:
    return {**HOSTVARS, host: {**HOSTVARS[host], **variables}}


def test_every_host_is_watched_under_its_name_and_its_owners() -> None:
    assert found("node", owner="ops") == {
        "10.0.0.1:9100": {"host": "app1", "owner": "ops"},
        "192.0.2.2:9100": {"host": "app2", "owner": "shop"},
        "10.0.0.5:9100": {"host": "mon1", "owner": "ops"},
        "10.0.0.9:9100": {"host": "lb1", "owner": "ops"},
    }


@pytest.mark.parametrize(
    "variables, targets",
    [
        ({}, ["10.0.0.1:9256"]),
        ({"monitoring_process_exporter_listen": "0.0.0.0:9999"}, ["10.0.0.1:9999"]),
        ({"monitoring_process_exporter_listen": "127.0.0.1:9256"}, []),
        ({"monitoring_process_exporter_listen": "[::1]:9256"}, []),
        ({"monitoring_process_exporter_enabled": False}, []),
        ({"monitoring_process_exporter_enabled": "no"}, []),
    ],
)
def test_an_exporter_is_asked_where_it_listens_for_others(variables: dict[str, Any], targets: list[str]) -> None:
    assert list(found("process", {"all": ["app1"]}, changed("app1", **variables))) == targets


@pytest.mark.parametrize(
    "host, address",
    [({}, "plain"), ({"ansible_host": "2001:db8::6"}, "[2001:db8::6]"), ({"ansible_host": "10.0.0.7"}, "10.0.0.7")],
)
def test_a_host_is_reached_by_its_address_or_its_name(host: dict[str, Any], address: str) -> None:
    assert list(found("node", {"all": ["plain"]}, {"plain": host})) == [f"{address}:9100"]


def test_a_load_balancer_is_asked_for_its_metrics_if_it_shows_them_to_others() -> None:
    assert list(found("haproxy")) == ["10.0.0.9:8404"]
    assert found("haproxy", hostvars=changed("lb1", load_balancer_stats_address="127.0.0.1")) == {}
    assert found("haproxy", hostvars=changed("lb1", load_balancer_stats_enabled=False)) == {}


def test_an_app_is_asked_for_its_metrics_where_it_says_their_path() -> None:
    assert found("app") == {
        "10.0.0.1:8000": {"host": "app1", "app": "shop", "job": "shop", "__metrics_path__": "/metrics"}
    }


def test_the_idle_colour_of_an_app_is_not_asked() -> None:
    assert found("app", hostvars=changed("app1", deployment_strategy="blue_green")) == {}


def test_each_member_of_a_backend_and_each_way_in_is_probed() -> None:
    assert {url: (labels["host"], labels["app"]) for url, labels in found("probe-http").items()} == {
        "http://10.0.0.1:8000/up": ("app1", "shop"),
        "http://192.0.2.2:8000/up": ("app2", "shop"),
        "https://10.0.0.9:443/up": ("lb1", "shop"),
    }


def test_the_certificate_of_each_frontend_is_looked_at() -> None:
    assert found("probe-tls") == {"10.0.0.9:443": {"host": "lb1", "app": "shop", "owner": "shop"}}


def test_a_way_in_belongs_to_the_owner_of_the_apps_hosts_and_not_to_that_of_the_load_balancer() -> None:
    balanced = changed("lb1", monitoring_owner="platform")
    assert found("probe-http", hostvars=balanced)["https://10.0.0.9:443/up"]["owner"] == "shop"
    assert found("probe-tls", hostvars=balanced)["10.0.0.9:443"]["owner"] == "shop"
    assert found("haproxy", hostvars=balanced)["10.0.0.9:8404"]["owner"] == "platform"


def test_a_way_in_is_the_load_balancers_where_the_apps_hosts_name_several_owners_or_none() -> None:
    balanced = changed("lb1", monitoring_owner="platform")
    for owner in ("", "cart"):
        split = {**balanced, "app1": {**balanced["app1"], "monitoring_owner": owner}, "app2": {"monitoring_owner": ""}}
        wanted = owner or "platform"
        assert found("probe-tls", hostvars=split)["10.0.0.9:443"]["owner"] == wanted
    both = {**balanced, "app1": {"monitoring_owner": "cart"}}
    assert found("probe-tls", hostvars=both)["10.0.0.9:443"]["owner"] == "platform"


def test_a_frontend_for_its_own_host_is_not_probed_from_elsewhere() -> None:
    here = [{"name": "shop", "address": "127.0.0.1", "port": 443, "backend": "shop", "certificates": ["shop"]}]
    assert found("probe-tls", hostvars=changed("lb1", load_balancer_frontends=here)) == {}


def test_those_that_watch_are_watched_by_each_other_if_they_can_be_reached() -> None:
    assert found("prometheus") == {}
    open_ones = changed("mon1", monitoring_prometheus_listen=":9090", monitoring_alertmanager_listen="10.0.0.5:9093")
    assert list(found("prometheus", hostvars=open_ones)) == ["10.0.0.5:9090"]
    assert list(found("alertmanager", hostvars=open_ones)) == ["10.0.0.5:9093"]


def test_a_host_that_joins_is_a_target_more_and_one_that_leaves_is_none_and_no_other_file_changes() -> None:
    before = watched([], GROUPS, HOSTVARS, Settings())
    joined = {**GROUPS, "all": [*GROUPS["all"], "db1"]}
    after = watched([], joined, {**HOSTVARS, "db1": {}}, Settings())
    assert {name for name in after if after[name] != before[name]} == {"node", "process"}
    assert "db1:9100" in after["node"]


def test_the_files_are_the_same_in_whatever_order_ansible_gives_hosts_and_groups() -> None:
    turned = {name: hosts[::-1] for name, hosts in reversed(GROUPS.items())}
    assert watched([], turned, HOSTVARS, Settings()) == watched([], GROUPS, HOSTVARS, Settings())


def test_a_job_of_the_site_watches_the_hosts_of_its_groups_once_each() -> None:
    job = {"name": "db", "groups": ["app", "all", "nobody"], "port": 9187, "path": "/probe", "app": "shop"}
    (first, *others) = json.loads(watched([job], GROUPS, HOSTVARS, Settings())["db"])
    assert first == {
        "targets": ["10.0.0.1:9187"],
        "labels": {"__metrics_path__": "/probe", "app": "shop", "host": "app1"},
    }
    assert len(others) == 3


def test_every_job_has_a_file_even_if_the_inventory_has_nothing_for_it() -> None:
    assert watched([], {"all": []}, {}, Settings()) == dict.fromkeys(OWN_JOBS, "[]\n")


@pytest.mark.parametrize(
    "job, said",
    [
        ({"groups": ["app"], "port": 1}, "lacks name"),
        ({"name": "db"}, "lacks groups, port"),
        ({"name": "node", "groups": ["app"], "port": 1}, "the name node is taken"),
        ({"name": "blackbox", "groups": ["app"], "port": 1}, "the name blackbox is taken"),
        ({"name": "../../x", "groups": ["app"], "port": 1}, "the name is '../../x'. Give letters, digits"),
        ({"name": "db", "groups": "app", "port": 1}, "groups of db is 'app'. Give a list"),
        ({"name": "db", "groups": ["app"], "port": 99999}, "port of db is 99999. Give a number from 1 to 65535"),
        ({"name": "db", "groups": ["app"], "port": "http"}, "port of db is 'http'"),
        ({"name": "db", "groups": ["app"], "port": True}, "port of db is True"),
    ],
)
def test_a_job_that_cannot_be_right_is_named(job: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=re.escape(said)):
        watched([job], GROUPS, HOSTVARS, Settings())


def test_five_hundred_hosts_take_less_than_a_second() -> None:
    names = [f"app{number}" for number in range(500)]
    groups = {"all": [*names, "lb1"], "app": names, "load_balancer": ["lb1"]}
    backend = {"name": "shop", "hosts": names, "port": 8000}
    begin = time.perf_counter()
    watched([], groups, {**{name: {} for name in names}, "lb1": {"load_balancer_backends": [backend]}}, Settings())
    assert time.perf_counter() - begin < 1
