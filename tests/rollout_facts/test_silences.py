"""Nobody is paged for a host in its turn, and everybody again after it, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.tests.rollout_facts.alertmanager import Alertmanager, serving
from ansible_collections.groundcrew.fleet.tests.rollout_facts.playing import Fleet


@pytest.fixture
def alertmanager() -> Iterator[Alertmanager]:
    with serving() as found:
        yield found


@pytest.fixture
def watched(fleet: Fleet) -> Fleet:
    """Three hosts, one that runs Alertmanager, and one that should but is dead."""
    return fleet.hosts("app1", "app2", "app3", monitors=("mon1", "mon2"), dead=("mon2",))


def silence(alertmanager: Alertmanager, *hosts: str, **more: Any) -> dict[str, Any]:
    return {"hosts": hosts or ("mon1",), "url": alertmanager.url, **more}


@pytest.mark.every_core
def test_each_host_is_silenced_for_its_turn_with_the_id_of_the_run(watched: Fleet, alertmanager: Alertmanager) -> None:
    at = silence(alertmanager, duration_s=600, matchers=[{"name": "instance", "value": "{{ inventory_hostname }}:80"}])
    outcome = watched.rollout("--limit", "app1:app2", rollout_silence=at, rollout_waves=1)
    assert outcome.status == 0, outcome.output
    assert alertmanager.calls == [f"{host}:80 {what}" for host in ("app1", "app2") for what in ("silenced", "ended")]
    assert {one["comment"] for one in alertmanager.silences.values()} == {
        f"{host} has its turn: trial [run {outcome.report['run_id']}]" for host in ("app1", "app2")
    }


@pytest.mark.every_core
def test_an_alertmanager_that_wants_a_password_is_told_it_by_gate_and_silences(
    watched: Fleet, alertmanager: Alertmanager
) -> None:
    alertmanager.secret = "crew:zq-secret"
    asked = {
        "rollout_silence": silence(alertmanager),
        "rollout_gate": {"alertmanager_url": alertmanager.url, "wait_s": 0},
    }
    refused = watched.rollout("--limit", "app1", **asked)
    assert refused.status != 0
    assert alertmanager.calls == []
    access = {"url_username": "crew", "url_password": "zq-secret"}
    outcome = watched.rollout("-vvv", "--limit", "app1", **asked, monitoring_access=access)
    assert outcome.status == 0, outcome.output
    assert alertmanager.calls == ["app1 silenced", "app1 ended"]
    assert "zq-secret" not in outcome.output


def test_silences_end_on_failure_too_also_where_the_host_stays_drained_and_in_the_take_back(
    watched: Fleet, alertmanager: Alertmanager
) -> None:
    failed = watched.rollout("--limit", "app1", broken=["app1"], rollout_silence=silence(alertmanager))
    assert failed.balancers() == {"app1": "drained"}
    assert alertmanager.calls == ["app1 silenced", "app1 ended"]
    watched.rollout("--limit", "app1", broken=["app1"], rollout_silence=silence(alertmanager), rollout_take_back="all")
    assert alertmanager.calls[2:] == ["app1 silenced", "app1 ended"] * 2
    assert alertmanager.live() == []


def test_the_silence_of_a_lost_host_is_ended_at_the_close(watched: Fleet, alertmanager: Alertmanager) -> None:
    outcome = watched.rollout(dies_midway=["app1"], rollout_silence=silence(alertmanager, "mon2", "mon1"))
    assert outcome.states()["app1"] == "lost"
    assert alertmanager.calls == ["app1 silenced", "app1 ended"]


def test_one_alertmanager_that_answers_is_enough(watched: Fleet, alertmanager: Alertmanager) -> None:
    outcome = watched.rollout("--limit", "app1", rollout_silence=silence(alertmanager, "mon2", "mon1"))
    assert outcome.states() == {"app1": "done"}, outcome.output
    assert outcome.status == 0, outcome.output
    assert "Alertmanager on mon2 took no silence" in " ".join(outcome.output.split())
    assert alertmanager.calls == ["app1 silenced", "app1 ended"]


@pytest.mark.parametrize("hosts", [("mon2",), ("mon1",)])
def test_without_any_alertmanager_the_host_fails_before_anything_is_touched(watched: Fleet, hosts: list[str]) -> None:
    nobody = {"hosts": hosts, "url": "http://127.0.0.1:1"}
    outcome = watched.rollout(rollout_silence=nobody, rollout_take_back="all")
    assert outcome.states() == {"app1": "failed", "app2": "planned", "app3": "planned"}, outcome.output
    assert outcome.notes == []
    assert outcome.balancers()["app1"] == "not touched"
    assert (
        f"no Alertmanager took the silence, so the host was left alone: {hosts[0]}: "
        in outcome.report["hosts"][0]["why"]
    )
    assert not watched.lock("app1").exists()


def test_a_take_back_goes_on_without_an_alertmanager(watched: Fleet, alertmanager: Alertmanager) -> None:
    """It would be worse to leave the host as it is than to page somebody."""
    go = watched.base / "go"
    run = watched.start("--limit", "app1", broken=["app1"], hold_until=str(go), rollout_silence=silence(alertmanager),
                        rollout_take_back="all")  # fmt: skip
    watched.wait_for_note("app1 apply")
    alertmanager.refuses = True
    go.touch()
    outcome = watched.end_of(run)
    assert outcome.states() == {"app1": "undone"}, outcome.output
    assert "did not end the silence, which ends by itself" in " ".join(outcome.output.split())


@pytest.mark.parametrize(
    "wrong, named",
    [
        ({"hosts": ["mon1"], "for": 5}, "for"),
        ({"hosts": ["mon9"]}, "silence: host 'mon9' is not in the inventory"),
        ({"hosts": []}, "silence: it names no hosts"),
        ({"hosts": ["mon1"], "duration_s": 0}, "silence: duration_s 0 is no time"),
    ],
)
def test_a_silence_that_cannot_be_right_fails_its_host_untouched(
    watched: Fleet, wrong: dict[str, Any], named: str
) -> None:
    outcome = watched.rollout("--limit", "app1", rollout_silence=wrong)
    assert outcome.states() == {"app1": "failed"}, outcome.output
    assert named in outcome.report["hosts"][0]["why"]
    assert outcome.notes == []


def test_a_check_run_silences_nobody(watched: Fleet, alertmanager: Alertmanager) -> None:
    outcome = watched.rollout("--check", "--limit", "app1", rollout_silence=silence(alertmanager))
    assert outcome.status == 0, outcome.output
    assert alertmanager.calls == []


def test_an_alert_holds_the_next_wave_until_it_is_clear(watched: Fleet, alertmanager: Alertmanager) -> None:
    alertmanager.firing = ["Down"]
    run = watched.start("--limit", "app1", rollout_gate={"alertmanager_url": alertmanager.url})
    alertmanager.wait_for_questions(2)
    assert watched.read_notes() == []
    alertmanager.firing = []
    outcome = watched.end_of(run)
    assert outcome.status == 0, outcome.output
    assert outcome.output.count("the gate waits up to 300 s: alert Down fires") == 1


def test_an_alert_that_fires_on_stops_the_rollout_when_the_time_is_over(
    watched: Fleet, alertmanager: Alertmanager
) -> None:
    alertmanager.firing = ["Down"]
    outcome = watched.rollout("--limit", "app1", rollout_gate={"alertmanager_url": alertmanager.url, "wait_s": 1})
    assert outcome.states() == {"app1": "planned"}
    assert "stopped: the gate is closed: alert Down fires" in outcome.output


def test_an_alertmanager_that_is_dead_at_the_close_does_not_take_the_table_along(
    fleet: Fleet, alertmanager: Alertmanager
) -> None:
    down = fleet.base / "down"
    dies = {"ansible_connection": f"{{{{ 'ssh' if '{down}' is exists else 'local' }}}}"}
    fleet.hosts("app1", monitors=("mon1",), mon1={**dies, "ansible_host": "127.0.0.1", "ansible_port": 1})
    run = fleet.start(hold_until=str(fleet.base / "go"), dies_midway=["app1"], rollout_silence=silence(alertmanager))
    fleet.wait_for_note("app1 apply")
    down.touch()
    (fleet.base / "go").touch()
    outcome = fleet.end_of(run)
    assert outcome.states() == {"app1": "lost"}, outcome.output
    assert "Alertmanager on mon1 did not end silences" in " ".join(outcome.output.split())
    assert alertmanager.live() == ["app1"]
