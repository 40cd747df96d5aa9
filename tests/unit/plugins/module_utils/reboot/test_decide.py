from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.reboot.decide import Wish, decide

NEEDED = Wish("if_needed")
CALM: dict[str, Any] = {
    "uptime": {"days": 12.3},
    "low": False,
    "low_why": "900 MiB (44 %) of memory are available",
    "forecast": None,
    "unsettled": None,
}
RISING = {"within_horizon": True, "early": False, "why": "out of memory in 3.0 hours"}
STEADY = {"within_horizon": False, "early": False, "why": "the floor does not rise"}
UNKNOWN = {"within_horizon": None, "early": False, "why": "Prometheus cannot be reached"}
EARLY = {"within_horizon": None, "early": True, "why": "only 3 samples since all began anew"}
LEFT = {"when": "2026-01-01T00:00:00Z", "why": "leak", "run_id": "r", "happened": True}


def updates(needed: bool | None, *why: str) -> dict[str, Any]:
    return {"reboot": {"needed": needed, "why": list(why)}}


@pytest.mark.parametrize(
    "wish, memory, found, due, why",
    [
        (Wish("never"), {**CALM, "low": True}, {}, False, "the mode is never"),
        (Wish("always"), {}, {}, True, "it was asked for"),
        (Wish("always", why="a new kernel"), {}, {}, True, "a new kernel"),
        (NEEDED, CALM, {}, False, "no reboot is due: up for 12.3 days, 900 MiB"),
        (NEEDED, CALM, updates(False), False, "no reboot is due"),
        (NEEDED, CALM, updates(True, "kernel 6.1-40 is installed"), True, "kernel 6.1-40 is installed"),
        (NEEDED, CALM, updates(None, "the boot loader cannot be read"), None, "the boot loader cannot be read"),
        (NEEDED, CALM, {**updates(None), "unknown": ["what ssh runs"]}, None, "what ssh runs"),
        (NEEDED, CALM, updates(None), None, "could not be read"),
        (Wish("if_needed", max_uptime_days=12), CALM, {}, True, "up for 12.3 days, and 12 are the most"),
        (Wish("if_needed", max_uptime_days=13), CALM, {}, False, "no reboot is due"),
        (NEEDED, {**CALM, "low": True, "low_why": "5 % are available"}, {}, True, "5 % are available"),
        (NEEDED, {**CALM, "forecast": RISING}, {}, True, "out of memory in 3.0 hours"),
        (NEEDED, {**CALM, "forecast": STEADY}, {}, False, "the floor does not rise"),
        (NEEDED, {**CALM, "forecast": EARLY}, {}, False, "only 3 samples"),
        (NEEDED, {**CALM, "forecast": UNKNOWN}, {}, None, "no forecast: Prometheus cannot be reached"),
        # One reason is enough, whatever else is unknown.
        (NEEDED, {**CALM, "forecast": UNKNOWN}, updates(True, "kernel"), True, "kernel"),
        (Wish("if_needed", why="October"), CALM, updates(True, "kernel"), True, "October; kernel"),
        (NEEDED, {**CALM, "unsettled": LEFT}, {}, True, "nobody has seen the end of the reboot that began 2026-01-01"),
    ],
)
def test_a_host_is_rebooted_for_a_reason(
    wish: Wish, memory: dict[str, Any], found: dict[str, Any], due: bool | None, why: str
) -> None:
    decision = decide(wish, memory, found)
    assert decision.due is due
    assert why in decision.why


def test_an_earlier_reboot_without_its_end_is_settled_where_no_other_is_due() -> None:
    assert decide(NEEDED, {**CALM, "unsettled": LEFT}, {}).state == "settled"
    assert decide(NEEDED, {**CALM, "unsettled": LEFT, "forecast": RISING}, {}).state == "rebooted"
    assert decide(Wish("always"), {}, {}).state == "rebooted"


def test_a_mode_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadInput, match="sometimes"):
        decide(Wish("sometimes"), CALM, {})
