"""The report as a whole: what is known of the days, and that what is not known is said and never 0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.ledger_info import state
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.fleet_report import fleet_report
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.oncall_files import file

CAPTURED = Path(__file__).parents[2] / "fixtures/ledgers"
NOON = "2026-11-29T16:30:00Z"
ALERT = {"alertname": "AppDown", "severity": "page", "owner": "web", "app": "shop", "alertstate": "firing"}
SLO = {"slo": "answers", "app": "shop", "owner": "web"}


def ledger(host: str = "app1", **more: Any) -> dict[str, Any]:
    lines = [json.loads(line) for line in (CAPTURED / f"{host}.jsonl").read_bytes().splitlines()]
    return {"chain_holds": True, "releases": state.releases(lines, {}), "heals": [], "reboots": [], **more}


def answer(*rows: tuple[dict[str, str], float | None]) -> dict[str, Any]:
    return {"series": [{"labels": labels, "value": value} for labels, value in rows]}


def answers(**more: Any) -> dict[str, Any]:
    alerts = {"series": [{"labels": ALERT, "values": [[1795910400.0, 1.0], [1795910460.0, 1.0]]}]}
    nothing = {"budgets": answer(), "budgets_before": answer(), "objectives": answer(), "patches": answer()}
    return {"alerts": alerts, **nothing, **more}


def told(**more: Any) -> dict[str, Any]:
    ledgers = {"app1": ledger(), "app2": ledger("app2")}
    return fleet_report(ledgers, ["app1", "app2"], NOON, 7, {"history": {"rollouts": []}, **more})


def test_the_ledgers_of_the_lab_make_its_figures() -> None:
    found = told()
    assert (found["dora"]["deployments"], found["dora"]["change_failure_percent"]) == (5, 40.0)
    assert [one["versions"] for one in found["deployments"]][-1] == ["2.0.0"]
    assert found["deployments"][-1]["hosts"] == ["app1", "app2"]
    assert (found["since"], found["hosts"], found["read"]) == ("2026-11-22T16:30:00Z", 2, 2)


def test_what_nobody_was_asked_for_is_not_known() -> None:
    found = fleet_report({}, ["app1"], NOON)
    assert [found[name] for name in ("dora", "pages", "silences", "budgets", "patches")] == [None] * 5
    assert [one.split(" ")[:3] for one in found["unknown"]] == [
        ["the", "ledger", "was"],
        ["the", "controller's", "records"],
        ["Prometheus", "was", "not"],
        ["Alertmanager", "was", "not"],
    ]


def test_a_fleet_without_hosts_is_told_as_such() -> None:
    assert fleet_report({}, [], NOON)["unknown"][0].startswith("there is no host in the inventory")


def test_nothing_is_unknown_where_everybody_has_answered() -> None:
    assert told(answers=answers(), silences=[])["unknown"] == []


@pytest.mark.parametrize(
    "result, why",
    [
        ({"failed": True, "msg": "belongs  to\nroot"}, "not read: belongs to root"),
        ({"unreachable": True, "msg": "timed out"}, "unreachable: timed out"),
        ({"unreachable": True}, "unreachable"),
        ({}, "not read"),
        ({"skipped": True}, "not read"),
    ],
)
def test_a_host_that_tells_nothing_is_named(result: dict[str, Any], why: str) -> None:
    found = fleet_report({"app1": result, "app2": ledger("app2")}, ["app1", "app2"], NOON)
    assert found["unread"] == [{"name": "app1", "why": why}]
    assert found["read"] == 1


def test_a_ledger_that_was_edited_is_named() -> None:
    found = fleet_report({"app1": ledger(chain_holds=False), "app2": ledger("app2")}, ["app1", "app2"], NOON)
    assert found["broken"] == ["app1"]


def test_a_budget_tells_what_is_left_and_what_these_days_took_the_worst_first() -> None:
    other, new = {**SLO, "app": "till"}, {**SLO, "slo": "speed"}
    found = told(
        answers=answers(
            budgets=answer((SLO, 0.5), (other, -0.25), (new, None)),
            budgets_before=answer((SLO, 0.75)),
            objectives=answer((SLO, 0.9995)),
        )
    )
    rows = [
        (one["slo"], one["app"], one["left_percent"], one["spent_percent"], one["objective_percent"])
        for one in found["budgets"]
    ]
    assert rows == [
        ("speed", "shop", None, None, None),
        ("answers", "till", -25.0, None, None),
        ("answers", "shop", 50.0, 25.0, 99.95),
    ]


def test_pages_are_counted_and_those_at_night_by_the_zone_that_is_given() -> None:
    # 2026-11-29T00:00:00Z
    by_zone = {
        zone: told(answers=answers(), silences=[], timezone=zone)["pages"] for zone in ("UTC", "America/New_York")
    }
    assert [(one["total"], one["night"]) for one in by_zone.values()] == [(1, 1), (1, 0)]
    assert by_zone["UTC"]["by_owner"] == [{"name": "web", "pages": 1, "night": 1}]


def test_pages_are_counted_by_who_was_on_call_by_the_file() -> None:
    pages = told(answers=answers(), silences=[], oncall=file())["pages"]
    assert pages["by_person"] == [{"name": "alice", "pages": 1, "night": 1}]
    assert pages["each"][0]["person"] == "alice"


def test_a_file_of_on_call_that_is_wrong_is_told_and_the_report_is_made() -> None:
    found = told(answers=answers(), silences=[], oncall={"people": {}})
    assert found["pages"]["total"] == 1
    assert found["unknown"][-1].startswith("the file of on-call is wrong, so pages are not counted by person: ")


def test_patches_are_judged_host_by_host_and_one_without_figures_is_unknown() -> None:
    patches = answer(({"host": "app1"}, 1.0), ({"host": "gone"}, 1.0))
    assert told(answers=answers(patches=patches))["patches"] == {
        "hosts": 2,
        "compliant": 1,
        "overdue": [],
        "unknown": ["app2"],
    }
    assert told(answers=answers(patches=answer(({"host": "app2"}, 0.0))))["patches"]["overdue"] == ["app2"]


def test_remedies_of_these_days_are_told_by_host_the_newest_first() -> None:
    heals = [{"when": f"2026-11-{day}T10:00:00Z", "unit": "shop.service", "result": "done"} for day in (10, 27, 28)]
    found = fleet_report({"app1": ledger(heals=heals)}, ["app1"], NOON)
    assert [(one["host"], one["when"][8:10]) for one in found["heals"]] == [("app1", "28"), ("app1", "27")]


@pytest.mark.parametrize("when, days", [("yesterday", 7), (NOON, 0), (NOON, "-1")])
def test_days_that_are_none_are_refused(when: str, days: float | str) -> None:
    with pytest.raises(BadInput, match="are no time: give days above 0"):
        fleet_report({}, [], when, days)


def test_an_old_core_that_makes_strings_of_numbers_and_of_null_is_understood() -> None:
    found = fleet_report(
        {}, ["app1"], NOON, "1", {"answers": "", "silences": "", "history": "", "alerts_step_s": "60.0"}
    )
    assert found["days"] == 1.0
    assert (found["silences"], found["pages"], len(found["unknown"])) == (None, None, 4)
