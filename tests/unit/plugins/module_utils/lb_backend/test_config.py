from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend import config

TEXT = """# Managed by groundcrew.fleet.load_balancer: changes by hand are overwritten.
global
    log stdout format raw local0 notice

backend shop
    balance leastconn
    dynamic-cookie-key shop
    default-server check inter 1s weight 100
    server app1 10.0.0.1:8000
    server app3 10.0.0.3:8000

backend admin
    default-server check
    server app3 10.0.0.3:9000

frontend web
    bind *:80
"""


def servers(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("    server ")]


def test_backends_are_read_with_what_a_new_server_needs() -> None:
    shop = config.known(TEXT, "haproxy.cfg", "shop")
    assert shop.servers == {"app1": "10.0.0.1:8000", "app3": "10.0.0.3:8000"}
    assert (shop.keywords, shop.cookie_key) == ("check inter 1s weight 100", "shop")


@pytest.mark.parametrize(
    "name, place", [("app0", 0), ("app2", 1), ("App2", 1), ("zebra", 2)], ids=["first", "between", "any-case", "last"]
)
def test_a_server_is_written_where_the_role_would_sort_it(name: str, place: int) -> None:
    text = config.with_server(TEXT, "shop", name, "10.0.0.9:8000")
    assert servers(text)[place] == f"server {name} 10.0.0.9:8000"
    assert len(servers(text)) == 4


def test_a_server_that_stands_there_is_not_written_twice() -> None:
    assert config.with_server(TEXT, "shop", "app3", "10.0.0.3:8000") == TEXT


def test_the_first_server_of_a_backend_stands_at_its_end() -> None:
    empty = config.without_server(TEXT, "app3", "admin")
    text = config.with_server(empty, "admin", "app3", "10.0.0.3:9000")
    assert text == TEXT


def test_a_server_leaves_one_backend_or_all() -> None:
    assert servers(config.without_server(TEXT, "app3", "shop")) == [
        "server app1 10.0.0.1:8000",
        "server app3 10.0.0.3:9000",
    ]
    assert servers(config.without_server(TEXT, "app3", None)) == ["server app1 10.0.0.1:8000"]


def test_to_add_and_to_remove_is_to_change_nothing() -> None:
    assert config.without_server(config.with_server(TEXT, "shop", "app2", "10.0.0.2:8000"), "app2", "shop") == TEXT


def test_a_configuration_of_others_is_refused() -> None:
    with pytest.raises(BadInput, match="was not written by the role load_balancer"):
        config.backends("global\n    daemon\n", "/etc/haproxy/haproxy.cfg")


def test_an_unknown_backend_is_told_with_those_that_exist() -> None:
    with pytest.raises(BadInput, match=r"no backend 'shopp'; it has admin, shop"):
        config.known(TEXT, "haproxy.cfg", "shopp")
