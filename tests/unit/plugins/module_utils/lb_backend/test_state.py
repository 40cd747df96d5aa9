from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import Unreadable
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend import state

CAPTURED = Path(__file__).parents[3] / "fixtures/haproxy"


def read(name: str) -> dict[tuple[str, str], state.Server]:
    stat, servers = ((CAPTURED / f"{name}.{kind}").read_text() for kind in ("stat.csv", "servers.txt"))
    return {(server.backend, server.name): server for server in state.parse(stat, servers)}


def test_healthy_servers_are_enabled_up_and_idle() -> None:
    server = read("healthy")["shop", "app1"]
    assert (server.state, server.status, server.serving, server.up, server.idle) == ("enabled", "UP", True, True, True)


@pytest.mark.parametrize(
    "key, asked, status, serving",
    [
        (("shop", "app1"), "enabled", "DOWN", False),
        (("shop", "app2"), "maintenance", "MAINT", False),
        (("shop", "app3"), "drained", "DRAIN", False),
        (("admin", "app1"), "enabled", "no check", True),
        (("admin", "app2"), "enabled", "MAINT (via shop/app2)", False),
        (("lonely", "app9"), "enabled", "DOWN", False),
    ],
)
def test_what_was_asked_is_told_apart_from_what_became_of_it(
    key: tuple[str, str], asked: str, status: str, *, serving: bool
) -> None:
    server = read("mixed")[key]
    assert (server.state, server.status, server.serving) == (asked, status, serving)


def test_a_failed_check_is_told_in_haproxys_words() -> None:
    assert read("mixed")["lonely", "app9"].check == "L4CON Layer4 connection problem Connection refused"


@pytest.mark.parametrize(
    "status, serving, up",
    [
        ("UP", True, True),
        ("UP 1/2", True, False),
        ("DOWN 1/2", False, False),
        ("no check", True, True),
        ("MAINT (resolution)", False, False),
        ("DRAIN (agent)", False, False),
        ("NOLB 1/2", False, False),
    ],
)
def test_composite_statuses_are_understood(status: str, *, serving: bool, up: bool) -> None:
    server = state.Server("shop", "app1", "enabled", status, 0, 0)
    assert (server.serving, server.up) == (serving, up)


@pytest.mark.parametrize("version", ["2.6", "3.0"])
def test_weights_stickiness_and_checks_are_read(version: str) -> None:
    servers = read(f"sticky-{version}")
    app2 = servers["shop", "app2"]
    assert (app2.asked_weight, app2.own_weight, app2.weight, app2.sticky, app2.checked) == (40, 100, 40, True, True)
    assert {server.address.rpartition(":")[2] for server in servers.values()} == {"8000"}
    assert servers["shop", "app3"].state == "drained"


def test_a_server_without_cookie_is_not_sticky() -> None:
    assert not read("healthy")["shop", "app1"].sticky


def test_a_server_without_weight_does_not_serve() -> None:
    assert not state.Server("shop", "app1", "enabled", "UP", 0, 0, weight=0).serving


def test_what_haproxy_did_not_say_is_refused() -> None:
    with pytest.raises(Unreadable, match="is not understood"):
        state.parse("# a,b\n1,2\n", "")
