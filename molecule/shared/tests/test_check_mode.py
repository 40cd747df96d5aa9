"""After a converge, check mode finds nothing left to change: every scenario promises that."""

from __future__ import annotations

import json
import os
import subprocess


def test_check_mode_after_converge_reports_no_change() -> None:
    project, scenario = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
    inventories = [f"--inventory={project}/molecule/shared/inventory", f"--inventory={scenario}/hosts.yml"]
    run = subprocess.run(
        ["ansible-playbook", "--check", "--diff", *inventories, f"{scenario}/converge.yml"],
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    hosts = json.loads(run.stdout)["stats"]
    assert {name: counts["changed"] for name, counts in hosts.items()} == dict.fromkeys(hosts, 0), run.stdout
