"""The playbook of the report, by the real ansible-playbook, of what a real Prometheus and a real Alertmanager know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._http import Server
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import stamp
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence import api
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.promql_info.live_servers import (
    ALERTMANAGER,
    PROMETHEUS,
    alertmanager,
    needs,
    prometheus,
)

COLLECTIONS = Path(__file__).parents[3] / ".cache" / "collections"
pytestmark = needs(PROMETHEUS, ALERTMANAGER, "promtool")


def past(now: int) -> str:
    """A page three hours ago, an error budget that shrank in a day, and a host that keeps the rule of its patches."""
    alert = 'ALERTS{alertname="AppDown",alertstate="firing",app="shop",owner="web",severity="page"} 1'
    slo = '{app="shop",owner="web",slo="answers"}'
    return "\n".join(
        [
            *(f"{alert} {now - 10800 + second}" for second in range(0, 180, 30)),
            f"slo:error_budget_left:ratio{slo} 0.75 {now - 86430}",
            *(f"slo:error_budget_left:ratio{slo} 0.5 {now + second}" for second in (-60, 60)),
            *(f"slo:objective:ratio{slo} 0.999 {now + second}" for second in (-60, 60)),
            *(f'groundcrew_patch_compliant{{host="a"}} 1 {now + second}' for second in (-60, 60)),
            "# EOF\n",
        ]
    )


def play(root: Path, **variables: Any) -> subprocess.CompletedProcess[str]:
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False}
    away = {"ansible_connection": "ssh", "ansible_ssh_executable": "/bin/false", "ansible_host": "192.0.2.1"}
    (root / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"a": local, "d": away}}}))
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "ansible",
            "playbook",
            "-i",
            "hosts.yml",
            "groundcrew.fleet.report",
            "-e",
            json.dumps(variables),
        ],
        cwd=root,
        env={
            "PATH": os.environ["PATH"],
            "PWD": str(root),
            "HOME": str(root),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_NOCOLOR": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def silence(url: str, now: int) -> None:
    body = {
        "matchers": [{"name": "app", "value": "<till>", "isRegex": False, "isEqual": True}],
        "startsAt": stamp(now),
        "endsAt": stamp(now + 3600),
        "createdBy": "ann",
        "comment": "the till is <moved>",
    }
    api.put(Server("Alertmanager", url), body)


def test_a_day_is_told_in_one_page_with_what_is_not_known(tmp_path: Path) -> None:
    now = int(time.time())
    (tmp_path / "past").write_text(past(now))
    write = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "past", "data"]
    subprocess.run(write, cwd=tmp_path, check=True, capture_output=True)
    with prometheus(tmp_path, "scrape_configs: []\n") as figures, alertmanager(tmp_path) as silences:
        silence(silences, now)
        done = play(tmp_path, report_prometheus_url=figures, report_alertmanager_url=silences, report_days=1)
        week = play(tmp_path, report_prometheus_url=figures, report_alertmanager_url=silences, report_json="week.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert week.returncode == 0, week.stdout + week.stderr
    assert json.loads((tmp_path / "week.json").read_text())["pages"]["total"] == 1
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["unread"][0]["name"] == "d"
    assert [one.split(":")[0] for one in told["unknown"]] == ["the ledger was not read on d"]
    assert told["pages"]["by_owner"] == [{"name": "web", "pages": 1, "night": told["pages"]["night"]}]
    assert 120 <= told["pages"]["each"][0]["seconds"] <= 420
    assert [(one["left_percent"], one["spent_percent"], one["objective_percent"]) for one in told["budgets"]] == [
        (50.0, 25.0, 99.9)
    ]
    assert told["patches"] == {"hosts": 2, "compliant": 1, "overdue": [], "unknown": ["d"]}
    assert [(one["by"], one["matchers"]) for one in told["silences"]] == [("ann", ['app="<till>"'])]
    page = (tmp_path / "report.html").read_text()
    assert "the till is &lt;moved&gt;" in page
    assert "<till>" not in page
