from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.want import Planned, Want, rank
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.package_updates.updates_host import want


def test_the_defaults_of_the_module_are_those_of_the_engine() -> None:
    assert want() == Want()


def test_an_approved_plan_is_read_as_it_was_told() -> None:
    told = [
        {"name": "libssl3", "from": "3.0.1", "to": "3.0.2", "security": True, "cves": None},
        {"name": "libnew", "from": "", "to": "1.0"},
        {"name": "libold", "from": "1.0", "to": None},
    ]
    assert want(plan=told).plan == (
        Planned("libssl3", "3.0.1", "3.0.2"),
        Planned("libnew", "", "1.0"),
        Planned("libold", "1.0", ""),
    )


def test_an_empty_plan_is_another_thing_than_none() -> None:
    assert (want(plan=[]).plan, want(plan=None).plan) == ((), None)


@pytest.mark.parametrize(
    "options,told",
    [
        ({"min_age_days": -1.0}, "min_age_days: -1.0 is no age: give days from 0 on"),
        (
            {"plan": [{"name": name, "from": "1", "to": "2"} for name in ("b", "a", "b", "c", "c")]},
            "plan: b, c stands in it more than once",
        ),
        ({"plan": [{"name": "a", "from": "", "to": ""}]}, "plan: a has neither from nor to"),
        ({"plan": [{"name": "a", "to": "2"}]}, "plan: an entry has no from: give the plan"),
        ({"plan": [{"from": "1", "to": "2"}]}, "plan: an entry has no name: give"),
    ],
)
def test_what_cannot_be_is_refused_with_the_option(options: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        want(**options)


def test_priorities_are_ordered_and_an_unknown_one_is_below_all() -> None:
    order = ["", "low", "medium", "high", "critical"]
    assert sorted(order, key=rank) == order
