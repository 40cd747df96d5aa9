"""The lab keeps what playbooks/lab.yml and CONTRIBUTING.md promise of its hosts."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request

import pytest
import testinfra
from testinfra.host import Host

ADDRESSES = {"old": "10.89.101.12", "new": "10.89.101.13"}
testinfra_hosts = [f"ssh://{name}" for name in ADDRESSES]


def name_of(host: Host) -> str:
    return str(host.backend.get_pytest_id()).removeprefix("ssh://")


def container_of(host: Host) -> dict[str, dict[str, object]]:
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    output = subprocess.check_output([*sudo, "podman", "inspect", f"lab-{name_of(host)}"])
    container: dict[str, dict[str, object]] = json.loads(output)[0]
    return container


def boot_time(host: Host) -> str:
    return str(host.check_output("cut -d ' ' -f 22 /proc/1/stat"))


def wait_for_another_boot(host: Host, before: str) -> str:
    """The time of the boot that came after `before`; a host that is down answers with status 255, a RuntimeError to testinfra."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            now = boot_time(host)
        except RuntimeError:
            now = before
        if now != before:
            return now
        time.sleep(0.2)
    pytest.fail(f"{name_of(host)} did not come back within 20 s")


def test_systemd_is_running_without_failed_units(host: Host) -> None:
    assert host.run("systemctl is-system-running").stdout.strip() == "running", host.run("systemctl --failed").stdout


def test_the_user_becomes_root_without_a_password(host: Host) -> None:
    assert host.check_output("id -un; echo $SUDO_USER").split() == ["root", "crew"]


def test_python_and_its_apt_bindings_are_the_systems_own(host: Host) -> None:
    assert host.run("/usr/bin/python3 -c 'import apt'").rc == 0


def test_hosts_resolve_and_reach_one_another(host: Host) -> None:
    for name, address in ADDRESSES.items():
        assert host.check_output(f"getent ahostsv4 {name}").split()[0] == address
        assert host.run(f"timeout 2 bash -c '</dev/tcp/{name}/22'").rc == 0


def test_sshd_logs_each_execution_so_that_they_can_be_counted(host: Host) -> None:
    assert "Starting session: command" in host.check_output("journalctl --unit ssh --no-pager")


def test_a_package_of_the_roles_installs_without_a_download(host: Host) -> None:
    assert "Need to get 0 B/" in host.run("apt-get --assume-no install haproxy").stdout


def test_no_container_is_privileged(host: Host) -> None:
    assert container_of(host)["HostConfig"]["Privileged"] is False


def test_only_the_host_that_asks_gets_a_capability(host: Host) -> None:
    assert ("CAP_NET_ADMIN" in container_of(host)["EffectiveCaps"]) == (name_of(host) == "new")


def test_only_the_host_that_asks_gets_a_small_file_system(host: Host) -> None:
    mounted = host.run("df --output=size --block-size=1M /srv/small | tail -1").stdout.split()
    assert (mounted == ["8"]) == (name_of(host) == "old")


def fetch(url: str, *, within_s: float) -> bytes:
    deadline = time.monotonic() + within_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bytes(answer.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_a_published_port_answers_on_the_controller(pytestconfig: pytest.Config) -> None:
    host = testinfra.get_host("ssh://old?sudo=true", ssh_config=pytestconfig.getoption("ssh_config"))
    host.check_output("systemd-run --collect --unit answer python3 -m http.server 8080 --directory /etc/apt")
    assert b"sources.list" in fetch("http://127.0.0.1:18901/", within_s=5)
    host.check_output("systemctl stop answer")


def test_a_reboot_over_ssh_comes_back_with_the_same_address(host: Host) -> None:
    before = boot_time(host)
    ssh = ["ssh", "-F", host.backend.ssh_config, name_of(host)]
    subprocess.run([*ssh, "sudo", "systemctl", "reboot"], check=False, timeout=20, capture_output=True)
    assert wait_for_another_boot(host, before)
    assert ADDRESSES[name_of(host)] in host.check_output("ip -4 -brief address show dev eth0")
    assert host.run("systemctl is-system-running --wait").stdout.strip() == "running"
