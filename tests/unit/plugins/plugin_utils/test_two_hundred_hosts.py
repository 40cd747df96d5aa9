# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of 200 hosts, forty apps and twenty teams: all that Prometheus and Alertmanager are given of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.fleet_rules import fleet_rules
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.slo_rules import slo_rules
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.watched import Settings, watched

TEAMS = [f"team{number}" for number in range(20)]
APPS = [f"app{number}" for number in range(40)]
WITHIN_S = 5

pytestmark = pytest.mark.skipif(
    not (shutil.which("promtool") and shutil.which("amtool")), reason="promtool or amtool is not installed"
)


def inventory() -> tuple[dict[str, list[str]], dict[str, dict[str, Any]]]:
    """Four hosts of each app behind ten load balancers, ten that have neither and two that watch; its groups and hostvars."""
    members = {app: [f"{app}-{number}" for number in range(4)] for app in APPS}
    backends = [{"name": app, "hosts": hosts, "port": 8000} for app, hosts in members.items()]
    frontends = [
        {"name": app, "port": 10000 + number, "backend": app, "certificates": [app]} for number, app in enumerate(APPS)
    ]
    balancing = {
        "load_balancer_stats_address": "*",
        "load_balancer_backends": backends,
        "load_balancer_frontends": frontends,
    }
    groups = {
        "app": [host for hosts in members.values() for host in hosts],
        "load_balancer": [f"lb{number}" for number in range(10)],
        "other": [f"db{number}" for number in range(28)],
        "monitoring": ["mon1", "mon2"],
    }
    groups["all"] = [host for hosts in list(groups.values()) for host in hosts]
    hostvars: dict[str, dict[str, Any]] = {}
    for number, host in enumerate(groups["all"]):
        owner = TEAMS[number % len(TEAMS)]
        hostvars[host] = {"ansible_host": f"10.0.{number // 250}.{number % 250 + 1}", "monitoring_owner": owner}
    for host in groups["load_balancer"]:
        hostvars[host] |= balancing
    for host in groups["app"]:
        hostvars[host] |= {"deployment_app": host.partition("-")[0], "deployment_metrics_path": "/metrics"}
    return groups, hostvars


def oncall() -> dict[str, Any]:
    people = {
        f"person{number}": {"time_zone": "Europe/Berlin", "contact": {"email": f"p{number}@example.com"}}
        for number in range(60)
    }
    names = list(people)
    layers = [
        [
            {"people": names[number * 3 : number * 3 + 2], "start": "2026-01-05"},
            {"people": names[number * 3 + 2 : number * 3 + 3], "start": "2026-01-05"},
        ]
        for number in range(len(TEAMS))
    ]
    teams = {team: {"time_zone": "Europe/Berlin", "layers": one} for team, one in zip(TEAMS, layers)}
    return {"default_team": TEAMS[0], "people": people, "teams": teams}


def job(name: str) -> dict[str, Any]:
    """What is probed is asked by way of the blackbox exporter, as the role's template has it."""
    found: dict[str, Any] = {"job_name": name, "file_sd_configs": [{"files": [f"{name}.json"]}]}
    if name.startswith("probe-"):
        found["relabel_configs"] = [{"target_label": "__address__", "replacement": "127.0.0.1:9115"}]
    return found


def test_what_they_are_given_is_made_in_five_seconds_and_accepted(tmp_path: Path) -> None:
    groups, hostvars = inventory()
    slos = [
        {"app": app, "owner": TEAMS[number % len(TEAMS)], "objective": 99.9, "backend": app}
        for number, app in enumerate(APPS)
    ]
    begin = time.perf_counter()
    targets = watched([], groups, hostvars, Settings(owner=TEAMS[0]))
    rules = {"fleet": fleet_rules({}, default_owner=TEAMS[0]), "slo": slo_rules(slos)}
    alerting = oncall_filters.alerting(
        oncall(), "", 60, [], {}, {"global": {"smtp_smarthost": "127.0.0.1:25", "smtp_from": "a@example.com"}}
    )
    seconds = time.perf_counter() - begin
    assert seconds < WITHIN_S
    assert (len(groups["all"]), len(json.loads(targets["node"]))) == (200, 200)
    for name, groups_of_rules in rules.items():
        (tmp_path / f"{name}.yml").write_text(yaml.safe_dump(groups_of_rules), encoding="utf-8")
    for name, content in targets.items():
        (tmp_path / f"{name}.json").write_text(content, encoding="utf-8")
    config = {"rule_files": ["fleet.yml", "slo.yml"], "scrape_configs": [job(name) for name in targets]}
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (tmp_path / "alertmanager.yml").write_text(json.dumps(alerting), encoding="utf-8")
    for argv in (["promtool", "check", "config", "prometheus.yml"], ["amtool", "check-config", "alertmanager.yml"]):
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
