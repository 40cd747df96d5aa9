"""After a converge, check mode finds nothing left to change: every scenario promises that."""

from __future__ import annotations

import json

from ansible_collections.groundcrew.fleet.molecule.shared.calls import SCENARIO, ansible


def test_check_mode_after_converge_reports_no_change() -> None:
    run = ansible("ansible-playbook", "--check", "--diff", f"{SCENARIO}/converge.yml")
    assert run.returncode == 0, run.stdout + run.stderr
    hosts = json.loads(run.stdout)["stats"]
    assert {name: counts["changed"] for name, counts in hosts.items()} == dict.fromkeys(hosts, 0), run.stdout
