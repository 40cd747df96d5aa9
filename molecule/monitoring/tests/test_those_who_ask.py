"""What else of the collection asks the servers that speak TLS and want a password: rollouts, and the report."""

from __future__ import annotations

import json

from ansible_collections.groundcrew.fleet.molecule.monitoring.tests.world import (
    ALERTMANAGER,
    HOSTS,
    STATE,
    WATCHING,
    ask,
    play,
    series,
    within,
)

GATE = {
    "alertmanager_url": f"https://{HOSTS['mon1']}:9093",
    "alerts": ["alertname=Nothing"],
    "wait_s": 0,
    "observe_s": 0,
    "prometheus": {
        "url": f"https://{HOSTS['mon1']}:9090",
        "requests": 'count(up{host=~"$hosts"}) * 1000',
        "errors": 'sum(up{host=~"$hosts"} < 0) or vector(0)',
    },
}


def test_a_rollouts_gate_and_silences_know_the_password_and_show_it_nowhere() -> None:
    done = play(
        "-vvv",
        playbook="rollout",
        rollout_target="app",
        rollout_role="groundcrew.fleet.monitoring",
        rollout_drain=False,
        rollout_gate=GATE,
        rollout_waves=1,
        rollout_silence={"hosts": list(WATCHING), "url": "https://127.0.0.1:9093"},
    )
    assert done.rc == 0, done.said[-3000:]
    assert "zq-planted" not in done.said
    silences = json.loads(ask("mon1", ALERTMANAGER, "/api/v2/silences").body)
    ours = [one for one in silences if one["comment"].startswith(("app1 has its turn", "app2 has its turn"))]
    assert {one["status"]["state"] for one in ours} == {"expired"}
    assert {one["comment"].split()[0] for one in ours} == {"app1", "app2"}
    assert len(ours) == 2


def test_the_report_has_all_that_the_fleet_knows() -> None:
    assert within(150, lambda: bool(series("mon1", "count(slo:error_budget_left:ratio)"))), "no error budget as yet"
    page, figures = STATE / "report.html", STATE / "report.json"
    done = play("-vvv", playbook="report", report_page=str(page), report_json=str(figures), report_days=1)
    assert done.rc == 0, done.said[-3000:]
    assert "zq-planted" not in done.said + page.read_text() + figures.read_text()
    told = json.loads(figures.read_text())
    assert (told["unknown"], told["broken"], told["read"]) == ([], [], len(HOSTS))
    assert told["budgets"][0]["app"] == "shop"
    assert set(told["patches"]["overdue"] + told["patches"]["unknown"]) <= set(HOSTS)
    assert {one["person"] for one in told["pages"]["each"]} <= {"alice", "bob"}
    assert told["pages"]["by_person"], "the pages of the other tests are counted by person"
