"""What the rollout playbook promises, end to end: every test runs it on three hosts."""

from __future__ import annotations

import json
import pathlib
import xml.etree.ElementTree as ET

import pytest
from ansible_collections.groundcrew.fleet.tests.rollout_facts.playing import Fleet

TURN = ("drain", "apply", "restore")

pytestmark = pytest.mark.every_core


def hand_lock_to_eve(fleet: Fleet, name: str) -> None:
    """Make the host's lock that of another run, whoever has it now."""
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    held = {"owner": "eve", "reason": "kernel", "run_id": "other", "attempt": 1, "since": "today", "ttl_s": 1e9}
    fleet.lock(name).parent.mkdir(exist_ok=True)
    fleet.lock(name).write_text(json.dumps({**held, "ends": 1e9, "boot": boot}))


def test_hosts_have_their_turn_in_waves_and_the_verdict_is_good(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_waves="1,rest")
    assert outcome.status == 0, outcome.output
    assert outcome.states() == {"app1": "done", "app2": "done", "app3": "done"}
    assert outcome.balancers() == dict.fromkeys(("app1", "app2", "app3"), "in service")
    assert outcome.notes[:3] == [f"app1 {what}" for what in TURN]
    assert sorted(outcome.notes[3:5]) == ["app2 drain", "app3 drain"]
    assert not fleet.lock("app1").exists()
    assert "every host is done: 3 done" in outcome.output
    (junit,) = fleet.state.glob("rollouts/*.junit.xml")
    assert [case.get("name") for case in ET.parse(junit).getroot()] == ["app1", "app2", "app3"]


def test_a_failed_canary_stops_the_rollout_before_any_other_host_is_touched(fleet: Fleet) -> None:
    outcome = fleet.rollout(broken=["app1"])
    assert outcome.status == 2
    assert outcome.states() == {"app1": "failed", "app2": "planned", "app3": "planned"}
    assert outcome.notes == ["app1 drain", "app1 apply"]
    assert "Start the new version: apply failed" in outcome.report["hosts"][0]["why"]
    assert "DRAINED, takes no requests: app1" in outcome.output
    assert not fleet.lock("app1").exists()


def test_a_host_whose_change_undid_itself_returns_and_the_limit_lets_the_run_go_on(fleet: Fleet) -> None:
    outcome = fleet.rollout(broken=["app1"], broken_result={"undone": True}, rollout_limit=1, rollout_waves="1,rest")
    assert outcome.status == 2
    assert outcome.states() == {"app1": "failed", "app2": "done", "app3": "done"}
    assert outcome.balancers()["app1"] == "in service"
    assert outcome.noted("restore")[0] == "app1"


def test_a_failed_host_returns_only_when_its_health_checks_pass(fleet: Fleet) -> None:
    well = {"commands": [["sh", "-c", "test $(cat /var/lib/name) = app1"]], "within_s": 0}
    for name in ("app1", "app2"):
        fleet.home(name).joinpath("name").write_text(name)
    outcome = fleet.rollout("--limit", "app1:app2", broken=["app1", "app2"], rollout_health=well, rollout_waves=2)
    assert outcome.balancers() == {"app1": "in service", "app2": "drained"}
    assert outcome.noted("restore") == ["app1"]


def test_a_host_that_cannot_be_drained_is_put_back_untouched(fleet: Fleet) -> None:
    outcome = fleet.rollout(drain_broken=["app1"], rollout_take_back="all")
    assert outcome.notes == ["app1 drain", "app1 restore"]
    assert outcome.states()["app1"] == "failed"
    assert outcome.balancers()["app1"] == "in service"
    assert outcome.report["hosts"][0]["touched"] is False


def test_a_wave_whose_hosts_all_fail_or_die_still_ends_with_the_table(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_waves=2, broken=["app1"], dies_midway=["app2"])
    assert outcome.status != 0
    assert outcome.states() == {"app1": "failed", "app2": "lost", "app3": "planned"}
    assert outcome.balancers()["app2"] == "unknown"
    assert "2 hosts failed or lost (app1, app2), the limit is 0" in outcome.output
    assert sorted(outcome.noted("apply")) == ["app1", "app2"]


def test_a_wave_whose_hosts_all_die_does_not_end_the_playbook(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_waves=2, dies_midway=["app1", "app2"], rollout_limit=2)
    assert outcome.states() == {"app1": "lost", "app2": "lost", "app3": "done"}
    assert outcome.status != 0


def test_a_host_that_never_answers_is_lost_but_not_touched_and_under_limit_too_the_run_goes_on(fleet: Fleet) -> None:
    fleet.hosts("app1", "app2", "app3", dead=("app1",))
    outcome = fleet.rollout("--limit", "app1,app2", rollout_limit=1, rollout_take_back="all")
    assert outcome.status == 2
    assert outcome.states() == {"app1": "lost", "app2": "done"}
    assert outcome.balancers()["app1"] == "not touched"
    assert "unreachable" in outcome.report["hosts"][0]["why"]


def test_a_locked_and_a_quarantined_host_are_refused_untouched(fleet: Fleet) -> None:
    hand_lock_to_eve(fleet, "app1")
    quarantine = fleet.home("app2") / "groundcrew" / "quarantine"
    quarantine.parent.mkdir()
    quarantine.write_text(json.dumps({"since": "today", "what": "x", "why": "y", "undo": "z"}))
    outcome = fleet.rollout(rollout_waves="2", rollout_lock_wait_s=0, rollout_take_back="all")
    assert outcome.states() == {"app1": "failed", "app2": "failed", "app3": "planned"}
    assert "locked by eve" in outcome.report["hosts"][0]["why"]
    assert "groundcrew recover --show" in outcome.report["hosts"][1]["why"]
    assert outcome.notes == []
    assert json.loads(fleet.lock("app1").read_text())["owner"] == "eve"


def test_a_host_that_loses_its_lock_after_its_return_is_failed_but_in_service(fleet: Fleet) -> None:
    go = fleet.base / "go"
    run = fleet.start("--limit", "app1", hold_restore_until=str(go), rollout_lock_wait_s=0)
    fleet.wait_for_note("app1 restore")
    hand_lock_to_eve(fleet, "app1")
    go.touch()
    outcome = fleet.end_of(run)
    assert (outcome.status, outcome.states()) == (2, {"app1": "failed"}), outcome.output
    assert "this run lost its lock meanwhile: " in outcome.report["hosts"][0]["why"]
    assert outcome.balancers() == {"app1": "in service"}
    assert "DRAINED" not in outcome.output
    assert json.loads(fleet.lock("app1").read_text())["owner"] == "eve"


def test_touched_hosts_are_taken_back_wave_by_wave_the_last_first_lost_ones_that_answer_again_too(fleet: Fleet) -> None:
    outcome = fleet.rollout(dies_midway=["app1"], broken=["app2"], rollout_limit=1, rollout_take_back="all")
    assert outcome.status != 0
    assert outcome.states() == {"app1": "undone", "app2": "undone", "app3": "planned"}
    assert outcome.noted("undo") == ["app2", "app1"]
    assert outcome.balancers()["app1"] == "in service"
    assert outcome.notes[-3:] == ["app1 drain", "app1 undo", "app1 restore"]
    assert not fleet.lock("app1").exists()


def test_only_the_last_wave_is_taken_back_and_hosts_that_cannot_be_are_stuck(fleet: Fleet) -> None:
    outcome = fleet.rollout(
        rollout_waves="1,2", broken=["app2"], rollout_take_back="wave", undo_broken=["app2"], dies_in_undo=["app3"]
    )
    assert outcome.states() == {"app1": "done", "app2": "stuck", "app3": "stuck"}
    assert outcome.balancers()["app2"] == "drained"
    assert sorted(outcome.noted("undo")) == ["app2", "app3"]
    assert "it is neither old nor new" in outcome.output
    assert outcome.status != 0


def test_a_second_driver_is_refused_and_a_killed_one_is_resumed(fleet: Fleet) -> None:
    fleet.hosts("app1", "app2")
    first = fleet.start(rollout_intent="2.0", hold_until=str(fleet.base / "go"), rollout_reason="checkout")
    fleet.wait_for_note("app1 apply")
    second = fleet.rollout(rollout_intent="2.0")
    assert second.status == 2
    assert "(checkout) is under way on app1, app2" in second.output
    (fleet.base / "go").touch()
    fleet.wait_for_note("app2 drain")
    first.kill()
    first.communicate()
    assert fleet.lock("app2").exists()
    resumed = fleet.rollout(rollout_intent="2.0")
    assert resumed.status == 0, resumed.output
    assert resumed.states() == {"app1": "skipped", "app2": "done"}
    assert resumed.report["attempt"] == 2
    assert resumed.noted("restore") == ["app1", "app2"]
    assert not fleet.lock("app2").exists()


def test_a_stopped_run_is_resumed_by_its_id_only(fleet: Fleet) -> None:
    stopped = fleet.rollout("--limit", "app1:app2", broken=["app2"])
    run_id = stopped.report["run_id"]
    assert f"-e rollout_resume={run_id}" in stopped.output
    resumed = fleet.rollout("--limit", "app1:app2", rollout_resume=run_id)
    assert resumed.status == 0, resumed.output
    assert resumed.states() == {"app1": "skipped", "app2": "done"}
    again = fleet.rollout("--limit", "app1:app2", rollout_resume=run_id)
    assert again.status == 0, again.output
    assert again.noted("apply") == ["app1", "app2", "app2"]


def test_a_check_run_changes_nothing_and_keeps_its_record_apart(fleet: Fleet) -> None:
    outcome = fleet.rollout("--check", rollout_waves="rest")
    assert outcome.status == 0, outcome.output
    assert "check mode: no host is changed" in outcome.output
    assert outcome.notes == []
    assert not any(fleet.home("app1").iterdir())
    assert [path.name for path in fleet.state.iterdir()] == ["check"]


def test_under_limit_the_other_hosts_are_no_part_of_the_run(fleet: Fleet) -> None:
    outcome = fleet.rollout("--limit", "app2,app3", broken=["app2"], rollout_take_back="all")
    assert outcome.status == 2
    assert outcome.states() == {"app2": "undone", "app3": "planned"}
    assert outcome.noted("undo") == ["app2"]


def test_under_limit_a_wave_that_dies_ends_in_error_and_can_be_resumed(fleet: Fleet) -> None:
    died = fleet.rollout("--limit", "app1", dies_midway=["app1"])
    assert died.status == 4
    assert died.report == {}
    resumed = fleet.rollout("--limit", "app1")
    assert (resumed.status, resumed.report["attempt"]) == (0, 2), resumed.output


def test_what_cannot_be_right_is_refused_before_anything(fleet: Fleet) -> None:
    refused = fleet.rollout(rollout_undo=False, rollout_take_back="all")
    assert "take_back: 'all', but nothing undoes this change" in refused.output
    outcome = fleet.rollout(rollout_waves="1,half")
    assert outcome.status == 2
    assert "waves: 'half' is neither a whole number nor a percentage. Give numbers of hosts" in outcome.output
    assert outcome.notes == []
    assert not fleet.state.exists()


def test_the_gate_stays_closed_when_alertmanager_does_not_answer(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_gate={"alertmanager_url": "http://127.0.0.1:1", "wait_s": 0})
    assert outcome.status == 2
    assert set(outcome.states().values()) == {"planned"}
    assert "the gate is closed: Alertmanager at http://127.0.0.1:1 cannot be reached" in outcome.output


def test_a_cut_ledger_shows(fleet: Fleet) -> None:
    (fleet.state / "ledgers").mkdir(parents=True)
    (fleet.state / "ledgers" / "app1.json").write_text('{"digest": "0123456789abcdef"}')
    outcome = fleet.rollout("--limit", "app1")
    assert outcome.status == 0
    assert "app1: the ledger was edited or cut" in " ".join(outcome.output.split())


def test_plays_that_are_started_without_their_beginning_touch_nothing(fleet: Fleet) -> None:
    for words in (("--start-at-task", "Judge whether this wave may start"), ("--tags", "never_given")):
        outcome = fleet.rollout(*words)
        assert outcome.notes == []
        assert not fleet.state.exists()
