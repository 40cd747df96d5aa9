"""kill -9 at every recorded operation: the host is whole after whatever recovers it."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import Machine
from ansible_collections.groundcrew.fleet.tests.fleet.today import turn

SEED = 20261123
# With CRASH=full every operation; else each third, beginning with another one each day (or with CRASH=0, 1 or 2), since all of them
# take minutes.
ASKED = os.environ.get("CRASH", "")
EVERY = 1 if ASKED == "full" else 3
SHARE: dict[str, Any] = {"every": EVERY, "from": int(ASKED) if ASKED.isdigit() else turn(EVERY)}
EVERYWAY = ["boot", "undo", "finish", "next", "twice"]


def tell(report: dict[str, Any], what: str) -> None:
    """What a reader of the log wants to know: how many, in which states they ended, how long it took."""
    spent = report.get("seconds", "")
    sys.stdout.write(f"\n{report['survived']} {what} survived: {report['states']}, {report['took']} s {spent}\n")


def chosen(report: dict[str, Any]) -> int:
    """How many operations of the report's trace, and its end, are those of today."""
    return len(range(SHARE["from"], report["operations"] + 1, EVERY))


def whole(report: dict[str, Any]) -> None:
    assert not report["failures"], "\n".join([f"{len(report['failures'])} complaints", *report["failures"][:20]])


@pytest.mark.parametrize(
    "trace, ways, fewest",
    [
        ("files", EVERYWAY, 100),
        ("package", EVERYWAY, 60),
        ("release", EVERYWAY, 90),
        ("armed", ["timer", "boot", "undo", "next"], 110),
    ],
)
def test_host_is_whole_after_kill_at_each_operation(
    quick: Machine, trace: str, ways: list[str], fewest: int, capsys: pytest.CaptureFixture[str]
) -> None:
    report = quick.drive("kill", trace=trace, ways=ways, seed=SEED, **SHARE)
    with capsys.disabled():
        tell(report, f"recorded operations of the trace '{trace}', {SHARE},")
    whole(report)
    assert report["survived"] == chosen(report)
    assert report["operations"] >= fewest
    assert set(report["states"]) == {"old", "new"}


def test_host_is_whole_after_apt_is_killed_in_the_middle(quick: Machine) -> None:
    report = quick.drive("package_killed", times=8, span_s=0.8, seed=SEED)
    tell(report, "random kills of apt")
    whole(report)


def test_package_that_fails_and_service_that_fails_with_it_are_taken_back(quick: Machine) -> None:
    report = quick.drive("package_broken")
    whole(report)
    assert "undone True" in report["script"]
    assert "crash-broken" in report["script"]
    assert "undone True" in report["unwell"]
    assert report["audit"] == ""
