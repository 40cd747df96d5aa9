# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import events, figures
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.figures import Figures, Limits

from .telling import begin, done, fold, host

LIMITS = Limits(min_requests=100, error_ratio=0.01, p99_ratio=1.5, p99_s=0.1)
WELL = Figures(1000, 0, 0.2)


@pytest.mark.parametrize(
    "canary, rest, against",
    [
        pytest.param(WELL, WELL, [], id="as good as the rest"),
        pytest.param(Figures(1000, 10, 0.2), WELL, [], id="an error in a hundred is the limit"),
        pytest.param(
            Figures(1000, 11, 0.2),
            WELL,
            ["1.10% of 1000 requests failed, 0.00% of the rest; the limit is 1.00%"],
            id="more errors than the rest",
        ),
        pytest.param(Figures(1000, 25, 0.2), Figures(1000, 20, 0.2), [], id="the rest is hardly better"),
        pytest.param(Figures(1000, 0, 0.3), WELL, [], id="as slow as it may be"),
        pytest.param(
            Figures(1000, 0, 0.31),
            WELL,
            ["p99 is 310 ms, 200 ms of the rest; the limit is 300 ms"],
            id="slower than the rest",
        ),
        pytest.param(Figures(1000, 0, 0.09), Figures(1000, 0, 0.02), [], id="slower, and quick all the same"),
        pytest.param(Figures(1000, 0, 9.0), Figures(), [], id="nobody to be slower than"),
        pytest.param(Figures(1000, 0, 9.0), Figures(99, 0, 0.1), [], id="too little of the rest to compare"),
        pytest.param(
            Figures(1000, 11, 0.2), Figures(), ["1.10% of 1000 requests failed; the limit is 1.00%"], id="errors alone"
        ),
        pytest.param(Figures(99, 99, 9.0), WELL, [], id="too little traffic"),
        pytest.param(Figures(1000, 0, None), WELL, [], id="no latency known"),
    ],
)
def test_a_change_is_judged_by_what_its_hosts_answer(canary: Figures, rest: Figures, against: list[str]) -> None:
    assert figures.judge(canary, rest, LIMITS) == against


def test_too_little_traffic_stops_where_that_is_asked_for() -> None:
    assert figures.judge(Figures(99, 0, 0.1), WELL, LIMITS._replace(too_few=figures.STOP)) == [
        "too little traffic to judge by: 99 of 100 requests"
    ]


def test_of_several_load_balancers_requests_add_up_and_the_worst_p99_counts() -> None:
    assert figures.add([Figures(10, 1, 0.1), Figures(20, 2, 0.3), Figures(0, 0, None)]) == Figures(30, 3, 0.3)
    assert figures.add([]) == Figures()


def test_hosts_that_take_requests_with_the_change_are_compared_with_those_without() -> None:
    told = [begin(["a"], ["b"], ["c"]), *done("a"), *host("b", "begun", "locked", "touched", "failed")]
    run = events.fold([{"v": events.VERSION, "at": float(number), **event} for number, event in enumerate(told)])
    assert run
    assert figures.watch(run) == figures.Watch(("a",), ("c",), 4.0)


def test_before_the_first_wave_there_is_nobody_to_watch() -> None:
    run = events.fold([{"v": events.VERSION, "at": 1.0, **begin(["a"], ["b"])}])
    assert run
    assert figures.watch(run).canary == ()


def test_the_first_wave_earns_its_share_before_the_second_wave_and_at_the_end() -> None:
    run = fold(begin(["a", "b"], ["c"], ["d"]), done("a"), *host("b", "begun", "locked", "touched", "failed"))
    assert {wave: figures.proven(run, wave) for wave in (1, 2, 3, 0)} == {1: (), 2: ("a",), 3: (), 0: ("a",)}


def test_nobody_earns_more_in_a_rollout_that_has_stopped() -> None:
    run = fold(begin(["a"], ["b"]), done("a"), events.stop_event("the gate is closed"))
    assert figures.proven(run, 2) == figures.proven(run, 0) == ()


def test_the_first_wave_of_an_interrupted_attempt_earns_its_share_in_the_next_one() -> None:
    run = fold(begin(["a"], ["b"], ["c"]), done("a"), begin(["b"], ["c"], attempt=2, hosts=["a", "b", "c"]), done("b"))
    assert figures.proven(run, 2) == ("a", "b")


def test_a_host_with_nothing_to_do_is_no_canary() -> None:
    idle = host("a", "looked", "done")
    assert figures.proven(fold(begin(["a"], ["b"]), idle, events.plan_event([["b"]])), 0) == ()
