"""Power loss before every operation: what was not synced is gone, all of it or any part."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import Machine
from ansible_collections.groundcrew.fleet.tests.crash.test_kill import SEED, SHARE, chosen, tell, whole


@pytest.mark.parametrize("trace", ["disk", "release"])
def test_host_is_whole_after_power_loss_at_each_operation(
    quick: Machine, trace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = quick.drive("power", trace=trace, subsets=2, seed=SEED, **SHARE)
    with capsys.disabled():
        tell(report, f"power losses of the trace '{trace}', {SHARE},")
    whole(report)
    assert report["survived"] == 3 * chosen(report)
