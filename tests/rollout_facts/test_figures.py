"""What requests tell of the changed hosts decides whether the next wave starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.tests.rollout_facts.playing import Fleet
from ansible_collections.groundcrew.fleet.tests.rollout_facts.prometheus import Prometheus, serving


@pytest.fixture
def prometheus() -> Iterator[Prometheus]:
    with serving() as found:
        yield found


def gate(prometheus: Prometheus, **more: Any) -> dict[str, Any]:
    return {"prometheus": prometheus.queries(), "observe_s": 0, "wait_s": 0, **more}


def of(canary: tuple[float, float, float], rest: tuple[float, float, float]) -> Any:
    """Return what answers with requests, errors and p99 of the hosts with the change (app1 first), and of the others."""
    return lambda query: [dict(zip("rep", canary if "app1" in query else rest))[query[0]]]


def test_a_canary_that_answers_worse_than_the_rest_stops_there_and_goes_back(
    fleet: Fleet, prometheus: Prometheus
) -> None:
    prometheus.answer = of((500, 50, 0.2), (1000, 0, 0.2))
    outcome = fleet.rollout(rollout_gate=gate(prometheus), rollout_take_back="all", rollout_waves="1,rest")
    assert outcome.status == 2
    assert outcome.states() == {"app1": "undone", "app2": "planned", "app3": "planned"}, outcome.output
    assert "changed hosts: 500 requests, 10.00% failed, p99 200 ms; the rest: 1,000 requests" in outcome.output
    assert "stopped: the gate is closed: 10.00% of 500 requests failed, 0.00% of the rest" in outcome.output


@pytest.mark.every_core
def test_a_canary_that_answers_as_well_earns_the_next_wave(fleet: Fleet, prometheus: Prometheus) -> None:
    prometheus.answer = of((500, 0, 0.2), (1000, 0, 0.2))
    outcome = fleet.rollout(rollout_gate=gate(prometheus), rollout_waves="1,rest")
    assert outcome.status == 0, outcome.output
    assert set(outcome.states().values()) == {"done"}
    # After the last wave there is no rest to compare with.
    assert "app1|app2|app3" in prometheus.asked[-1]


def test_the_last_wave_is_judged_too(fleet: Fleet, prometheus: Prometheus) -> None:
    prometheus.answer = lambda query: [
        {"r": 500, "e": 50 if "app3" in query and "app1" in query else 0, "p": 0.2}[query[0]]
    ]
    outcome = fleet.rollout(rollout_gate=gate(prometheus), rollout_waves="2,rest", rollout_take_back="all")
    assert set(outcome.states().values()) == {"undone"}, outcome.output


def test_without_an_answer_no_further_wave_starts(fleet: Fleet) -> None:
    nobody = {"url": "http://127.0.0.1:1", "requests": "$hosts", "errors": "$hosts"}
    outcome = fleet.rollout(rollout_gate={"prometheus": nobody, "observe_s": 0, "wait_s": 0}, rollout_waves="1,rest")
    assert outcome.states() == {"app1": "done", "app2": "planned", "app3": "planned"}, outcome.output
    assert "Prometheus at http://127.0.0.1:1 cannot be reached" in outcome.output


def test_a_load_balancer_that_is_dead_closes_the_gate_and_ends_nothing_else(fleet: Fleet) -> None:
    fleet.hosts("app1", "app2", "app3", monitors=("lb1",), dead=("lb1",))
    outcome = fleet.rollout(
        rollout_gate={"load_balancers": ["lb1"], "observe_s": 0, "wait_s": 0}, rollout_waves="1,rest"
    )
    assert outcome.states() == {"app1": "done", "app2": "planned", "app3": "planned"}, outcome.output
    assert "the gate is closed: load balancer lb1 told no figures" in outcome.output
