"""kill -9 in the middle of a module's own plan: the people of a host are as they were, or as listed, and root can be reached."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import Machine
from ansible_collections.groundcrew.fleet.tests.crash.test_kill import tell, whole

# Every operation would take minutes; a few of each kind do not.
EVERY = 6


def test_accounts_are_whole_and_the_host_reachable_after_kill(
    quick: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    quick.bring_engines()
    report = quick.drive("planned", every=EVERY)
    with capsys.disabled():
        tell(report, f"of {report['operations']} operations of accounts")
    whole(report)
    assert report["operations"] > 100
    assert set(report["states"]) == {"old", "new"}
