# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.filter.fleet_owners import FilterModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.owners import owners
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.watched import Settings

GROUPS = {"all": ["lb1", "app2", "app1"], "load_balancer": ["lb1"]}
BACKENDS = [{"name": "shop", "hosts": ["app1", "app2"], "port": 8000}]
ANSWERS = {"app": "shop", "objective": 99.9, "backend": "shop"}
MAILS = {"app": "mailer", "name": "mails", "objective": 99}


def found(app1: dict[str, Any], app2: dict[str, Any]) -> dict[str, Any]:
    balancer = {"monitoring_owner": "platform", "load_balancer_backends": BACKENDS}
    return owners(GROUPS, {"lb1": balancer, "app1": app1, "app2": app2}, Settings())


@pytest.mark.parametrize(
    "slo, first, second, owner",
    [
        (ANSWERS, "shop", "shop", "shop"),
        (ANSWERS, "shop", "", "shop"),
        (ANSWERS, "shop", "cart", None),
        (ANSWERS, "", "", None),
        (MAILS, "shop", "shop", "shop"),
        (MAILS, "shop", "cart", None),
        ({**ANSWERS, "owner": "cart"}, "shop", "shop", "cart"),
    ],
)
def test_an_slo_belongs_to_whom_it_names_or_to_the_one_owner_of_its_hosts(
    slo: dict[str, Any], first: str, second: str, owner: str | None
) -> None:
    hosts = [{"monitoring_owner": one, "monitoring_slos": [slo]} for one in (first, second)]
    (given,) = found(*hosts)["slos"]
    assert given.get("owner") == owner


def test_an_slo_of_every_host_belongs_to_the_owner_of_its_backend() -> None:
    carried = {"monitoring_slos": [ANSWERS]}
    balancer = {"monitoring_owner": "platform", "load_balancer_backends": BACKENDS, **carried}
    app = {"monitoring_owner": "shop", **carried}
    given = owners(GROUPS, {"lb1": balancer, "app1": app, "app2": app}, Settings())
    assert given == {"slos": [{**ANSWERS, "owner": "shop"}], "backends": {"shop": "shop"}}


@pytest.mark.parametrize(
    "slos, backends",
    [
        ([], {"shop": "shop"}),
        ([ANSWERS], {"shop": "shop"}),
        ([{**ANSWERS, "owner": "cart"}], {"shop": "cart"}),
    ],
)
def test_a_backend_belongs_to_the_owner_of_its_hosts_unless_an_slo_names_another(
    slos: list[dict[str, Any]], backends: dict[str, str]
) -> None:
    assert found({"monitoring_owner": "shop", "monitoring_slos": slos}, {})["backends"] == backends


def test_what_is_no_slo_is_left_for_the_rules_to_refuse() -> None:
    assert found({"monitoring_slos": ["shop"]}, {})["slos"] == ["shop"]


def test_slos_that_are_no_list_are_refused_with_their_host() -> None:
    with pytest.raises(BadInput, match="monitoring_slos of app1 is no list"):
        found({"monitoring_slos": ANSWERS}, {})


def test_the_filter_fails_in_ansibles_way() -> None:
    call = FilterModule().filters()["fleet_owners"]
    assert call({"all": []}, {}) == {"slos": [], "backends": {}}
    with pytest.raises(AnsibleFilterError, match="is no list"):
        call({"all": ["app1"]}, {"app1": {"monitoring_slos": "shop"}})
