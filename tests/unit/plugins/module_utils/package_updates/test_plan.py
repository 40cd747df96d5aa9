from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.apt import Update, Updates
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.stale import Process, Scan
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import describe
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.plan import plan, sort
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.state import Have, Want

SSL = Update("libssl3", "3.0.1", "3.0.2", security=True)
NEW = Update("linux-image-2", "", "2.0")
NONE = Updates()
LIB = ("/usr/lib/libssl.so.3",)


def have(*processes: Process, updates: Updates = NONE, lone: dict[str, int] | None = None) -> Have:
    return Have(updates, Scan(processes, ()), lone or {})


def steps_of(want: Want, found: Have) -> list[tuple[str, str, str]]:
    told = [describe(step) for step in plan(want, found).steps]
    return [(step["kind"], step["action"], step["target"]) for step in told]


def test_nothing_to_do_is_an_empty_plan() -> None:
    assert steps_of(Want(), have()) == []


def test_packages_come_first_with_their_exact_versions() -> None:
    found = have(Process(7, "nginx.service", LIB), updates=Updates((SSL,)))
    step = plan(Want(), found).steps[0]
    assert describe(step)["packages"] == {"libssl3": "3.0.2"}
    assert steps_of(Want(), found) == [("package", "upgrade", "libssl3")]


def test_a_newly_needed_package_is_told_and_left_to_apt_so_that_it_stays_automatic() -> None:
    found = plan(Want(), have(updates=Updates((NEW, SSL))))
    assert found.steps[0].target == "libssl3"
    assert [package["name"] for package in found.summary["packages"]] == ["linux-image-2", "libssl3"]


def test_without_updates_units_with_replaced_code_are_restarted_and_verified() -> None:
    found = plan(Want(), have(Process(7, "nginx.service", LIB), Process(8, "nginx.service", LIB)))
    assert [(step.target, step.args["action"]) for step in found.steps] == [("nginx.service", "restart")]
    assert [check.spec["name"] for check in found.checks] == ["nginx.service"]
    assert found.summary["restarted"] == ["nginx.service"]


@pytest.mark.parametrize(
    "unit",
    [
        "dbus.service",
        "systemd-logind.service",
        "user@1000.service",
        "session-3.scope",
        "init.scope",
        "getty@tty1.service",
        "serial-getty@ttyS0.service",
        "docker.service",
        "",
    ],
)
def test_what_holds_sessions_and_the_system_together_is_left_with_a_reason(unit: str) -> None:
    found = have(Process(7, unit, LIB))
    assert steps_of(Want(), found) == []
    assert list(sort(Want(), found).left) == [unit or "process 7"]


def test_sshd_is_restarted_for_its_main_process_and_its_sessions_are_left() -> None:
    found = have(Process(7, "ssh.service", LIB), Process(8, "ssh.service", LIB), lone={"ssh.service": 7})
    assert sort(Want(), found).restart == ("ssh.service",)
    assert list(sort(Want(), found).left) == ["sessions of ssh.service"]


def test_an_old_session_alone_does_not_restart_sshd_again_and_again() -> None:
    assert steps_of(Want(), have(Process(8, "ssh.service", LIB), lone={"ssh.service": 7})) == []


def test_units_that_the_user_names_keep_running() -> None:
    want = Want(keep_running=("postgresql@*.service",))
    found = sort(want, have(Process(7, "postgresql@15-main.service", LIB)))
    assert found.left == {"postgresql@15-main.service": "keep_running names it (postgresql@*.service)"}


def test_with_restarts_switched_off_they_are_told() -> None:
    found = plan(Want(restart=False), have(Process(7, "nginx.service", LIB)))
    assert found.steps == ()
    assert "nginx.service" in found.summary["left"]


def test_held_and_kept_back_packages_are_told() -> None:
    summary = plan(Want(), have(updates=Updates((), ("vim",), ("mutt",)))).summary
    assert (summary["held"], summary["kept_back"]) == (["vim"], ["mutt"])
