from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.plan import Want, plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.state import Server

FLEET = (
    Server("shop", "app1", "enabled", "UP", 3, 0),
    Server("shop", "app2", "enabled", "UP", 0, 0),
    Server("shop", "app3", "drained", "DRAIN", 0, 0),
    Server("admin", "app1", "enabled", "no check", 0, 0),
    Server("admin", "app2", "enabled", "UP", 0, 0),
    Server("lonely", "app9", "enabled", "DOWN", 0, 0),
)


def commands(want: Want) -> list[str]:
    return [order.command for order in plan(want, FLEET)]


@pytest.mark.parametrize(
    "want, steps",
    [
        (Want("app1", "drained"), ["set server shop/app1 state drain", "set server admin/app1 state drain"]),
        (Want("app1", "drained", "shop"), ["set server shop/app1 state drain"]),
        (Want("app1", "maintenance", "shop"), ["set server shop/app1 state maint"]),
        (Want("app3", "drained"), []),
        (Want("app3", "enabled"), ["set server shop/app3 state ready"]),
        (Want("app3", "maintenance"), ["set server shop/app3 state maint"]),
        (Want("app1", "enabled"), []),
        (Want("app9", "drained"), ["set server lonely/app9 state drain"]),
    ],
)
def test_orders_are_what_is_missing(want: Want, steps: list[str]) -> None:
    assert commands(want) == steps


def test_the_undo_of_an_order_asks_for_the_state_before() -> None:
    assert plan(Want("app3", "enabled"), FLEET)[0].undo == "set server shop/app3 state drain"


def test_a_checked_server_that_returns_has_to_be_found_healthy_again() -> None:
    fleet = [Server("shop", "app3", "drained", "DRAIN", 0, 0, check="L7OK")]
    (order,) = plan(Want("app3", "enabled"), fleet)
    assert order.commands == ("set server shop/app3 health down", "set server shop/app3 state ready")


def test_a_server_without_checks_returns_at_once() -> None:
    (order,) = plan(Want("app3", "enabled"), FLEET)
    assert order.commands == ("set server shop/app3 state ready",)


def test_a_backend_is_not_left_with_too_few_servers() -> None:
    with pytest.raises(FleetError, match=r"would leave 1 serving, and min_healthy is 2 \(app2 UP, app3 DRAIN\)"):
        plan(Want("app1", "drained", "shop", min_healthy=2), FLEET)


def test_one_of_several_backends_that_would_be_emptied_is_enough_to_refuse() -> None:
    fleet = [server for server in FLEET if (server.backend, server.name) != ("admin", "app2")]
    with pytest.raises(FleetError, match="backend admin would leave 0"):
        plan(Want("app1", "drained"), fleet)


def test_a_server_that_does_not_serve_may_always_leave() -> None:
    assert commands(Want("app9", "maintenance", min_healthy=5)) == ["set server lonely/app9 state maint"]


def test_a_server_that_is_drained_already_is_not_refused() -> None:
    assert commands(Want("app3", "drained", min_healthy=5)) == []


def test_an_unknown_backend_is_told_with_those_that_exist() -> None:
    with pytest.raises(BadInput, match="no backend 'shopp' with servers; it has admin, lonely, shop"):
        plan(Want("app1", "drained", "shopp"), FLEET)


def test_an_unknown_server_is_told_with_those_that_exist() -> None:
    with pytest.raises(BadInput, match="backend 'shop' has no server 'app9'; it has app1, app2, app3"):
        plan(Want("app9", "drained", "shop"), FLEET)
