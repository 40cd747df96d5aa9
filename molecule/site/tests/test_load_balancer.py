"""What roles/load_balancer/README.md promises."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from testinfra.host import Host

testinfra_hosts = ["ssh://old", "ssh://new"]

Play = Callable[..., subprocess.CompletedProcess[str]]
Get = Callable[[str], tuple[int, str]]


def name_of(host: Host) -> str:
    return str(host.backend.get_pytest_id().removeprefix("ssh://"))


def tell(host: Host, order: str) -> str:
    return str(host.check_output(f"echo '{order}' | socat - /run/haproxy/admin.sock"))


def servers(host: Host) -> dict[str, str]:
    """Each server of the backend with what HAProxy makes of it."""
    rows = [line.split(",") for line in tell(host, "show stat").splitlines() if line.startswith("shop,")]
    return {row[1]: row[17] for row in rows if row[1] != "BACKEND"}


def wait_for(host: Host, name: str, status: str) -> None:
    deadline = time.monotonic() + 30
    while servers(host)[name] != status:
        assert time.monotonic() < deadline, servers(host)
        time.sleep(0.5)


def test_requests_are_answered_by_the_app_hosts(get: Get) -> None:
    assert get("http://127.0.0.1/")[0] == 200


def test_every_app_host_is_a_server_that_is_up(host: Host) -> None:
    for name in ("old", "new"):
        wait_for(host, name, "UP")


def test_metrics_are_there_for_prometheus_and_only_on_the_host_itself(host: Host, get: Get) -> None:
    assert "haproxy_backend_active_servers" in get("http://127.0.0.1:8404/metrics")[1]
    assert host.socket("tcp://127.0.0.1:8404").is_listening
    assert not host.socket("tcp://0.0.0.0:8404").is_listening


def test_a_drain_outlives_a_reload_and_a_restart_and_ends_with_restore(host: Host, include_role: Play) -> None:
    drained = include_role("load_balancer", "drain")
    assert drained.returncode == 0, drained.stdout
    assert servers(host)[name_of(host)] == "DRAIN"
    for way in ("reload", "restart"):
        host.check_output(f"systemctl {way} haproxy")
        time.sleep(2)
        assert servers(host)[name_of(host)] == "DRAIN", way
    restored = include_role("load_balancer", "restore")
    assert restored.returncode == 0, restored.stdout
    assert servers(host)[name_of(host)] == "UP"


@pytest.fixture
def the_other_is_out(host: Host) -> Iterator[None]:
    """The other server is not serving, in the eyes of this host's load balancer."""
    other = ({"old", "new"} - {name_of(host)}).pop()
    tell(host, f"set server shop/{other} state maint")
    yield
    tell(host, f"set server shop/{other} state ready")
    wait_for(host, other, "UP")


@pytest.mark.usefixtures("the_other_is_out")
def test_the_last_server_that_serves_cannot_leave(host: Host, include_role: Play) -> None:
    try:
        assert include_role("load_balancer", "drain").returncode != 0
        assert servers(host)[name_of(host)] == "UP"
    finally:
        # The other load balancer may have let it go before this one refused.
        assert include_role("load_balancer", "restore").returncode == 0
