from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.plan import Want, plan, ramps
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
    return [command for order in plan(want, FLEET) for command in order.commands]


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
    assert plan(Want("app3", "enabled"), FLEET)[0].undo == ("set server shop/app3 state drain",)


@pytest.mark.parametrize(
    "state, line",
    [
        ("drained", "set server shop/app3 health down; set server shop/app3 state ready"),
        (
            "maintenance",
            "set server shop/app3 state drain; set server shop/app3 health down; set server shop/app3 state ready",
        ),
    ],
)
def test_a_checked_server_that_returns_has_to_be_found_healthy_again(state: str, line: str) -> None:
    fleet = [Server("shop", "app3", state, "DRAIN", 0, 0, checked=True)]
    (order,) = plan(Want("app3", "enabled"), fleet)
    assert order.commands == (line,)


def test_a_server_that_clients_stick_to_is_put_into_maintenance_where_others_are_drained() -> None:
    fleet = [Server("shop", name, "enabled", "UP", 0, 0, sticky=True) for name in ("app1", "app2")]
    (order,) = plan(Want("app1", "drained"), fleet)
    assert order.commands == ("set server shop/app1 state maint",)


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


HALF = Server("shop", "app1", "enabled", "UP", 0, 0, weight=50, asked_weight=50, own_weight=100)
OUT = HALF._replace(state="drained", status="DRAIN")
OTHER = Server("shop", "app2", "enabled", "UP", 0, 0)


@pytest.mark.parametrize(
    "server, want, steps",
    [
        (HALF, Want("app1", "enabled", weight="50"), []),
        (HALF, Want("app1", "enabled", weight="50%"), []),
        (HALF, Want("app1", "enabled", weight="100%"), ["set server shop/app1 weight 100%"]),
        (HALF, Want("app1", "enabled", weight="20"), ["set server shop/app1 weight 20"]),
        (HALF, Want("app1", "enabled", weight="0"), ["set server shop/app1 weight 0%"]),
        (
            HALF,
            Want("app1", "drained", weight="10%"),
            ["set server shop/app1 weight 10", "set server shop/app1 state drain"],
        ),
        (OUT, Want("app1", "enabled"), ["set server shop/app1 state ready"]),
        (
            OUT,
            Want("app1", "enabled", ramp_s=30),
            ["set server shop/app1 weight 10", "set server shop/app1 state ready"],
        ),
        (HALF, Want("app1", "enabled", ramp_s=30), ["set server shop/app1 weight 55"]),
        (HALF, Want("app1", "drained", ramp_s=30), ["set server shop/app1 state drain"]),
    ],
)
def test_a_weight_is_set_before_the_server_returns(server: Server, want: Want, steps: list[str]) -> None:
    orders = plan(want, [server, OTHER])
    assert [command for order in orders for command in order.commands] == steps


def test_the_undo_of_a_ramp_is_the_weight_before() -> None:
    assert plan(Want("app1", "enabled", ramp_s=30), [OUT, OTHER])[0].undo == ("set server shop/app1 weight 50",)


def test_a_ramp_ends_with_the_whole_weight_after_its_time() -> None:
    steps = ramps(Want("app1", "enabled", ramp_s=27), [OUT, OTHER])["shop"]
    assert [(step.at_s, step.weight) for step in steps] == [(3 * index, 10 + 10 * index) for index in range(10)]


def test_a_ramp_goes_no_higher_than_what_is_wanted() -> None:
    steps = ramps(Want("app1", "enabled", weight="3", ramp_s=10), [OUT, OTHER])["shop"]
    assert [(step.at_s, step.weight) for step in steps] == [(0, 1), (5, 2), (10, 3)]


def test_a_server_at_its_weight_needs_no_ramp() -> None:
    full = HALF._replace(asked_weight=100)
    assert plan(Want("app1", "enabled", ramp_s=30), [full, OTHER]) == ()


def test_a_weight_without_room_for_steps_cannot_ramp() -> None:
    with pytest.raises(BadInput, match="app1 has the weight 1, which has no steps"):
        plan(Want("app1", "enabled", ramp_s=30), [OUT._replace(own_weight=1, asked_weight=1), OTHER])


@pytest.mark.parametrize("weight", ["257", "-1", "half", "1000%", "50 %"])
def test_what_is_no_weight_is_refused(weight: str) -> None:
    with pytest.raises(BadInput, match="weight"):
        plan(Want("app1", "enabled", weight=weight), [HALF, OTHER])


def test_the_last_server_keeps_its_weight() -> None:
    with pytest.raises(FleetError, match="would leave 0 serving"):
        plan(Want("app1", "enabled", weight="0"), [HALF])
