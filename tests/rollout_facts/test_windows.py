"""When a rollout may run: windows and freezes, as the head tells them, and as they stop one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.tests.rollout_facts.playing import Fleet

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ALWAYS = {"name": "always", "days": DAYS, "start": "00:00", "end": "00:00", "timezone": "UTC"}


def now() -> datetime:
    return datetime.now(timezone.utc)


def not_today() -> dict[str, Any]:
    """A window that opens in three days."""
    return {**ALWAYS, "name": "later", "days": [DAYS[(now().weekday() + 3) % 7]]}


def freeze(**more: str) -> dict[str, Any]:
    week = timedelta(days=7)
    dates = {"from": f"{now() - week:%Y-%m-%d}", "until": f"{now() + week:%Y-%m-%d}"}
    return {"name": "fair", **dates, "timezone": "Europe/Berlin", "reason": "the trade fair", **more}


def closing_soon() -> dict[str, Any]:
    """A window that closes within two minutes, but not before a run has begun."""
    closes = (now() + timedelta(seconds=100)).replace(second=0)
    return {**ALWAYS, "name": "short", "start": f"{closes - timedelta(hours=3):%H:%M}", "end": f"{closes:%H:%M}"}


def test_outside_every_window_a_run_is_refused_before_anything(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_windows=[not_today()])
    assert outcome.status == 2
    assert "in force now: no (no window is open); next opens: " in outcome.output
    assert "(window later)" in outcome.output
    assert "rollout_outside_windows" in outcome.output
    assert outcome.notes == []
    assert not fleet.state.exists()


def test_a_reason_lets_it_run_outside_and_goes_into_the_head_and_the_record(fleet: Fleet) -> None:
    outcome = fleet.rollout(
        "--limit", "app1", rollout_windows=[not_today()], rollout_outside_windows="the shop is down"
    )
    assert outcome.status == 0, outcome.output
    assert "allowed outside the maintenance windows: the shop is down" in outcome.output
    assert outcome.report["outside_windows"] == "the shop is down"


def test_a_freeze_beats_a_window(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_windows=[ALWAYS], rollout_freezes=[freeze()])
    assert outcome.status == 2
    assert "in force now: no (frozen)" in outcome.output
    assert "freeze fair until " in outcome.output
    assert "Europe/Berlin" in outcome.output
    assert "the trade fair" in outcome.output
    assert outcome.notes == []


def test_check_mode_only_tells(fleet: Fleet) -> None:
    outcome = fleet.rollout("--check", rollout_windows=[not_today()])
    assert outcome.status == 0, outcome.output
    assert "in force now: no (no window is open)" in outcome.output
    assert "a real run would be refused now" in outcome.output


@pytest.mark.every_core
def test_in_a_window_the_head_says_which_and_until_when(fleet: Fleet) -> None:
    later = freeze(**{"from": f"{now() + timedelta(days=2):%Y-%m-%d}"})
    outcome = fleet.rollout("--limit", "app1", rollout_windows=[ALWAYS], rollout_freezes=[later])
    assert outcome.status == 0, outcome.output
    assert "in force now: yes (window always until " in outcome.output
    assert "next opens: " in outcome.output


def test_no_wave_starts_once_the_window_has_closed_nobody_is_taken_back_and_the_run_is_resumable(fleet: Fleet) -> None:
    window, go = closing_soon(), fleet.base / "go"
    run = fleet.start(rollout_windows=[window], hold_until=str(go), rollout_take_back="all", rollout_waves=1)
    fleet.wait_for_note("app1 apply")
    while f"{now():%H:%M}" != window["end"]:
        fleet.wait_a_little()
    go.touch()
    outcome = fleet.end_of(run)
    assert outcome.status == 2
    assert outcome.states() == {"app1": "done", "app2": "planned", "app3": "planned"}
    assert "stopped: outside the maintenance windows: in force now: no" in outcome.output
    assert outcome.noted("undo") == []
    resumed = fleet.rollout(rollout_windows=[ALWAYS], rollout_resume=outcome.report["run_id"])
    assert resumed.states() == {"app1": "skipped", "app2": "done", "app3": "done"}, resumed.output


def test_what_no_calendar_can_hold_is_refused_loudly_in_check_mode_too(fleet: Fleet) -> None:
    wrong = {**ALWAYS, "timezone": "Europe/Atlantis"}
    outcome = fleet.rollout("--check", rollout_windows=[ALWAYS, wrong], rollout_outside_windows="no matter what")
    assert outcome.status == 2
    assert "windows, 'always': timezone 'Europe/Atlantis' is no time zone" in " ".join(outcome.output.split())
    refused = fleet.rollout(rollout_outside_windows=True)
    assert "outside_windows: True gives no reason" in refused.output
    assert not fleet.state.exists()
