from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import systemd
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.systemd import UnitState

SHOWN = Path(__file__).parents[3] / "fixtures" / "systemd" / "show.debian12.txt"
NAMES = ("ssh.service", "nothing.service", "tmp.mount", "dbus.socket")


@pytest.fixture
def units() -> dict[str, UnitState]:
    blocks = SHOWN.read_text("utf-8").rstrip("\n").split("\n\n")
    return {name: systemd.parse(name, block, 1000.0) for name, block in zip(NAMES, blocks)}


def test_running_service_is_read_whole(units: dict[str, UnitState]) -> None:
    assert units["ssh.service"] == UnitState(
        name="ssh.service",
        load="loaded",
        active="active",
        sub="running",
        enabled="enabled",
        result="success",
        fragment="/lib/systemd/system/ssh.service",
        dropins=("/etc/systemd/system/ssh.service.d/host-keys.conf",),
        environment_files=("/etc/default/ssh",),
        binary="/usr/sbin/sshd",
        started_at=1000.0 + 2474.050151,
        main_pid=43,
        can_reload=True,
        needs_daemon_reload=False,
        restart="on-failure",
        restarts=0,
        invocation="54953b3094cb4996babdb9e91d628734",
    )
    assert units["ssh.service"].is_active
    assert units["ssh.service"].is_enabled


def test_unit_that_does_not_exist_is_told_as_such(units: dict[str, UnitState]) -> None:
    state = units["nothing.service"]
    assert (state.load, state.active, state.started_at, state.invocation) == ("not-found", "inactive", None, "")
    assert not state.is_active
    assert not state.is_enabled


def test_mounts_and_sockets_start_when_they_enter_active(units: dict[str, UnitState]) -> None:
    assert units["tmp.mount"].started_at == 1000.0 + 2470.351335
    assert units["dbus.socket"].is_enabled


@pytest.mark.parametrize("block", ["", "ActiveState=failed", "garbage\n=\n"])
def test_missing_properties_are_nothing_worse_than_unknown(block: str) -> None:
    state = systemd.parse("a.service", block, 0)
    assert (state.name, state.load, state.main_pid, state.started_at) == ("a.service", "not-found", 0, None)


def test_no_units_are_no_call() -> None:
    assert systemd.show([]) == {}
