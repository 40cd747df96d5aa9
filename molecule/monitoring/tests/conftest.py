"""What the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.groundcrew.fleet.molecule.monitoring.tests.world import (
    APPS,
    PROJECT,
    STATE,
    Pages,
    on,
    play,
    receiver,
)

AT_ONCE = [
    {
        "name": "at-once",
        "rules": [{"alert": "AppStopped", "expr": 'up{job="shop"} == 0', "labels": {"severity": "page"}}],
    }
]


@pytest.fixture(scope="session")
def pages() -> Iterator[Pages]:
    with receiver() as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def reported() -> None:
    """Patches and drift are told by their playbooks, early, so that there is a past to show; all else is there by itself."""
    for playbook, given in (
        (
            "patch_report",
            {"patch_report_page": str(STATE / "patches.html"), "patch_report_json": str(STATE / "patches.json")},
        ),
        ("drift", {"drift_playbooks": [f"{PROJECT}/playbooks/monitor.yml"], "drift_metrics_enabled": True}),
    ):
        done = play(playbook=playbook, **given)
        assert done.rc == 0, done.said[-3000:]


# Other plays between two modules would take the rule away.
@pytest.fixture(scope="module")
def alerted() -> Iterator[None]:
    """A rule without `for`, and a look each second; what the inventory says comes back afterwards."""
    for app in APPS:
        on(app, "systemctl", "start", "shop")
    done = play("--limit=monitoring", monitoring_rules=AT_ONCE, monitoring_scrape_interval_s=1)
    assert done.rc == 0, done.said[-3000:]
    yield
    play("--limit=monitoring")


@pytest.fixture
def by_one() -> Iterator[None]:
    """All rests on mon1, as when the host of the other is down.

    Of a pair, the second says fifteen seconds later what was so when it looked: short outages one after the other would be told
    of anew when they are over. And an alert of a group that is known waits for the group's interval.
    """
    at_once = {"group_by": ["alertname", "host"], "group_wait": "1s", "group_interval": "1s"}
    done = play("--limit=mon1", monitoring_rules=AT_ONCE, monitoring_scrape_interval_s=1, monitoring_route=at_once)
    assert done.rc == 0, done.said[-3000:]
    servers = ("prometheus", "prometheus-alertmanager")
    on("mon2", "systemctl", "stop", *servers)
    yield
    on("mon2", "systemctl", "start", *servers)
