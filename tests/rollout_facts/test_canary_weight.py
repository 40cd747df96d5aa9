"""The hosts of the first wave return with a part of their weight, and get the rest when the gate has judged them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.groundcrew.fleet.tests.rollout_facts.playing import Fleet, Outcome
from ansible_collections.groundcrew.fleet.tests.rollout_facts.prometheus import Prometheus, serving


@pytest.fixture
def prometheus() -> Iterator[Prometheus]:
    with serving() as found:
        yield found


def ill_canary(query: str) -> list[float]:
    """Answer with requests, errors and p99: of those to app1 each tenth fails."""
    return [{"r": 500, "e": 50 if "app1" in query else 0, "p": 0.2}[query[0]]]


def weights(outcome: Outcome) -> list[str]:
    """What the balancer was told, in its order, without drains."""
    return [" ".join(note.split()[:1] + note.split()[2:]) for note in outcome.notes if note.split()[1] == "restore"]


def raised(outcome: Outcome) -> list[str]:
    return [" ".join(note.split()[2:]) for note in outcome.notes if note.split()[1] == "raise"]


@pytest.mark.every_core
def test_only_the_first_wave_returns_with_little_weight_and_is_raised_before_the_second(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_canary_weight="10%", rollout_waves="1")
    assert outcome.status == 0, outcome.output
    assert weights(outcome) == ["app1 10%", "app2 100%", "app3 100%"]
    said = [note.split()[1] for note in outcome.notes]
    assert said.index("raise") < [place for place, what in enumerate(said) if what == "drain"][1]
    # Before the second wave, and at the end for a load balancer that was away then.
    assert raised(outcome) == ["app1", "app1"]


def test_a_first_wave_that_is_the_last_one_is_raised_at_the_end(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_canary_weight="10%", rollout_waves="rest")
    assert sorted(weights(outcome)) == ["app1 10%", "app2 10%", "app3 10%"], outcome.output
    assert raised(outcome) == ["app1 app2 app3"]


def test_without_a_canary_weight_weights_are_left_alone(fleet: Fleet) -> None:
    outcome = fleet.rollout(rollout_waves="1,rest")
    assert sorted(weights(outcome)) == ["app1", "app2", "app3"], outcome.output
    assert raised(outcome) == []


def test_a_canary_that_is_taken_back_has_its_full_weight_again(fleet: Fleet, prometheus: Prometheus) -> None:
    prometheus.answer = ill_canary
    outcome = fleet.rollout(
        rollout_canary_weight="10%",
        rollout_waves="1,rest",
        rollout_take_back="all",
        rollout_gate={"prometheus": prometheus.queries(), "observe_s": 0, "wait_s": 0},
    )
    assert outcome.states()["app1"] == "undone", outcome.output
    assert weights(outcome) == ["app1 10%", "app1 100%"]
    assert raised(outcome) == []


def test_a_canary_that_stays_where_the_rollout_stops_keeps_its_little_weight(
    fleet: Fleet, prometheus: Prometheus
) -> None:
    prometheus.answer = ill_canary
    outcome = fleet.rollout(
        rollout_canary_weight="10%",
        rollout_waves="1,rest",
        rollout_gate={"prometheus": prometheus.queries(), "observe_s": 0, "wait_s": 0},
    )
    assert outcome.states() == {"app1": "done", "app2": "planned", "app3": "planned"}, outcome.output
    assert (weights(outcome), raised(outcome)) == (["app1 10%"], [])


def test_a_canary_that_takes_itself_back_returns_with_its_full_weight(fleet: Fleet) -> None:
    outcome = fleet.rollout(
        rollout_canary_weight="10%", rollout_waves="1", broken=["app1"], broken_result={"undone": True}
    )
    assert outcome.states()["app1"] == "failed", outcome.output
    assert weights(outcome) == ["app1 100%"]
