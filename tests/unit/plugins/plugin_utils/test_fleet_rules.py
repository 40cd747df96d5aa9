# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each alert of the fleet fires when it should, holds its tongue beside that, and leads to its page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.filter.fleet_rules import FilterModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.fleet_rules import fleet_rules, table
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.slo_rules import ALERTS as SLO_ALERTS
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.promtool import promtool

pytestmark = pytest.mark.of_python_alone

ROOT = Path(__file__).resolve().parents[4]
RUNBOOKS = ROOT / "docs/runbooks"
CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load((ROOT / "tests/unit/fixtures/fleet_rules.yml").read_text())
BACKENDS = {"shop": "shop-team", "mail": "mail-team"}
SECTIONS = ["What it means", "Who is hurt", "Look at", "Do", "Wake somebody"]


def rules(**options: Any) -> list[dict[str, Any]]:
    return [rule for group in fleet_rules({}, **options)["groups"] for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}
SEVERITIES = {**{name: rule["labels"]["severity"] for name, rule in ALERTS.items()}, **SLO_ALERTS}


def write_tests(directory: Path, every: str) -> list[str]:
    """The cases of that pace as files for promtool, one for each group of rules, which is all that is there in it."""
    written = []
    for group in fleet_rules({}, backend_owners=BACKENDS)["groups"]:
        names = [rule["alert"] for rule in group["rules"] if "alert" in rule]
        tests = [
            as_test(alert, case, every) for alert in names for case in CASES[alert] if case.get("every", "1m") == every
        ]
        rule_file = f"{group['name']}.rules.yml"
        document = {"rule_files": [rule_file], "evaluation_interval": every, "tests": tests}
        (directory / rule_file).write_text(json.dumps({"groups": [group]}))
        (directory / f"{group['name']}.yml").write_text(json.dumps(document))
        written += [f"{group['name']}.yml"] if tests else []
    return written


def as_test(alert: str, case: dict[str, Any], every: str) -> dict[str, Any]:
    return {
        "name": f"{alert} at {case['at']}",
        "interval": every,
        "input_series": [{"series": name, "values": values} for name, values in case["series"].items()],
        "promql_expr_test": [asked(alert, case)],
    }


def asked(alert: str, case: dict[str, Any]) -> dict[str, Any]:
    labels = f'{{alertname="{alert}", owner="{case.get("owner", "web")}", severity="{SEVERITIES[alert]}"}}'
    return {
        "expr": f'count by (alertname, owner, severity) (ALERTS{{alertname="{alert}",alertstate="firing"}})',
        "eval_time": case["at"],
        "exp_samples": [{"labels": labels, "value": case["fires"]}] if case.get("fires") else [],
    }


@pytest.mark.parametrize("every", ["1m", "5m", "1h"])
def test_each_alert_fires_when_it_should_and_holds_its_tongue_beside_that(tmp_path: Path, every: str) -> None:
    ran = promtool("test", "rules", *write_tests(tmp_path, every), cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_broken_rule_does_not_pass(tmp_path: Path) -> None:
    write_tests(tmp_path, "1m")
    rules_file = tmp_path / "fleet-probes.rules.yml"
    rules_file.write_text(rules_file.read_text().replace("probe_success == 0", "probe_success == 1"))
    assert "got: nil" in promtool("test", "rules", "fleet-probes.yml", cwd=tmp_path).stderr


def test_each_alert_is_seen_to_fire_and_all_but_the_watchdog_to_hold_their_tongue() -> None:
    assert set(CASES) == set(ALERTS)
    for alert, cases in CASES.items():
        assert any(case.get("fires") for case in cases), alert
        assert alert == "Watchdog" or any(not case.get("fires") for case in cases), alert


def test_an_alert_carries_its_summary_and_its_links_filled_in(tmp_path: Path) -> None:
    series = 'up{job="shop",host="a b",instance="x"}'
    document = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "input_series": [{"series": series, "values": "0x9"}],
                "alert_rule_test": [
                    {
                        "alertname": "InstanceDown",
                        "eval_time": "3m",
                        "exp_alerts": [
                            {
                                "exp_labels": {
                                    "job": "shop",
                                    "host": "a b",
                                    "instance": "x",
                                    "owner": "crew",
                                    "severity": "page",
                                },
                                "exp_annotations": {
                                    "summary": "shop on a b does not answer",
                                    "runbook_url": "https://wiki/InstanceDown.md",
                                    "dashboard": "https://mon1/consoles/host.html?host=a+b",
                                },
                            }
                        ],
                    }
                ],
            }
        ],
    }
    made = fleet_rules(
        {}, "crew", "https://wiki", "https://mon1/", changes={"InstanceDown": {"severity": "page", "for": "2m"}}
    )
    (tmp_path / "rules.yml").write_text(json.dumps(made))
    (tmp_path / "test.yml").write_text(json.dumps(document))
    ran = promtool("test", "rules", "test.yml", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_promtool_accepts_the_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(json.dumps(fleet_rules({}, backend_owners=BACKENDS)))
    assert promtool("check", "rules", "rules.yml", cwd=tmp_path).returncode == 0


def test_each_threshold_is_used_and_can_be_given() -> None:
    before = json.dumps(fleet_rules({}))
    for name, default in table()["thresholds"].items():
        other = "nfs|cifs" if isinstance(default, str) else str(default + 7)
        assert json.dumps(fleet_rules({name: other})) != before, name
    assert "${" not in before


def test_an_alert_can_be_turned_off_and_its_group_goes_with_the_last_one() -> None:
    probes = [rule["alert"] for rule in table()["groups"][2]["rules"]]
    names = [
        group["name"] for group in fleet_rules({}, changes={name: {"enabled": False} for name in probes})["groups"]
    ]
    assert names == ["fleet-hosts", "fleet-load-balancer", "fleet-upkeep", "fleet-monitoring"]


@pytest.mark.parametrize(
    "thresholds,options,told",
    [
        ({"disk_free": 5}, {}, "threshold disk_free is unknown. Did you mean disk_free_percent?"),
        ({"disk_free_percent": "5 or vector(1)"}, {}, "disk_free_percent is '5 or vector(1)'. Give a whole number"),
        ({"disk_free_percent": -1}, {}, "disk_free_percent is -1"),
        ({"disk_free_percent": True}, {}, "disk_free_percent is True"),
        ({"disk_ignored_fstypes": 'x"}'}, {}, "Give names with | between them"),
        (["x"], {}, "Give a dictionary"),
        ({}, {"default_owner": '"'}, "owner '\"': give letters"),
        ({}, {"backend_owners": {"shop": "{{ x }}"}}, "owner '{{ x }}'"),
        ({}, {"changes": {"DiskFull": {}}}, "alert DiskFull is unknown. Did you mean"),
        (
            {},
            {"changes": {"Watchdog": {"severty": "page"}}},
            "change of Watchdog: severty is unknown. Did you mean severity?",
        ),
        (
            {},
            {"changes": {"Watchdog": {"severity": "critical"}}},
            "severity is 'critical'. Give one of page, ticket, info",
        ),
        ({}, {"changes": {"Watchdog": {"for": "soon"}}}, "for is 'soon'. Give a time"),
        ({}, {"changes": {"Watchdog": {"enabled": "no"}}}, "enabled is 'no'. Give true or false"),
    ],
)
def test_what_cannot_be_right_is_refused(thresholds: Any, options: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput) as refused:
        fleet_rules(thresholds, **options)
    assert told in str(refused.value)


def test_the_filter_fails_in_ansibles_way() -> None:
    with pytest.raises(AnsibleFilterError, match="threshold x is unknown"):
        FilterModule().filters()["fleet_rules"]({"x": 1})


def test_each_alert_has_a_page_each_page_an_alert_and_the_index_both() -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == set(SEVERITIES)
    assert set(re.findall(r"\[(\w+)\]\(\1\.md\)", (RUNBOOKS / "README.md").read_text())) == pages


@pytest.mark.parametrize("alert", sorted(SEVERITIES))
def test_a_page_has_the_alerts_severity_and_says_what_to_do(alert: str) -> None:
    page = (RUNBOOKS / f"{alert}.md").read_text()
    assert page.startswith(f"# {alert}\n\nSeverity: {SEVERITIES[alert]}.")
    assert re.findall(r"^\*\*([^*]+)\.\*\*", page, re.MULTILINE) == SECTIONS


def test_each_alert_says_where_to_look() -> None:
    for alert, rule in ALERTS.items():
        assert rule["annotations"]["runbook_url"].endswith(f"/docs/runbooks/{alert}.md")
        assert rule["annotations"]["dashboard"].startswith("/consoles/")
