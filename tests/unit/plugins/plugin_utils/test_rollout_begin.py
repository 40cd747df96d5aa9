# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import pathlib
import re
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, HostLocked
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.events import host_event
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_begin, rollout_driver, rollout_record
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_record import Place

ME = rollout_driver.identify(os.getpid())
DEAD = {**ME, "started": "long ago"}
FAR = {**ME, "node": "elsewhere"}
GATE: dict[str, Any] = {
    "alertmanager_url": None,
    "wait_s": 0,
    "load_balancers": [],
    "prometheus": None,
    "observe_s": 10,
    "min_requests": 100,
    "p99_ratio": 1.5,
}
QUERIES = {"url": "http://mon1:9090", "requests": "r($hosts)", "errors": "e($hosts)", "p99": None}
OPTIONS: dict[str, Any] = {
    "name": "deploy",
    "intent": "2.0",
    "reason": None,
    "run_id": None,
    "hosts": ["a", "b", "c", "d"],
    "waves": "1,50%",
    "limit": "25%",
    "take_back": "none",
    "can_take_back": True,
    "resume": "auto",
    "gate": None,
    "windows": None,
    "freezes": None,
    "outside_windows": None,
}


@pytest.fixture
def place(tmp_path: pathlib.Path) -> Place:
    return Place(str(tmp_path))


def begin(place: Place, driver: dict[str, Any] | None = None, **more: Any) -> Any:
    opted_out = more.pop("opted_out", {})
    return rollout_begin.begin(rollout_begin.understand({**OPTIONS, **more}, opted_out), place, driver or ME)


def test_a_new_run_has_a_name_that_sorts_its_waves_and_its_limit(place: Place) -> None:
    run = begin(place)
    assert re.fullmatch(r"\d{8}T\d{4}-deploy-[0-9a-f]{4}", run.run_id)
    assert (run.waves, run.limit, run.attempt) == ((("a",), ("b", "c"), ("d",)), 1, 1)


def test_an_interrupted_run_goes_on_with_what_is_not_done(place: Place) -> None:
    first = begin(place, DEAD, reason="checkout")
    rollout_record.append(place.record(first.run_id), lambda _run: [host_event("a", "done")])
    second = begin(place)
    assert (second.run_id, second.attempt, second.reason) == (first.run_id, 2, "checkout")
    assert second.waves == (("b",), ("c", "d"))


def test_a_living_driver_is_not_resumed_but_refused(place: Place) -> None:
    begin(place, rollout_driver.identify(1))
    with pytest.raises(HostLocked, match="under way"):
        begin(place)


def test_a_driver_on_another_controller_is_taken_over_only_by_the_name_of_its_run(place: Place) -> None:
    far = begin(place, FAR).run_id
    with pytest.raises(HostLocked, match=rf"rollout {far} is under way .* on elsewhere\. .* resume={far}$"):
        begin(place)
    assert begin(place, resume=far).attempt == 2


def test_a_run_id_of_ones_own_names_the_run_of_another_controller_too(place: Place) -> None:
    begin(place, FAR, run_id="build-77")
    assert begin(place, run_id="build-77").attempt == 2


@pytest.mark.parametrize("driver", [FAR, rollout_driver.identify(1)])
def test_a_living_run_of_the_same_intent_on_other_hosts_is_left_alone(place: Place, driver: dict[str, Any]) -> None:
    living = begin(place, driver, hosts=["y", "z"]).run_id
    second = begin(place)
    assert (second.run_id != living, second.attempt) == (True, 1)


def test_one_ansible_playbook_may_drive_several_rollouts_one_after_the_other(place: Place) -> None:
    first = begin(place, resume="never")
    assert begin(place, resume="never").run_id != first.run_id


def test_a_run_id_of_ones_own_is_taken_and_resumed_by_the_same(place: Place) -> None:
    assert begin(place, DEAD, run_id="build-77").run_id == "build-77"
    assert begin(place, DEAD, run_id="build-78").attempt == 1
    assert begin(place, run_id="build-77").attempt == 2
    with pytest.raises(BadInput, match="build-77 is on record already"):
        begin(place, run_id="build-77", resume="never")


def test_a_check_run_starts_anew_each_time_and_refuses_nobody(place: Place) -> None:
    begin(place, rollout_driver.identify(1))
    check = place._replace(check=True)
    for _trial in range(2):
        assert begin(check, run_id="trial").attempt == 1
    assert len(pathlib.Path(check.record("trial")).read_text().splitlines()) == 1


@pytest.mark.parametrize(
    "more, named",
    [
        ({"name": "../x"}, "name: '../x'"),
        ({"name": ""}, "name: ''"),
        ({"run_id": "a/b"}, "run_id: 'a/b'"),
        ({"run_id": "-x"}, "run_id: '-x'"),
        ({"hosts": []}, "no host"),
        ({"waves": "0"}, "waves: '0'"),
        ({"limit": "all"}, "limit: 'all'"),
        ({"take_back": "all", "can_take_back": False}, "nothing undoes this change"),
        ({"gate": {**GATE, "alertmanager_url": "file:///etc/passwd"}}, "alertmanager_url 'file:///etc/passwd'"),
        ({"gate": {**GATE, "alertmanager_url": "http:///x"}}, "alertmanager_url"),
        ({"gate": {**GATE, "alertmanager_url": "http://x", "wait_s": -1}}, "gate: wait_s -1"),
        ({"gate": GATE}, "gate: it asks nobody"),
        ({"gate": {**GATE, "load_balancers": ["lb1"], "p99_ratio": 0.5}}, "gate: p99_ratio 0.5 is below 1"),
        ({"gate": {**GATE, "load_balancers": ["lb1"], "observe_s": -1}}, "gate: observe_s -1"),
        ({"gate": {**GATE, "prometheus": {**QUERIES, "url": "mon1:9090"}}}, "prometheus.url 'mon1:9090'"),
        ({"gate": {**GATE, "prometheus": {**QUERIES, "p99": "max(p99)"}}}, "prometheus.p99 'max(p99)' has no $hosts"),
        ({"resume": "r9"}, "no run 'r9'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(place: Place, more: dict[str, Any], named: str) -> None:
    with pytest.raises(BadInput, match=re.escape(named)):
        begin(place, **more)
    assert not list(pathlib.Path(place.root).glob("*/*.jsonl"))


def test_hosts_that_opted_out_are_in_no_wave_and_percentages_are_of_those_that_take_part(place: Place) -> None:
    run = begin(place, opted_out={"a": "audit", "c": "audit"}, waves="50%", limit="50%")
    assert (run.waves, run.limit) == ((("b",), ("d",)), 1)
    assert run.in_state("opted out") == ("a", "c")


def test_another_driver_may_roll_out_a_host_that_opted_out_of_a_run(place: Place) -> None:
    begin(place, rollout_driver.identify(1), hosts=["a", "b"], opted_out={"a": "it has its own rollout"}, name="other")
    assert begin(place, hosts=["a"]).waves == (("a",),)


CLOSED = {"windows": [{"name": "w", "days": ["mon"], "start": "22:00", "end": "23:00", "timezone": "UTC"}]}
TUESDAY = datetime(2026, 12, 8, 12, 0, tzinfo=timezone.utc)


def test_outside_the_windows_a_real_run_is_refused_with_the_next_opening_and_the_cure() -> None:
    told = re.escape("no (no window is open); next opens: Mon 2026-12-14 22:00 UTC (2026-12-14 22:00 UTC) (window w)")
    with pytest.raises(BadInput, match=told + ".*rollout_outside_windows"):
        rollout_begin.in_force({**OPTIONS, **CLOSED}, TUESDAY, check=False)


def test_outside_the_windows_a_check_run_only_tells_and_a_reason_lets_a_real_one_begin() -> None:
    told = rollout_begin.in_force({**OPTIONS, **CLOSED}, TUESDAY, check=True)
    assert told[-1] == "check mode tells only: a real run would be refused now"
    reason = {"outside_windows": "the shop is down"}
    assert rollout_begin.in_force({**OPTIONS, **CLOSED, **reason}, TUESDAY, check=False) == told[:-1]


def test_nobody_is_looked_at_where_nobody_is_planned() -> None:
    plan = rollout_begin.plan_facts([("a",), ("b",)], sentinels=True)
    assert rollout_begin.look_at(plan) == ["a", "b", "groundcrew_wave_1"]
    assert rollout_begin.look_at(rollout_begin.plan_facts([], sentinels=True)) == "all:!all"


def test_the_facts_of_a_plan_name_the_real_hosts_apart() -> None:
    assert rollout_begin.plan_facts([("a",), ("b",)], sentinels=True) == {
        "planned": ["a", "b"],
        "hosts": ["a", "groundcrew_wave_1", "b", "groundcrew_wave_2"],
        "serial": [2, 2],
        "sentinels": ["groundcrew_wave_1", "groundcrew_wave_2"],
    }
