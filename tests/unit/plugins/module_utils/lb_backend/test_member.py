from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend import member
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.config import Backend
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.member import Place
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.plan import Want
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.state import Server
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import record
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.record import Entry, Record

SHOP = Backend("shop", {}, "check inter 1s weight 100", "")
HERE = Place("10.0.0.4:8000")
WANT = Want("app4", "present", "shop")
RETURN = "set server shop/app4 state drain; set server shop/app4 health down; set server shop/app4 state ready"
CONFIG, RECORD = "/etc/haproxy/haproxy.cfg", "/var/lib/groundcrew/units/haproxy.service.json"


def commands(want: Want = WANT, place: Place = HERE, backend: Backend = SHOP) -> list[str]:
    (order,) = member.join(want, place, backend, [])
    return list(order.commands)


def test_a_server_is_added_with_the_keywords_of_its_backend_and_earns_its_up() -> None:
    assert commands() == [
        "add server shop/app4 10.0.0.4:8000 check inter 1s weight 100",
        "enable health shop/app4",
        RETURN,
    ]


def test_a_server_without_checks_is_ready_at_once() -> None:
    assert commands(backend=SHOP._replace(keywords="")) == [
        "add server shop/app4 10.0.0.4:8000",
        "set server shop/app4 state ready",
    ]


def test_keywords_that_are_given_stand_in_for_those_of_the_backend() -> None:
    assert commands(place=HERE._replace(keywords="check inter 5s"))[0].endswith("10.0.0.4:8000 check inter 5s")


def test_the_key_of_cookies_is_set_again_for_the_new_server() -> None:
    assert "set dynamic-cookie-key backend shop shop" in commands(backend=SHOP._replace(cookie_key="shop"))


@pytest.mark.parametrize(
    "want, weight",
    [(WANT._replace(weight="30%"), "weight 30"), (WANT._replace(ramp_s=10), "weight 10")],
    ids=["weight", "ramp"],
)
def test_a_weight_is_set_before_the_server_is_ready(want: Want, weight: str) -> None:
    assert commands(want)[-2:] == [f"set server shop/app4 {weight}", RETURN]


def test_a_server_that_is_there_is_not_added() -> None:
    there = Server("shop", "app4", "drained", "DRAIN", 0, 0, address="10.0.0.4:8000")
    assert member.join(WANT, HERE, SHOP, [there]) == ()


NAMED = Place("app4.example.com:8000", reached=("10.0.0.4:8000", "[fd00::4]:8000"))


def test_a_server_is_added_at_an_address_since_a_running_haproxy_looks_no_name_up() -> None:
    assert commands(place=NAMED)[0].startswith("add server shop/app4 10.0.0.4:8000 ")


@pytest.mark.parametrize("address", NAMED.reached)
def test_a_server_that_is_there_at_one_of_its_names_addresses_is_not_added(address: str) -> None:
    assert member.join(WANT, NAMED, SHOP, [Server("shop", "app4", "enabled", "UP", 0, 0, address=address)]) == ()


def test_a_server_that_is_there_at_another_address_is_refused() -> None:
    there = Server("shop", "app4", "enabled", "UP", 0, 0, address="10.0.0.5:8000")
    with pytest.raises(BadInput, match=r"shop/app4 is there at 10\.0\.0\.5:8000, not at 10\.0\.0\.4:8000: remove it"):
        member.join(WANT, HERE, SHOP, [there])


@pytest.mark.parametrize("name", ["app 4", "app4; shutdown", "app/4", ""])
def test_a_name_that_would_be_another_command_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="is no name that HAProxy takes"):
        member.join(WANT._replace(server=name), HERE, SHOP, [])


def test_a_server_that_left_comes_back_as_it_was() -> None:
    row = Server("shop", "app4", "drained", "DRAIN", 0, 0, asked_weight=40, own_weight=100, address="10.0.0.4:8000")
    order = member.leave(WANT._replace(state="absent"), row, SHOP)
    assert order.commands == ("set server shop/app4 state maint", "del server shop/app4")
    assert order.undo == (
        "add server shop/app4 10.0.0.4:8000 check inter 1s weight 100",
        "enable health shop/app4",
        "set server shop/app4 weight 40",
        "set server shop/app4 state drain",
    )


def recorded(text: str) -> bytes:
    return record.dump(Record(config={CONFIG: Entry(files.digest(text.encode())), "/etc/other": Entry("12")}))


def test_the_file_is_judged_by_haproxy_and_counts_as_read() -> None:
    plan = member.file_plan(CONFIG, "old\n", "new\n", recorded("old\n"), RECORD)
    assert [(step.kind, step.target) for step in plan.steps] == [
        ("write", CONFIG),
        ("argv", "/usr/sbin/haproxy"),
        ("write", RECORD),
    ]
    assert record.parse(plan.steps[-1].args["content"]) == record.parse(recorded("new\n"))


@pytest.mark.parametrize("known", [None, recorded("older\n")], ids=["no record", "not read yet"])
def test_a_file_that_haproxy_had_not_read_yet_is_still_to_be_read(known: bytes | None) -> None:
    plan = member.file_plan(CONFIG, "old\n", "new\n", known, RECORD)
    assert [step.kind for step in plan.steps] == ["write", "argv"]


def test_a_file_that_is_right_needs_no_step() -> None:
    assert member.file_plan(CONFIG, "old\n", "old\n", recorded("old\n"), RECORD).steps == ()
