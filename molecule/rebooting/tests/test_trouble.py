"""A host that is not whole again is named, and one that must not go down now stays up."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from testinfra.host import Host

testinfra_hosts = ["ssh://new"]


@pytest.fixture
def frail(host: Host) -> Iterator[None]:
    host.check_output("touch /run/frail && systemctl enable --now frail.service")
    yield
    host.check_output("systemctl disable --now frail.service; systemctl reset-failed")


@pytest.fixture
def inhibitor(host: Host) -> Iterator[None]:
    host.check_output(
        "systemd-run --unit=tape systemd-inhibit --what=shutdown --who=backup --why='it writes a tape' sleep infinity"
    )
    host.check_output("timeout 10 sh -c 'until systemd-inhibit --list | grep -q tape; do sleep 0.1; done'")
    yield
    host.check_output("systemctl stop tape.service")


@pytest.mark.usefixtures("frail")
def test_a_service_that_does_not_come_back_fails_the_run_by_its_name(ledger: Any, command: Any) -> None:
    run = subprocess.run(command("again.yml", "new"), capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "frail.service is failed (failed), result exit-code" in run.stdout
    assert "the shelf is empty" in run.stdout
    ended = ledger()[-1]
    assert (ended["what"], ended["result"], list(ended["missing"])) == ("rebooted", "failed", ["frail.service"])


@pytest.mark.usefixtures("inhibitor")
def test_a_host_that_a_program_holds_up_is_not_rebooted(ledger: Any, command: Any) -> None:
    before = ledger()
    run = subprocess.run(command("again.yml", "new"), capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "must not be rebooted now, says backup (it writes a tape)" in run.stdout
    assert ledger() == before
