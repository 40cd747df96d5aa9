# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import Unreadable
from ansible_collections.groundcrew.fleet.plugins.module_utils._http import Server
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.figures import Figures, Limits, Watch
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_figures
from ansible_collections.groundcrew.fleet.tests.rollout_facts.prometheus import Prometheus, serving

WATCH = Watch(("app1", "app2.example.org"), ("app3",))
ANSWER = {"canary": {"requests": 10, "errors": 1, "p99_s": 0.2}, "rest": {"requests": 20, "errors": 0, "p99_s": None}}


@pytest.fixture
def prometheus() -> Iterator[Prometheus]:
    with serving() as found:
        yield found


def test_figures_of_several_load_balancers_are_one() -> None:
    found, silent = rollout_figures.of_balancers(
        [{"item": "lb1", "figures": ANSWER}, {"item": "lb2", "figures": ANSWER}]
    )
    assert found == {"canary": Figures(20, 2, 0.2), "rest": Figures(40, 0, None)}
    assert silent == []


@pytest.mark.parametrize(
    "answer", [{"unreachable": True, "msg": "gone"}, {"failed": True, "msg": "gone"}, {"msg": "gone"}]
)
def test_a_load_balancer_without_figures_is_named(answer: dict[str, Any]) -> None:
    _found, silent = rollout_figures.of_balancers([{"item": "lb1", **answer}])
    assert silent == ["load balancer lb1 told no figures: gone"]


def test_prometheus_is_asked_for_both_groups_by_name(prometheus: Prometheus) -> None:
    prometheus.answer = lambda query: [{"r": 1000.4, "e": 3.0, "p": 0.25}[query[0]]]
    found = rollout_figures.of_prometheus(prometheus.server(), prometheus.queries(), WATCH, 29.5)
    assert found == {"canary": Figures(1000, 3, 0.25), "rest": Figures(1000, 3, 0.25)}
    assert prometheus.asked[0] == 'requests({host=~"app1|app2\\\\.example\\\\.org"}[30s])'
    assert prometheus.asked[3] == 'requests({host=~"app3"}[30s])'


def test_no_series_is_no_request_and_no_latency(prometheus: Prometheus) -> None:
    prometheus.answer = lambda query: [float("nan")] if query.startswith("p") else []
    assert rollout_figures.of_prometheus(prometheus.server(), prometheus.queries(), WATCH, 1)["canary"] == Figures(
        0, 0, None
    )


def test_a_query_that_comes_to_several_numbers_is_refused(prometheus: Prometheus) -> None:
    prometheus.answer = lambda _query: [1, 2]
    with pytest.raises(Unreadable, match=r"with 2 series: make it one, with sum\(\) or max\(\)"):
        rollout_figures.of_prometheus(prometheus.server(), prometheus.queries(), WATCH, 1)


def test_a_prometheus_that_is_away_is_named() -> None:
    with pytest.raises(
        Unreadable, match=r"query 'r' has no answer: Prometheus at http://127\.0\.0\.1:1 cannot be reached"
    ):
        rollout_figures.of_prometheus(
            Server("Prometheus", "http://127.0.0.1:1"), {"requests": "r", "errors": "e"}, WATCH, 1
        )


def test_traffic_is_waited_for_and_no_longer_than_asked_for() -> None:
    answers = iter(Figures(count) for count in (0, 50, 100, 200))
    spent = [0.0]
    told = rollout_figures.wait_until_enough(
        lambda: {"canary": next(answers)},
        Limits(min_requests=100),
        60,
        clock=lambda: spent[0],
        sleep=lambda seconds: spent.__setitem__(0, spent[0] + seconds),
    )
    assert (told["canary"].requests, spent[0]) == (100, 2 * rollout_figures.PAUSE_S)
