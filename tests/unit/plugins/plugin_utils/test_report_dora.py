"""DORA's figures from ledgers of the lab, and from tables of what else can happen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.metrics import seconds
from ansible_collections.groundcrew.fleet.plugins.module_utils.ledger_info import state
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import report_dora
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.report_dora import Deployment

CAPTURED = Path(__file__).parents[2] / "fixtures/ledgers"
MANIFEST = {"built_at": "", "revision": ""}


def captured() -> dict[str, list[dict[str, Any]]]:
    return {
        host: state.releases([json.loads(line) for line in (CAPTURED / f"{host}.jsonl").read_bytes().splitlines()], {})
        for host in ("app1", "app2")
    }


def at(clock: str) -> str:
    return f"2026-03-01T{clock}:00Z"


def moment(clock: str) -> float:
    return seconds(at(clock)) or 0.0


def event(kind: str, clock: str, before: str, after: str, run: str = "r1", **more: Any) -> dict[str, Any]:
    told = {
        "when": at(clock),
        "kind": kind,
        "from": before,
        "to": after,
        "run_id": run,
        "app": "shop",
        "result": "done",
    }
    return {**told, "instance": "shop", "who": "ann", "reason": "", "why": "", "built_at": "", "revision": "", **more}


def rollout(run: str, name: str, clock: str, **more: Any) -> dict[str, Any]:
    hosts = [{"host": "a", "touched": True}]
    told = {"run_id": run, "name": name, "intent": "shop 2", "ok": True, "verdict": "", "hosts": hosts}
    return {**told, "began": moment(clock), "last": moment(clock) + 60, **more}


def judged(*events: dict[str, Any], rollouts: tuple[dict[str, Any], ...] = ()) -> list[Deployment]:
    return report_dora.deployments({"a": list(events)}, rollouts)


def test_ledgers_of_the_lab_tell_what_was_deployed_and_what_became_of_it() -> None:
    found = report_dora.deployments(captured(), ())
    assert [(one.run_id[-4:], one.app, one.versions, one.why, one.rollback[-4:]) for one in found] == [
        ("bf90", "shop", ("2.0.0",), "rolled back by 20261129T1600-rollback-d1f2", "d1f2"),
        ("4941", "shop", ("2.0.0",), "", ""),
        ("3f67", "shop", ("1.0.0", "3.0.0"), found[2].why, ""),
        ("b089", "shop-blue", ("1.0.0",), "", ""),
        ("f778", "shop-green", ("2.0.0",), "", ""),
    ]
    assert found[2].why.startswith("app1 took itself back: not healthy within 6.4 s: unit shop.service: failed")
    assert report_dora.figures(found, 0, 7) == {
        "deployments": 5,
        "deployments_per_week": 5.0,
        "failed": 2,
        "change_failure_percent": 40.0,
        # From 16:00:36 to 16:01:23, and from 16:02:54 to 16:03:30.
        "restore_s_median": 42,
        "restore_s_worst": 47,
        "not_restored": 0,
        "lead_s_median": None,
        "lead_known": 0,
    }


def test_a_quiet_week_has_no_rate_of_failure() -> None:
    assert report_dora.figures([], 0, 7)["change_failure_percent"] is None


def test_only_what_began_in_the_time_counts() -> None:
    found = judged(event("forward", "10:00", "1", "2"), event("forward", "12:00", "2", "3", "r2"))
    assert report_dora.figures(found, moment("11:00"), 1)["deployments_per_week"] == 7.0
    assert [one["run_id"] for one in report_dora.rows(found, moment("11:00"))] == ["r2"]


def test_a_rollback_fails_the_deployment_that_it_left_and_no_other() -> None:
    found = judged(
        event("forward", "10:00", "1", "2"),
        event("forward", "11:00", "2", "3", "r2"),
        event("back", "11:30", "3", "2", "r3"),
        event("forward", "12:00", "2", "4", "r4"),
    )
    assert [(one.run_id, one.why) for one in found if one.failed] == [("r2", "rolled back by r3")]
    assert report_dora.rows(found, 0)[1]["restore_s"] == 1800


def test_a_rollback_that_came_back_itself_is_none() -> None:
    found = judged(event("forward", "10:00", "1", "2"), event("back", "11:00", "2", "1", "r2", result="undone"))
    assert not found[0].failed


def test_a_run_that_took_hosts_back_has_failed_and_restored() -> None:
    found = judged(event("forward", "10:00", "1", "2"), event("back", "10:05", "2", "1"))
    assert (found[0].why, found[0].restored_at) == ("its run took a back", moment("10:05"))


def test_what_a_host_has_for_the_first_time_outside_of_a_run_is_no_deployment() -> None:
    assert judged(event("first", "10:00", "absent", "1", "")) == []
    assert len(judged(event("first", "10:00", "absent", "1", "r1"))) == 1


def test_switches_without_a_run_belong_together_while_no_hour_lies_between() -> None:
    told = [event("forward", clock, "1", "2", "") for clock in ("10:00", "10:50", "11:40", "13:00")]
    assert [(one.began, one.ended) for one in judged(*told)] == [
        (moment("10:00"), moment("11:40")),
        (moment("13:00"), moment("13:00")),
    ]


def test_a_rollout_that_did_not_succeed_has_failed_until_the_next_that_stands() -> None:
    lost = rollout("r1", "deploy", "10:00", ok=False, verdict="b is lost")
    first = event("forward", "10:00", "1", "2")
    assert report_dora.figures(judged(first, rollouts=(lost,)), 0, 7)["not_restored"] == 1
    found = judged(first, event("forward", "14:00", "2", "3", "r2"), rollouts=(lost,))
    assert (found[0].why, found[0].restored_at) == ("b is lost", moment("14:00"))


@pytest.mark.parametrize("version, failed", [("2", True), ("any version", True), ("9", False)])
def test_colours_that_change_places_are_a_rollback_by_the_record_of_their_run(version: str, *, failed: bool) -> None:
    back = rollout("r9", "rollback", "11:00", intent=f"shop back from {version}")
    found = judged(event("first", "10:00", "absent", "2"), rollouts=(back,))
    assert (found[0].rollback, found[0].failed) == (("r9", True) if failed else ("", False))


@pytest.mark.parametrize(
    "change",
    [{"name": "patch"}, {"hosts": [{"host": "a", "touched": False}]}, {"began": 0.0}, {"intent": "till back from 2"}],
)
def test_no_other_record_is_a_rollback(change: dict[str, Any]) -> None:
    back = {**rollout("r9", "rollback", "11:00", intent="shop back from 2"), **change}
    assert not judged(event("forward", "10:00", "1", "2"), rollouts=(back,))[0].failed


def test_lead_time_runs_from_the_build_and_a_build_without_a_date_is_not_known() -> None:
    found = judged(
        event("forward", "10:00", "1", "2", built_at=at("09:00")),
        event("forward", "11:00", "2", "3", "r2", built_at="1970-01-01T00:00:00Z"),
        event("forward", "12:00", "3", "4", "r3", built_at=at("11:00"), result="undone"),
    )
    told = report_dora.figures(found, 0, 7)
    assert (told["lead_s_median"], told["lead_known"]) == (3600, 1)
