"""What the roles refuse, before anything has changed; one host is enough, as most of it happens on the controller."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from testinfra.host import Host

testinfra_hosts = ["ssh://new"]

Play = Callable[..., "subprocess.CompletedProcess[str]"]


def text(run: subprocess.CompletedProcess[str]) -> str:
    return " ".join(run.stdout.split())


def test_a_key_that_is_no_public_key_is_refused_with_the_cure(include_role: Play) -> None:
    refused = include_role("provisioning", provisioning_accounts=[{"name": "bob", "ssh_keys": ["not a key"]}])
    assert refused.returncode != 0
    assert "whole line of a .pub file" in text(refused)


def test_a_version_that_would_leave_its_directory_is_refused(include_role: Play) -> None:
    refused = include_role("deployment", deployment_version="../etc")
    assert refused.returncode != 0
    assert "no slash" in text(refused)


def test_an_account_that_does_not_exist_stops_nothing(host: Host, include_role: Play) -> None:
    pid = host.process.get(user="shop", comm="python3").pid
    refused = include_role("deployment", deployment_user="nobody-of-that-name")
    assert refused.returncode != 0
    assert host.process.get(user="shop", comm="python3").pid == pid


def test_a_frontend_without_its_backend_is_refused(include_role: Play) -> None:
    refused = include_role("load_balancer", load_balancer_frontends=[{"name": "f", "port": 80, "backend": "absent"}])
    assert refused.returncode != 0
    assert "names a backend" in text(refused)


def test_a_configuration_that_haproxy_refuses_is_never_put_in_place(host: Host, include_role: Play) -> None:
    before = host.file("/etc/haproxy/haproxy.cfg").sha256sum
    backends = [{"name": "shop", "hosts": ["old", "new"], "port": 8000, "balance": "no-such-way"}]
    refused = include_role("load_balancer", load_balancer_backends=backends)
    assert refused.returncode != 0
    assert "refuses the new files, so nothing was touched" in text(refused)
    assert host.file("/etc/haproxy/haproxy.cfg").sha256sum == before


def test_a_rule_that_prometheus_refuses_is_never_put_in_place(host: Host, include_role: Play) -> None:
    broken = [{"name": "broken", "rules": [{"alert": "Broken", "expr": "up =="}]}]
    refused = include_role("monitoring", monitoring_rules=broken)
    assert refused.returncode != 0
    assert "promtool" in refused.stdout
    assert "Broken" not in host.file("/etc/prometheus/rules/site.yml").content_string


def test_a_receiver_that_does_not_exist_is_refused(include_role: Play) -> None:
    refused = include_role("monitoring", monitoring_route={"receiver": "absent"})
    assert refused.returncode != 0
    assert "names a receiver" in text(refused)
