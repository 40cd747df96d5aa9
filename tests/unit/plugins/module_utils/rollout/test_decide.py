# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import decide
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.events import Host, stop_event
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.rollout.telling import (
    begin,
    done,
    failed,
    fold,
    host,
)


def test_the_first_wave_may_start() -> None:
    assert decide.gate(fold(begin(["a"], ["b"])), ["a", "groundcrew_wave_1"]) == decide.Gate(
        go=True, why="", lost=(), wave=1
    )


def test_a_host_that_never_ended_is_lost_once_its_batch_is_over() -> None:
    run = fold(begin(["a"], ["b"]), host("a", "begun", "locked", "touched"))
    assert decide.gate(run, ["a"]).go
    why = "1 host failed or lost (a), the limit is 0"
    assert decide.gate(run, ["b"]) == decide.Gate(go=False, why=why, lost=("a",), wave=2)


@pytest.mark.parametrize("limit, go", [(0, False), (1, False), (2, True)])
def test_the_limit_counts_failed_and_lost_hosts_of_the_whole_run(limit: int, go: bool) -> None:
    run = fold(begin(["a"], ["b"], ["c"], limit=limit), failed("a"), host("b", "begun"))
    assert decide.gate(run, ["c"]).go is go


def test_a_host_that_failed_in_an_earlier_attempt_counts_only_when_it_is_not_tried_again() -> None:
    before = [begin(["a"], ["b"]), *failed("a")]
    assert decide.gate(fold(*before, begin(["a"], ["b"], attempt=2)), ["a"]).go
    assert not decide.gate(fold(*before, begin(["b"], attempt=2)), ["b"]).go


def test_alerts_close_the_gate() -> None:
    decision = decide.gate(fold(begin(["a"])), ["a"], alerts=["alert Down fires for app1"])
    assert (decision.go, decision.why) == (False, "the gate is closed: alert Down fires for app1")


def test_a_closed_window_keeps_a_wave_from_starting_and_after_the_last_one_means_nothing() -> None:
    decision = decide.gate(fold(begin(["a"])), ["a"], closed="no window is open")
    assert (decision.go, decision.stands) == (False, True)
    assert decision.why == "outside the maintenance windows: no window is open"
    assert decide.gate(fold(begin(["a"]), done("a")), [], closed="no window is open").go


def test_failed_hosts_are_a_reason_before_a_closed_window_is() -> None:
    decision = decide.gate(fold(begin(["a"], ["b"]), failed("a")), ["b"], closed="no window is open")
    assert (decision.why, decision.stands) == ("1 host failed or lost (a), the limit is 0", False)


def test_nobody_is_taken_back_for_a_reason_outside_of_the_change() -> None:
    run = fold(begin(["a"], ["b"], take_back="all"), done("a"), stop_event("the window has closed", stands=True))
    assert decide.to_take_back(run) == ()


LOOKED = [*host("a", "failed", why="disk full"), *host("b", "looked"), *host("d", "done", why="nothing to do")]


def test_the_preflight_of_all_hosts_is_judged_and_one_that_failed_keeps_every_wave_from_starting() -> None:
    look = decide.look(fold(begin(["a"], ["b", "c", "d"], limit=9), LOOKED))
    assert (look.failed, look.lost, look.idle, look.left) == (("a",), ("c",), ("d",), ("b",))
    assert look.why == "the preflight failed on 1 host (a), so no wave has started"


@pytest.mark.parametrize("limit, why", [(0, "1 host failed or lost (c), the limit is 0"), (1, "")])
def test_a_host_lost_in_the_preflight_counts_to_the_limit(limit: int, why: str) -> None:
    assert decide.look(fold(begin(["b", "c", "d"], limit=limit), LOOKED[1:])).why == why


def test_hosts_of_earlier_attempts_have_no_part_in_the_preflight() -> None:
    run = fold(begin(["a"], ["b"]), done("a"), begin(["b"], attempt=2, hosts=["a", "b"]), host("b", "looked"))
    assert decide.look(run) == decide.Look(failed=(), lost=(), idle=(), left=("b",), why="")


def test_a_host_that_opted_out_takes_no_part_whatever_it_was_and_none_is_a_clear_end() -> None:
    run = fold(begin(["a"], ["b"], take_back="all"), failed("a"), begin(["b"], attempt=2, opted_out={"a": "audit"}))
    assert run.hosts["a"][:2] == ("opted out", 0)
    assert decide.to_take_back(run._replace(stopped="limit")) == ()
    assert decide.verdict(fold(begin(["b"], opted_out={"a": "audit"}), done("b"))) == (
        True,
        "every host that takes part is done: 1 done, 1 opted out",
    )
    assert decide.verdict(fold(begin(opted_out={"a": "x", "b": "y"}))).text == (
        "nothing to do, no host takes part: 2 opted out"
    )


def test_what_has_stopped_stays_stopped_with_its_first_reason() -> None:
    assert decide.gate(fold(begin(["a"]), stop_event("alerts")), ["a"]).why == "alerts"


def test_an_interrupted_run_of_the_same_name_and_intent_is_resumed() -> None:
    run = fold(begin(["a"]), host("a", "begun"))
    asked: dict[str, Any] = {"want": "auto", "name": "deploy", "intent": "2.0", "now": run.last + 60}
    assert decide.to_resume([run], **asked) == run
    assert decide.to_resume([run], **{**asked, "intent": "3.0"}) is None
    assert decide.to_resume([run], **{**asked, "name": "patch"}) is None
    assert decide.to_resume([run], **{**asked, "now": run.last + 86400}) is None
    assert decide.to_resume([run], **{**asked, "want": "never"}) is None


@pytest.mark.parametrize("end", [stop_event("limit"), {"event": "end"}])
def test_a_run_that_stopped_or_ended_is_resumed_by_its_id_only(end: dict[str, Any]) -> None:
    run = fold(begin(["a"]), failed("a"), end)
    assert decide.to_resume([run], want="auto", name="deploy", intent="2.0", now=run.last) is None
    assert decide.to_resume([run], want="r1", name="other", intent="", now=run.last + 1e9) == run


def test_the_newest_of_several_interrupted_runs_is_resumed() -> None:
    old, new = fold(begin(["a"], run_id="z"), at=1), fold(begin(["a"], run_id="b"), at=50)
    found = decide.to_resume([new, old], want="auto", name="deploy", intent="2.0", now=60)
    assert found == new


def test_a_run_that_is_not_on_record_is_refused_with_the_last_ones() -> None:
    with pytest.raises(BadInput, match=r"no run 'r2' \(the last ones: r1\)"):
        decide.to_resume([fold(begin(["a"]))], want="r2", name="deploy", intent="", now=0)


def test_hosts_that_are_done_do_not_remain_unless_they_were_half_taken_back() -> None:
    run = fold(begin(["a", "b", "c", "d"]), done("a"), failed("b"), done("c"), host("c", "undoing"))
    assert decide.remaining(run, ["a", "b", "c", "d", "e"]) == ("b", "c", "d", "e")
    assert decide.remaining(None, ["a"]) == ("a",)


STOPPED = [begin(["a"], ["b", "c"], ["d"], ["e"]), *done("a"), *done("b"), *host("c", "begun", "lost"), *failed("d")]


@pytest.mark.parametrize(
    "take_back, batches",
    [("none", ()), ("wave", (("d",),)), ("all", (("d",), ("b",), ("a",)))],
)
def test_only_touched_hosts_are_taken_back_the_last_wave_first(take_back: str, batches: tuple[Any, ...]) -> None:
    told = [{**event, "take_back": take_back} if event["event"] == "begin" else event for event in STOPPED]
    assert decide.to_take_back(fold(told, stop_event("limit"))) == batches


def test_nobody_is_taken_back_while_the_run_has_not_stopped() -> None:
    assert decide.to_take_back(fold(begin(["a"], take_back="all"), done("a"))) == ()


def test_hosts_that_an_earlier_attempt_touched_are_taken_back_after_those_of_this_one() -> None:
    run = fold(
        begin(["a"], ["b"]),
        done("a"),
        begin(["b"], attempt=2, hosts=["a", "b"], take_back="all"),
        failed("b"),
        stop_event("limit"),
    )
    assert decide.to_take_back(run) == (("b",), ("a",))


@pytest.mark.parametrize(
    "told, ok",
    [
        ([done("a"), done("b")], True),
        ([done("a"), begin(["b"], attempt=2, hosts=["a", "b"]), done("b")], True),
        ([done("a"), done("b"), stop_event("alerts")], False),
        ([done("a"), failed("b")], False),
        ([done("a"), host("b", "begun", "lost")], False),
        ([done("a"), host("b", "begun")], False),
        ([done("a"), done("b"), host("b", "undoing", "undone")], False),
        ([done("a"), done("b"), host("b", "undoing", "stuck")], False),
        ([done("a")], False),
    ],
)
def test_the_verdict_is_good_only_when_every_host_is_done(told: list[Any], ok: bool) -> None:
    assert decide.verdict(fold(begin(["a"], ["b"], limit=9), *told)).ok is ok


@pytest.mark.parametrize(
    "result, why",
    [
        ({"msg": "no\n such  table"}, "no such table"),
        ({"stderr": "E: lock"}, "E: lock"),
        ({"module_stderr": "python3: not found"}, "python3: not found"),
        ({}, "no message"),
        ({"msg": "items", "results": [{"msg": "fine"}, {"failed": True, "msg": "disk full"}]}, "disk full"),
        ({"msg": "x" * 500}, "x" * 299 + "…"),
    ],
)
def test_the_reason_of_a_failure_is_one_line(result: dict[str, Any], why: str) -> None:
    assert decide.why_failed(result) == why


def test_a_host_that_was_left_alone_never_left_its_load_balancers_so_it_does_not_return() -> None:
    assert not decide.may_return(Host(locked=True, spared=True), {}, has_checks=True)


def test_the_reason_names_the_task() -> None:
    assert decide.why_failed({"msg": "no"}, "Start it") == "Start it: no"


@pytest.mark.parametrize(
    "locked, touched, undone, has_checks, may",
    [
        (False, False, None, True, False),
        (True, False, None, False, True),
        (True, True, None, False, False),
        (True, True, None, True, True),
        (True, True, True, False, True),
        (True, True, False, True, False),
    ],
)
def test_a_failed_host_may_return_when_something_says_that_it_is_well(
    locked: bool, touched: bool, undone: bool | None, has_checks: bool, may: bool
) -> None:
    found = Host(locked=locked, touched=touched)
    result = {} if undone is None else {"undone": undone}
    assert decide.may_return(found, result, has_checks=has_checks) is may
