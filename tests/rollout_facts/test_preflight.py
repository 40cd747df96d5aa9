"""Who takes part, and who has anything to do: what is found out before the first wave."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.groundcrew.fleet.tests.rollout_facts.playing import Fleet

LOOK = {"role": "look"}

pytestmark = pytest.mark.every_core


def test_hosts_that_opt_out_take_no_part_and_are_named_with_their_reasons(fleet: Fleet) -> None:
    fleet.hosts(
        "app1",
        "app2",
        "app3",
        app1={"stay_out": "{{ 'audit' }} of {{ inventory_hostname }}"},
        app2={"stay_out": True},
        app3={"stay_out": False},
    )
    outcome = fleet.rollout(rollout_opt_out="stay_out")
    assert outcome.status == 0, outcome.output
    assert outcome.states() == {"app1": "opted out", "app2": "opted out", "app3": "done"}
    assert "opted out: app1, audit of app1\nopted out: app2, stay_out is true" in outcome.output
    assert "every host that takes part is done" in outcome.output
    assert set(outcome.noted("apply")) == {"app3"}
    (junit,) = fleet.state.glob("rollouts/*.junit.xml")
    assert [case.get("name") for case in ET.parse(junit).getroot() if case.find("skipped") is not None] == [
        "app1",
        "app2",
    ]


def test_when_all_hosts_opt_out_the_run_ends_well_and_says_so(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_opt_out="stay_out", stay_out="moving house", rollout_preflight=LOOK)
    assert outcome.status == 0, outcome.output
    assert "nothing to do, no host takes part: 3 opted out" in outcome.output
    assert outcome.notes == []


def test_an_opt_out_of_the_wrong_kind_or_with_a_broken_template_is_refused(fleet: Fleet) -> None:
    for value, named in ((7, "stay_out of app1 is 7"), ("{{ nowhere }}", "stay_out of app1 cannot be filled in")):
        fleet.hosts("app1", app1={"stay_out": value})
        outcome = fleet.rollout(rollout_opt_out="stay_out")
        assert outcome.status == 2
        assert named in " ".join(outcome.output.split())
        assert not fleet.state.exists()


def test_all_hosts_are_looked_at_before_the_first_wave(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_preflight=LOOK)
    assert outcome.status == 0, outcome.output
    assert sorted(outcome.notes[:3]) == ["app1 look", "app2 look", "app3 look"]
    assert outcome.notes[3] == "app1 drain"


def test_idle_hosts_are_done_at_once_and_the_waves_are_laid_out_for_the_others(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_preflight=LOOK, idle=["app1"], rollout_waves=1)
    assert outcome.status == 0, outcome.output
    assert outcome.states() == dict.fromkeys(("app1", "app2", "app3"), "done")
    assert outcome.report["hosts"][0]["why"] == "nothing to do: all is new"
    assert outcome.report["waves"] == [["app2"], ["app3"]]
    assert outcome.noted("drain") == ["app2", "app3"]
    assert not (fleet.home("app1") / "groundcrew").exists()


def test_where_all_hosts_are_idle_nobody_has_a_turn(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_preflight=LOOK, idle=["app1", "app2", "app3"])
    assert outcome.status == 0, outcome.output
    assert sorted(outcome.notes) == ["app1 look", "app2 look", "app3 look"]
    assert "Lock the host" not in outcome.output


def test_every_failure_of_the_preflight_is_named_and_nobody_is_touched_or_taken_back(fleet: Fleet) -> None:
    outcome = fleet.rollout(
        rollout_preflight=LOOK, look_broken=["app1", "app3"], rollout_limit=3, rollout_take_back="all"
    )
    assert outcome.status == 2
    assert outcome.states() == {"app1": "failed", "app2": "planned", "app3": "failed"}
    assert "the preflight failed on 2 hosts (app1, app3), so no wave has started" in outcome.output
    assert outcome.report["hosts"][0]["why"] == "preflight, Look: look failed"
    assert set(outcome.balancers().values()) == {"not touched"}
    assert not fleet.lock("app2").exists()
    assert sorted(outcome.notes) == ["app1 look", "app2 look", "app3 look"]


def test_hosts_that_die_in_the_preflight_are_lost_and_count_to_the_limit(fleet: Fleet) -> None:
    for limit, second in ((0, "planned"), (1, "done")):
        outcome = fleet.rollout(rollout_preflight=LOOK, dies_in_look=["app1"], rollout_limit=limit, rollout_waves=1)
        assert outcome.status != 0
        assert outcome.states() == {"app1": "lost", "app2": second, "app3": second}, outcome.output
        assert outcome.report["hosts"][0]["why"] == "it stopped answering before the first wave"


def test_a_preflight_in_which_all_hosts_die_still_ends_with_the_table(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_preflight=LOOK, dies_in_look=["app1", "app2", "app3"])
    assert outcome.status != 0
    assert set(outcome.states().values()) == {"lost"}
    assert "3 hosts failed or lost (app1, app2, app3)" in outcome.output


def test_a_check_run_looks_too(fleet: Fleet) -> None:
    outcome = fleet.rollout("--check", rollout_preflight=LOOK, look_broken=["app2"])
    assert outcome.states() == {"app1": "planned", "app2": "failed", "app3": "planned"}
    idle = fleet.rollout("--check", rollout_preflight=LOOK, idle=["app1", "app2", "app3"])
    assert idle.status == 0, idle.output
