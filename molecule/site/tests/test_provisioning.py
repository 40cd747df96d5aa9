"""What roles/provisioning/README.md promises."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from testinfra.host import Host

testinfra_hosts = ["ssh://old", "ssh://new"]

Play = Callable[..., "subprocess.CompletedProcess[str]"]


def test_the_packages_are_installed(host: Host) -> None:
    assert host.package("less").is_installed


def test_a_service_has_an_account_that_nobody_logs_in_to(host: Host) -> None:
    shop = host.user("shop")
    assert (shop.shell, shop.home) == ("/usr/sbin/nologin", "/nonexistent")


def test_a_person_has_the_account_that_was_asked_for(host: Host) -> None:
    alice = host.user("alice")
    assert (alice.uid, alice.gecos, alice.shell) == (1500, "Alice of the ground crew", "/bin/bash")
    assert "adm" in alice.groups


def test_a_home_belongs_to_its_person_alone(host: Host) -> None:
    home = host.file("/home/alice")
    assert (home.user, home.mode) == ("alice", 0o700)


def test_a_person_logs_in_by_key_and_becomes_root(host: Host) -> None:
    name = host.backend.get_pytest_id().removeprefix("ssh://")
    ssh = ["ssh", "-F", host.backend.ssh_config, "-o", "ControlPath=none", "-l", "alice", name]
    run = subprocess.run([*ssh, "sudo", "-n", "id", "-un"], capture_output=True, text=True, check=False, timeout=60)
    assert run.stdout.strip() == "root", run.stderr


def test_whoever_leaves_the_list_loses_keys_and_sudo_but_not_the_files(host: Host, include_role: Play) -> None:
    without = include_role("provisioning", provisioning_accounts=[{"name": "shop", "system": True}])
    try:
        assert without.returncode == 0, without.stdout
        assert not host.file("/etc/groundcrew/authorized_keys/alice").exists
        assert not host.file("/etc/sudoers.d/groundcrew").exists
        assert not host.user("alice").exists
        assert host.file("/home/alice").uid == 1500
    finally:
        again = include_role("provisioning")
    assert again.returncode == 0, again.stdout
    assert host.file("/etc/groundcrew/authorized_keys/alice").exists
