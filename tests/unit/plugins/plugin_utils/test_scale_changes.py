from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.scale_changes import Changes, compare

SHOP = {"name": "shop", "hosts": ["app-1", "app-2"], "port": 8000}
COLOURED = {"name": "shop", "hosts": ["app-1", "app-2"], "colours": {"blue": 8001, "green": 8002}}


@pytest.mark.parametrize(
    "wanted, there, expected",
    [
        pytest.param(SHOP, ["app-1", "app-2"], Changes((), ()), id="all as it should be"),
        pytest.param(SHOP, ["app-1"], Changes((), ("app-2",)), id="one is missing"),
        pytest.param(SHOP, ["app-1", "app-2", "app-3"], Changes((("shop", "app-3"),), ()), id="one is too many"),
        pytest.param(SHOP, ["app-3"], Changes((("shop", "app-3"),), ("app-1", "app-2")), id="all others"),
        pytest.param(
            COLOURED, ["app-1-blue", "app-1-green", "app-2-green"], Changes((), ()), id="one colour is enough"
        ),
        pytest.param(COLOURED, ["app-1-blue"], Changes((), ("app-2",)), id="a host without any colour is missing"),
        pytest.param(
            COLOURED,
            ["app-1-blue", "app-2-blue", "app-3-blue", "app-3-green"],
            Changes((("shop", "app-3-blue"), ("shop", "app-3-green")), ()),
            id="each colour of a host that leaves",
        ),
        pytest.param(
            COLOURED,
            ["app-1", "app-2"],
            Changes((("shop", "app-1"), ("shop", "app-2")), ("app-1", "app-2")),
            id="one instance becomes two colours",
        ),
    ],
)
def test_servers_come_and_go_as_the_inventory_says(wanted: dict[str, Any], there: list[str], expected: Changes) -> None:
    assert compare([wanted], {"shop": {"servers": {name: {} for name in there}}}) == expected


def test_a_backend_that_is_new_or_gone_as_a_whole_is_left_to_the_configuration() -> None:
    assert compare([SHOP], {"till": {"servers": {"app-9": {}}}}) == Changes((), ())


def test_a_host_that_is_missing_in_two_backends_is_told_once() -> None:
    backends = [SHOP, {**SHOP, "name": "till"}]
    found: dict[str, Any] = {name: {"servers": {"app-1": {}}} for name in ("shop", "till")}
    assert compare(backends, found).new == ("app-2",)
