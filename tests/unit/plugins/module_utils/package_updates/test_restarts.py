"""What has to be restarted, what is left and why, and whether the host has to boot anew."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.kernel import Kernel
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.stale import Process, Scan
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import restarts
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.restarts import REBOOT, Reboot, Stale
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.package_updates.updates_host import LIBRARY

KERNEL = Kernel("6.1.0-30-amd64", "6.1.0-30-amd64")
CLEAN = Scan((), ())
DBUS = Scan((Process(4, "dbus.service", LIBRARY),), ())
NEVER = [
    "dbus.service",
    "dbus-broker.service",
    "systemd-logind.service",
    "polkit.service",
    "user@1000.service",
    "session-3.scope",
    "init.scope",
    "getty@tty1.service",
    "serial-getty@ttyS0.service",
    "gdm3.service",
    "NetworkManager.service",
    "docker.service",
    "crew.socket",
]


def process(pid: int, unit: str) -> Process:
    return Process(pid, unit, LIBRARY)


def test_several_processes_of_a_unit_are_one_restart() -> None:
    found = restarts.sort([process(9, "nginx.service"), process(7, "app.service"), process(8, "nginx.service")], {}, [])
    assert found == Stale(("app.service", "nginx.service"), {})


@pytest.mark.parametrize("unit", NEVER)
def test_what_holds_sessions_and_the_system_together_is_left_with_a_reason(unit: str) -> None:
    found = restarts.sort([process(7, unit)], {}, [])
    assert (found.restart, list(found.left)) == ((), [unit])
    assert found.left[unit]


def test_a_process_that_no_unit_has_is_told_by_its_number() -> None:
    found = restarts.sort([process(7, "")], {}, [])
    assert found == Stale((), {"process 7": "no unit of systemd's has it: restart it by hand"})


def test_sshd_is_restarted_for_its_main_process_and_its_sessions_are_left() -> None:
    found = restarts.sort([process(7, "ssh.service"), process(8, "ssh.service")], {"ssh.service": 7}, [])
    assert found.restart == ("ssh.service",)
    assert list(found.left) == ["sessions of ssh.service"]


def test_a_job_is_not_broken_off_and_done_once_more() -> None:
    found = restarts.sort([Process(7, "backup.service", ("/usr/lib/libz.so.1",))], {"backup.service": 0}, ())
    assert found == restarts.Stale((), {"backup.service": restarts.JOB})


def test_an_old_session_alone_does_not_restart_sshd_again_and_again() -> None:
    assert restarts.sort([process(8, "ssh.service")], {"ssh.service": 7}, []).restart == ()


def test_units_that_the_user_names_keep_running() -> None:
    found = restarts.sort([process(7, "postgresql@15-main.service")], {}, ["redis*", "postgresql@*.service"])
    assert found == Stale((), {"postgresql@15-main.service": "keep_running names it (postgresql@*.service)"})


def test_what_an_update_will_make_due_is_foretold_by_the_same_rules() -> None:
    found = restarts.foretell(["nginx.service", "dbus.service", "redis.service", ""], ["redis.*"])
    assert found == Stale(
        ("nginx.service",), {"dbus.service": REBOOT, "redis.service": "keep_running names it (redis.*)"}
    )


@pytest.mark.parametrize(
    "kernel,scan,left,own_word,judged",
    [
        (KERNEL, CLEAN, {}, None, Reboot(False)),
        (KERNEL, CLEAN, {}, False, Reboot(False)),
        (KERNEL, CLEAN, {}, True, Reboot(True, ("the package manager itself says so",))),
        (KERNEL._replace(outdated="kernel 7 is newer"), CLEAN, {}, None, Reboot(True, ("kernel 7 is newer",))),
        # The manager's word adds nothing to a reason that says more.
        (KERNEL._replace(outdated="kernel 7 is newer"), CLEAN, {}, True, Reboot(True, ("kernel 7 is newer",))),
        (KERNEL._replace(flagged=("a file says so",)), CLEAN, {}, None, Reboot(True, ("a file says so",))),
        (
            KERNEL,
            DBUS,
            {"dbus.service": REBOOT},
            None,
            Reboot(True, ("dbus.service runs replaced code (/usr/lib/libssl.so.3)",)),
        ),
        # Somebody's session, or what the user wants to keep, is no reason to reboot.
        (KERNEL, DBUS, {"dbus.service": "keep_running names it (dbus*)"}, None, Reboot(False)),
        # What nobody may look into is not well; a reason that is known stays one.
        (KERNEL, Scan((), ("nginx.service",)), {}, None, Reboot(None)),
        (KERNEL, Scan((), ("nginx.service",)), {}, True, Reboot(True, ("the package manager itself says so",))),
    ],
)
def test_a_reboot_is_due_for_a_reason_that_is_told_and_unknown_is_not_no(
    kernel: Kernel, scan: Scan, left: Mapping[str, str], own_word: bool | None, judged: Reboot
) -> None:
    assert restarts.judge(kernel, scan, left, own_word=own_word) == judged


@pytest.mark.parametrize(
    "names,left,told",
    [
        (["nginx", "linux-image-amd64"], {}, ()),
        (
            ["linux-image-6.1.0-31-amd64", "nginx"],
            {},
            ("a kernel comes: linux-image-6.1.0-31-amd64",),
        ),
        (["kernel-core"], {}, ("a kernel comes: kernel-core",)),
        (
            ["libdbus"],
            {"dbus.service": REBOOT, "getty@tty1.service": "a session"},
            ("dbus.service will run replaced code",),
        ),
    ],
)
def test_an_update_makes_a_reboot_due_by_a_kernel_or_by_what_cannot_be_restarted(
    names: list[str], left: Mapping[str, str], told: tuple[str, ...]
) -> None:
    assert restarts.judge_after(names, left) == told
