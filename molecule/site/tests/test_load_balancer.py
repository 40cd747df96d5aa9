"""What roles/load_balancer/README.md promises."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import pytest
from testinfra.host import Host

testinfra_hosts = ["ssh://old", "ssh://new"]

Play = Callable[..., "subprocess.CompletedProcess[str]"]
Get = Callable[[str], "tuple[int, str]"]


def servers(host: Host) -> dict[str, str]:
    """Each server of the backend with what HAProxy makes of it."""
    stat = host.check_output("echo 'show stat' | socat - /run/haproxy/admin.sock")
    rows = [line.split(",") for line in stat.splitlines() if line.startswith("shop,")]
    return {row[1]: row[17] for row in rows if row[1] != "BACKEND"}


def wait_for(host: Host, name: str, status: str) -> None:
    deadline = time.monotonic() + 15
    while servers(host)[name] != status:
        assert time.monotonic() < deadline, servers(host)
        time.sleep(0.5)


def test_requests_are_answered_by_the_app_hosts(get: Get) -> None:
    assert get("http://127.0.0.1/")[0] == 200


def test_every_app_host_is_a_server_that_is_up(host: Host) -> None:
    assert servers(host) == {"old": "UP", "new": "UP"}


def test_metrics_are_there_for_prometheus_and_only_on_the_host_itself(host: Host, get: Get) -> None:
    assert "haproxy_backend_active_servers" in get("http://127.0.0.1:8404/metrics")[1]
    assert host.socket("tcp://127.0.0.1:8404").is_listening
    assert not host.socket("tcp://0.0.0.0:8404").is_listening


@pytest.fixture
def drained(host: Host, include_role: Play) -> str:
    """The host's own name, which is drained in both load balancers and brought back by the test."""
    run = include_role("load_balancer", "drain")
    assert run.returncode == 0, run.stdout
    return str(host.backend.get_pytest_id().removeprefix("ssh://"))


def test_a_drain_outlives_a_reload_and_a_restart_and_ends_with_restore(
    host: Host, drained: str, include_role: Play
) -> None:
    assert servers(host)[drained] == "DRAIN"
    for way in ("reload", "restart"):
        host.check_output(f"systemctl {way} haproxy")
        time.sleep(2)
        assert servers(host)[drained] == "DRAIN", way
    restored = include_role("load_balancer", "restore")
    assert restored.returncode == 0, restored.stdout
    assert servers(host)[drained] == "UP"


def test_the_last_server_that_serves_cannot_leave(host: Host, drained: str, include_role: Play) -> None:
    try:
        other = ({"old", "new"} - {drained}).pop()
        host.check_output(f"echo 'disable server shop/{other}' | socat - /run/haproxy/admin.sock")
        host.check_output(f"echo 'set server shop/{drained} state ready' | socat - /run/haproxy/admin.sock")
        wait_for(host, drained, "UP")
        refused = include_role("load_balancer", "drain")
        assert refused.returncode != 0
        assert servers(host)[drained] == "UP"
    finally:
        host.check_output(f"echo 'enable server shop/{other}' | socat - /run/haproxy/admin.sock")
        assert include_role("load_balancer", "restore").returncode == 0
    wait_for(host, other, "UP")


def test_a_configuration_that_haproxy_refuses_is_never_put_in_place(host: Host, include_role: Play) -> None:
    before = host.file("/etc/haproxy/haproxy.cfg").sha256sum
    refused = include_role("load_balancer", load_balancer_maxconn=-1)
    assert refused.returncode != 0
    assert host.file("/etc/haproxy/haproxy.cfg").sha256sum == before


def test_a_frontend_without_its_backend_is_refused_before_anything_changes(include_role: Play) -> None:
    refused = include_role("load_balancer", load_balancer_frontends=[{"name": "f", "port": 80, "backend": "absent"}])
    assert refused.returncode != 0
    assert "names a backend" in refused.stdout


def test_a_host_that_no_backend_has_is_left_alone(include_role: Play) -> None:
    run = include_role("load_balancer", "drain", load_balancer_group="no_such_group")
    assert run.returncode == 0
    assert "changed=0" in run.stdout
