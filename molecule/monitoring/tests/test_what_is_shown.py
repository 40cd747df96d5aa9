"""What Prometheus serves of a fleet that has been watched for some minutes: every query of every panel, and every page in a browser."""

from __future__ import annotations

import os
import subprocess
import sys

from ansible_collections.groundcrew.fleet.molecule.monitoring.tests.world import (
    HOSTS,
    PASSWORD,
    PROJECT,
    STATE,
    series,
    within,
)

# What else pages can do does not depend on whose figures they show, and the part `pages` has it.
ON_A_FLEET = "has_data or can_be_chosen or is_marked or is_whole"


def test_every_query_has_data_and_every_page_is_whole() -> None:
    for metric in ("groundcrew_patch_compliant", "groundcrew_drift_changes"):
        told = within(20, lambda metric=metric: set(series("mon1", f"max by (host) ({metric})")) == set(HOSTS))
        assert told, series("mon1", metric)
    # Days are looked at each two minutes, and a line needs some of these to be seen.
    past = "sum(count_over_time(slo:error_budget_left:ratio{app='shop'}[15m]))"
    assert within(400, lambda: series("mon1", past).get("", 0) >= 3), series("mon1", past)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", ON_A_FLEET, f"{PROJECT}/tests/pages"],
        env={
            **os.environ,
            "PAGES_URL": f"https://prometheus:{PASSWORD}@{HOSTS['mon1']}:9090",
            "PAGES_CA": str(STATE / "certificates/ca.crt"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
