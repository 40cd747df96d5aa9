"""How a switch is woven into the service's own plan."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.systemd import UnitState
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, Step, unit, write
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import activate
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import plan as planner
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.release.release_host import (
    ask,
    host,
    layout,
    noted,
    told,
)

RUNNING = layout(noted("1"), noted("2"), active="1")
CURRENT = layout(noted("1"), noted("2"), active="2", former="1")
SOCKET_FILE = write("/etc/systemd/system/shop.socket", b"")
RESTART = unit("shop.service", "restart")


def sockets(active: str = "active", enabled: str = "enabled") -> dict[str, UnitState]:
    return {"shop.socket": UnitState("shop.socket", load="loaded", active=active, enabled=enabled)}


def main_steps(known: Any, drawn: tuple[Step, ...], **have: Any) -> list[str]:
    """The steps of the switch where service_config draws `drawn`."""
    asked = ask("active", sockets=["shop"])
    plans = planner.plan(asked, host(asked, known, **have), lambda _want, _have: Plan("shop 2", drawn))
    return [told(step) for one in plans if one.name == "shop 2" for step in one.steps]


CASES: list[tuple[str, Any, tuple[Step, ...], list[str]]] = [
    ("a socket that listens is left alone", sockets(), (RESTART,), ["unit shop.service restart"]),
    (
        "a new socket comes before its service, which gives its port up first",
        sockets("inactive", "disabled"),
        (SOCKET_FILE, unit("", "daemon-reload"), RESTART),
        [
            "write /etc/systemd/system/shop.socket",
            "unit  daemon-reload",
            "unit shop.service stop",
            "unit shop.socket enable",
            "unit shop.socket start",
            "unit shop.service restart",
        ],
    ),
    (
        "a socket that listens elsewhere now is opened anew",
        sockets(),
        (SOCKET_FILE, unit("", "daemon-reload"), RESTART),
        [
            "write /etc/systemd/system/shop.socket",
            "unit  daemon-reload",
            "unit shop.service stop",
            "unit shop.socket restart",
            "unit shop.service restart",
        ],
    ),
    (
        "a socket that somebody has stopped listens again, and its service with it",
        sockets("inactive"),
        (),
        ["unit shop.service stop", "unit shop.socket start", "unit shop.service start"],
    ),
    ("a socket that is only disabled is enabled", sockets(enabled="disabled"), (), ["unit shop.socket enable"]),
]


@pytest.mark.parametrize("have, drawn, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_sockets_come_before_their_service(have: Any, drawn: Any, expected: list[str]) -> None:
    assert main_steps(CURRENT, drawn, sockets=have) == expected


def test_files_come_before_the_commands_that_read_them_and_the_switch_after() -> None:
    asked = ask("active", hooks={"before": [{"argv": ["x"]}]})
    drawn = (
        write("/etc/default/shop", b""),
        Step("link", asked.current, {"to": "releases/2"}),
        Step("link", asked.former, {"to": "releases/1"}),
        RESTART,
    )
    plans = planner.plan(asked, host(asked, RUNNING), lambda _want, _have: Plan("shop 2", drawn))
    assert [told(step) for step in plans[1].steps][:4] == [
        "write /etc/default/shop",
        "run 2-before-0",
        "link current releases/2",
        "link former releases/1",
    ]


@pytest.mark.parametrize(
    "state, known, links",
    [
        ("active", layout(), [("current", "releases/2")]),
        ("active", RUNNING, [("current", "releases/2"), ("former", "releases/1")]),
        ("active", CURRENT, [("current", "releases/2")]),
        ("undone", CURRENT, [("current", "releases/1"), ("former", None)]),
    ],
)
def test_the_links_are_files_of_the_service(state: str, known: Any, links: Any) -> None:
    asked = ask(state)
    wanted = activate.service_of(asked, known, "1" if state == "undone" else "2")
    assert [(one.path.rpartition("/")[2], one.link) for one in wanted.files] == links


@pytest.mark.parametrize(
    "known, given, on_change",
    [(RUNNING, "reload", "restart"), (CURRENT, "reload", "reload"), (CURRENT, None, "restart")],
)
def test_a_switch_is_a_restart_whatever_a_changed_file_is(known: Any, given: Any, on_change: str) -> None:
    assert activate.service_of(ask("active", on_change=given), known, "2").on_change == on_change
