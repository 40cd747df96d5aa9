"""What the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.groundcrew.fleet.molecule.monitoring.tests.world import APPS, Pages, on, play, receiver

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


@pytest.fixture(scope="session")
def alerted() -> Iterator[None]:
    """A rule without `for`, and a look each second; what the inventory says comes back afterwards."""
    for app in APPS:
        on(app, "systemctl", "start", "shop")
    done = play("--limit=monitoring", monitoring_rules=AT_ONCE, monitoring_scrape_interval_s=1)
    assert done.rc == 0, done.said[-3000:]
    yield
    play("--limit=monitoring")
