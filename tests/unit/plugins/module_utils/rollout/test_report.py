# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import xml.etree.ElementTree as ET

from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import report
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.events import host_event, stop_event
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.rollout.telling import (
    begin,
    done,
    fold,
    host,
)

RUN = fold(
    begin(["app1"], ["app2", "app3"], ["app4"], reason="new checkout", limit=1),
    done("app1"),
    host("app2", "begun", "locked", "touched"),
    host_event("app2", "failed", why="no <table>\x1b[31m", load_balancer="drained"),
    host("app3", "begun", "locked", "touched", "lost"),
    stop_event("2 hosts failed"),
    {"event": "end"},
)


def test_the_table_tells_every_host_its_load_balancer_and_what_to_do() -> None:
    assert report.table(RUN).splitlines() == [
        "HOST  WAVE  STATE    LOAD BALANCER  SECONDS  WHY",
        "app1  1     done     in service     3.0      -",
        "app2  2     failed   drained        3.0      no <table>\x1b[31m",
        "app3  2     lost     unknown        3.0      -",
        "app4  3     planned  not touched    -        -",
        "",
        "r1: stopped: 2 hosts failed; 1 done, 1 failed, 1 lost, 1 planned",
        "failed (app2): read why, mend the cause, then resume",
        "lost (app3): see whether the host is up and what `groundcrew recover --show` says on it, then resume",
        "planned (app4): it was not touched; resume brings it its turn",
        "DRAINED, takes no requests: app2",
        "resume with the same command and: -e rollout_resume=r1",
    ]


def test_a_run_in_which_all_is_done_asks_for_nothing() -> None:
    assert report.next_steps(fold(begin(["a"]), done("a"))) == []


def test_the_head_tells_who_comes_when_and_what_was_done_before() -> None:
    run = fold(begin(["a"], ["b"]), done("a"), begin(["b"], attempt=2, hosts=["a", "b"], take_back="wave"))
    assert report.head(run).splitlines() == [
        "rollout r1, attempt 2: 2.0",
        "wave 1: b",
        "done before, skipped: a",
        "no host may fail; take back when stopped: wave",
    ]


OPTED_OUT = fold(begin(["app1"], opted_out={"app2": "audit"}, outside_windows="the shop is down"), done("app1"))


def test_who_opted_out_is_named_in_head_table_and_junit_and_asks_for_nothing() -> None:
    assert report.head(OPTED_OUT).splitlines()[1:4] == [
        "allowed outside the maintenance windows: the shop is down",
        "wave 1: app1",
        "opted out: app2, audit",
    ]
    assert report.table(OPTED_OUT).splitlines()[2:] == [
        "app2  -     opted out  not touched    -        audit",
        "",
        "r1: every host that takes part is done: 1 done, 1 opted out",
    ]
    suite = ET.fromstring(report.as_junit(OPTED_OUT))
    assert (suite.get("skipped"), [child.get("message") for child in suite[1]]) == ("1", ["audit"])
    assert report.as_dict(OPTED_OUT)["outside_windows"] == "the shop is down"


def test_json_tells_the_same_for_machines() -> None:
    told = json.loads(report.as_json(RUN))
    assert (told["ok"], told["stopped"], told["waves"]) == (
        False,
        "2 hosts failed",
        [["app1"], ["app2", "app3"], ["app4"]],
    )
    assert [(one["host"], one["state"], one["seconds"]) for one in told["hosts"]] == [
        ("app1", "done", 3.0),
        ("app2", "failed", 3.0),
        ("app3", "lost", 3.0),
        ("app4", "planned", None),
    ]


def test_junit_has_one_case_a_host_with_its_kind_of_failure() -> None:
    suite = ET.fromstring(report.as_junit(RUN))
    counted = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    kinds = {case.get("name"): [child.tag for child in case] for case in suite}
    assert kinds == {"app1": [], "app2": ["failure"], "app3": ["error"], "app4": ["skipped"]}
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "no <table> [31m"
