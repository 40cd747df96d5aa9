# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import Unreadable
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import events
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.rollout.telling import (
    begin,
    done,
    failed,
    fold,
    host,
    states,
)


@pytest.mark.parametrize(
    "told, state, touched, locked",
    [
        ([], "planned", False, False),
        (["begun"], "begun", False, False),
        (["begun", "locked"], "begun", False, True),
        (["begun", "locked", "touched"], "touched", True, True),
        (["begun", "locked", "touched", "done"], "done", True, False),
        (["begun", "failed"], "failed", False, False),
        (["begun", "lost", "failed"], "lost", False, False),
        (["begun", "locked", "touched", "lost"], "lost", True, True),
        (["begun", "locked", "touched", "failed", "undoing", "locked", "touched", "undone"], "undone", False, False),
        (["begun", "locked", "touched", "done", "undoing", "touched"], "done", True, False),
        (["begun", "locked", "touched", "done", "undoing", "stuck"], "stuck", True, False),
    ],
)
def test_a_host_is_what_its_events_tell(told: list[str], state: str, touched: bool, locked: bool) -> None:
    found = fold(begin(["a"]), host("a", *told)).hosts["a"]
    assert (found.state, found.touched, found.locked) == (state, touched, locked)


def test_the_first_reason_stays_and_the_last_word_on_the_load_balancer_counts() -> None:
    run = fold(
        begin(["a"]),
        failed("a", why="no such table"),
        events.host_event("a", "failed", why="still unwell", load_balancer="drained"),
    )
    assert (run.hosts["a"].why, run.hosts["a"].load_balancer) == ("no such table", "drained")


def test_a_failed_host_that_may_return_keeps_its_lock_meanwhile() -> None:
    kept = events.host_event("a", "failed", keeps_lock=True)
    assert fold(begin(["a"]), host("a", "begun", "locked"), kept).hosts["a"].locked is True
    assert fold(begin(["a"]), host("a", "begun", "locked"), kept, host("a", "failed")).hosts["a"].locked is False


def test_a_new_attempt_skips_what_is_done_and_plans_the_rest_anew() -> None:
    run = fold(
        begin(["a"], ["b"], ["c"]),
        done("a"),
        failed("b"),
        begin(["b", "c"], attempt=2, hosts=["a", "b", "c"]),
    )
    assert states(run) == {"a": "skipped", "b": "planned", "c": "planned"}
    assert (run.hosts["b"].touched, run.hosts["b"].wave, run.hosts["b"].why) == (True, 1, "")
    assert (run.hosts["c"].touched, run.attempt) == (False, 2)


def test_a_host_that_is_no_longer_asked_for_stays_when_it_was_touched_and_goes_when_not() -> None:
    run = fold(begin(["a", "b", "c"]), failed("a"), begin(["b"], attempt=2))
    assert states(run) == {"a": "failed", "b": "planned"}


def test_the_first_stop_counts_and_a_new_attempt_starts_without_one() -> None:
    stopped = fold(begin(["a"]), events.stop_event("first"), events.stop_event("second"), {"event": "end"})
    assert (stopped.stopped, stopped.ended) == ("first", True)
    resumed = fold(begin(["a"]), events.stop_event("first"), {"event": "end"}, begin(["a"], attempt=2))
    assert (resumed.stopped, resumed.ended) == ("", False)


def test_waves_that_are_laid_out_anew_leave_out_who_needs_none() -> None:
    run = fold(begin(["a"], ["b", "c"]), host("a", "done"), events.plan_event([["b"], ["c"]]))
    assert run.waves == (("b",), ("c",))
    assert [found.wave for found in run.hosts.values()] == [0, 1, 2]


def test_where_a_host_is_silenced_outlives_an_attempt_until_it_is_ended() -> None:
    told = [begin(["a"]), events.silence_event("a", [("mon1", "http://x")]), begin(["a"], attempt=2)]
    assert fold(*told).hosts["a"].silenced == (("mon1", "http://x"),)
    assert fold(*told, events.silence_event("a", [])).hosts["a"].silenced == ()


def test_a_host_that_was_left_alone_keeps_its_lock_until_its_rescue_gives_it_back() -> None:
    alone = events.host_event("a", "failed", why="no silence", keeps_lock=True, spared=True)
    run = fold(begin(["a"]), host("a", "begun", "locked"), alone)
    assert (run.hosts["a"].locked, run.hosts["a"].spared) == (True, True)
    after = fold(begin(["a"]), host("a", "begun", "locked"), alone, host("a", "failed", why="later")).hosts["a"]
    assert (after.locked, after.spared, after.why) == (False, True, "no silence")


def test_a_stop_outside_of_the_change_stands_and_a_new_attempt_starts_without_it() -> None:
    stop = events.stop_event("the window has closed", stands=True)
    assert fold(begin(["a"]), stop, events.stop_event("limit")).stands
    assert not fold(begin(["a"]), stop, begin(["a"], attempt=2)).stands


def test_the_seconds_of_a_host_run_from_its_first_event_to_its_last() -> None:
    found = fold(begin(["a"]), done("a")).hosts["a"]
    assert (found.began, found.ended) == (1001.0, 1004.0)


def test_only_hosts_of_this_attempt_are_open() -> None:
    run = fold(begin(["a", "b", "c"]), host("a", "begun"), begin(["b", "c"], attempt=2), host("b", "begun"))
    assert events.open_hosts(run) == ("b",)
    assert events.open_hosts(run, apart_from=["b"]) == ()


def test_an_empty_record_is_no_run() -> None:
    assert events.fold([]) is None


def test_a_record_of_another_format_is_refused() -> None:
    with pytest.raises(Unreadable, match="format 7, this collection reads 1"):
        events.fold([{"v": 7, "at": 0, **begin(["a"])}])


def test_a_record_without_its_beginning_is_refused() -> None:
    with pytest.raises(Unreadable, match="does not start with its beginning"):
        fold(host("a", "begun"))


@pytest.mark.parametrize("told, handled", [([], False), (["looked"], False), (["begun", "locked"], True)])
def test_a_new_attempt_knows_whose_turn_an_earlier_one_has_begun(told: list[str], handled: bool) -> None:
    run = fold(begin(["a"]), host("a", *told), begin(["a"], attempt=2), begin(["a"], attempt=3))
    assert run.hosts["a"].handled is handled


def test_a_host_that_is_stuck_twice_is_told_of_by_the_first_reason() -> None:
    stuck = events.host_event("a", "stuck", why="its undo failed")
    run = fold(begin(["a"]), done("a"), *host("a", "undoing"), stuck, events.host_event("a", "stuck", why="no message"))
    assert run.hosts["a"].why == "its undo failed"
