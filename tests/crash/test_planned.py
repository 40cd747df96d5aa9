"""kill -9 in the middle of a module's own plans: the host is as it was, or as asked for, and root can be reached."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import Machine
from ansible_collections.groundcrew.fleet.tests.crash.test_kill import tell, whole


# Every operation would take minutes; a few of each kind do not.
@pytest.mark.parametrize(
    "subject, every, fewest, states",
    [("accounts", 6, 100, {"old", "new"}), ("hardening", 11, 100, {"old", "between", "new"})],
)
def test_host_is_whole_and_reachable_after_kill_in_a_run_of(
    quick: Machine, subject: str, every: int, fewest: int, states: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    quick.bring_engines()
    report = quick.drive("planned", subject=subject, every=every)
    with capsys.disabled():
        tell(report, f"of {report['operations']} operations of {subject}")
    whole(report)
    assert report["operations"] > fewest
    assert set(report["states"]) == states
