"""A disk that is full, becomes full, or breaks: nothing changed with the cause told, or done."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import Machine
from ansible_collections.groundcrew.fleet.tests.crash.test_kill import tell, whole


@pytest.mark.parametrize("which", ["state", "targets", "both"])
def test_at_each_level_of_a_full_disk_nothing_or_all_is_changed(quick: Machine, which: str) -> None:
    report = quick.drive("levels", which=which)
    tell(report, f"levels of a full disk ({which})")
    whole(report)
    assert set(report["states"]) == {"old", "new"}
    assert report["survived"] > 10


@pytest.mark.parametrize("which", ["state", "targets", "both"])
def test_disk_that_fills_before_any_operation_leaves_the_host_whole(quick: Machine, which: str) -> None:
    report = quick.drive("fills", which=which)
    tell(report, f"operations on a disk that fills ({which})")
    whole(report)


@pytest.mark.parametrize("for_good", [False, True])
def test_operation_that_fails_leaves_the_host_whole_or_with_a_way_out(quick: Machine, *, for_good: bool) -> None:
    report = quick.drive("fails", for_good=for_good)
    tell(report, f"failing operations (for good: {for_good})")
    whole(report)
