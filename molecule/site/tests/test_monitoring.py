"""What roles/monitoring/README.md promises."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
from testinfra.host import Host

testinfra_hosts = ["ssh://old", "ssh://new"]

Play = Callable[..., subprocess.CompletedProcess[str]]
Get = Callable[[str], tuple[int, str]]
Api = Callable[[str], Any]
RULES = {"Always", "InstanceDown", "DiskFillsUp", "BackendWithoutServers", "Watchdog"}
SECRET = "zq-planted-credentials"


@pytest.fixture
def api(get: Get) -> Api:
    """Ask Prometheus on the host: the path and query in, its data out."""

    def ask(path: str) -> Any:
        status, body = get(f"http://127.0.0.1:9090/api/v1/{path}")
        assert status == 200, body
        return json.loads(body)["data"]

    return ask


def within(seconds: float, claim: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def test_every_host_of_the_inventory_is_scraped_under_its_name(api: Api) -> None:
    wanted = {(job, host) for job in ("node", "shop") for host in ("old", "new")}

    def all_up() -> bool:
        targets = api("targets?state=active")["activeTargets"]
        up = {(one["labels"]["job"], one["labels"]["host"]) for one in targets if one["health"] == "up"}
        return wanted <= up and {"prometheus", "alertmanager"} <= {job for job, _host in up}

    assert within(60, all_up), api("targets?state=active")


def test_the_rules_of_the_role_and_those_of_the_site_are_loaded(api: Api) -> None:
    assert {rule["name"] for group in api("rules")["groups"] for rule in group["rules"]} >= RULES


def test_an_alert_reaches_alertmanager(get: Get) -> None:
    assert within(60, lambda: '"alertname":"Always"' in get("http://127.0.0.1:9093/api/v2/alerts")[1])


def test_prometheus_and_alertmanager_listen_for_the_host_alone(host: Host) -> None:
    for port in (9090, 9093):
        assert host.socket(f"tcp://127.0.0.1:{port}").is_listening
        assert not host.socket(f"tcp://0.0.0.0:{port}").is_listening


def test_alertmanager_opens_no_port_for_peers_that_it_does_not_have(host: Host) -> None:
    assert not host.socket("tcp://9094").is_listening


def test_what_alertmanager_sends_to_is_for_root_and_its_group_alone(host: Host) -> None:
    config = host.file("/etc/prometheus/alertmanager.yml")
    assert (config.user, config.group, config.mode) == ("root", "prometheus", 0o640)


def test_a_job_that_leaves_is_forgotten_and_a_receivers_secret_shows_nowhere(host: Host, include_role: Play) -> None:
    host.check_output("touch /etc/prometheus/targets/stray.json")
    extra = [{"name": "extra", "groups": ["all"], "port": 9100}]
    nobody = [{"name": "team"}]
    changed = include_role("monitoring", monitoring_jobs=extra, monitoring_receivers=nobody)
    there = set(host.check_output("ls /etc/prometheus/targets").split())
    back = include_role("monitoring")
    left = set(host.check_output("ls /etc/prometheus/targets").split())
    assert (changed.returncode, back.returncode) == (0, 0), changed.stdout + back.stdout
    assert "stray.json" not in there
    assert there - left == {"extra.json"}
    assert SECRET not in changed.stdout + back.stdout
    assert host.run(f"journalctl --no-pager | grep -v COMMAND= | grep {SECRET}").rc == 1
