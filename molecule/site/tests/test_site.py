"""What playbooks/site.yml promises of a second run."""

from __future__ import annotations

import os
import subprocess

import pytest
import testinfra

HOSTS = ("old", "new")
# A host of this scenario is everything at once: three lists of packages, ten services and one link. Hosts with one job, as those
# of the lab, have fewer than ten executions; script/demo counts them.
MOST_EXECUTIONS = 14


def executions(ssh_config: str) -> dict[str, int]:
    """How many commands sshd has started on each host; a question is one itself."""
    question = "journalctl --sync; journalctl --unit ssh --no-pager --output cat | grep -c 'Starting session: command'"
    found = {name: testinfra.get_host(f"ssh://{name}?sudo=true", ssh_config=ssh_config) for name in HOSTS}
    return {name: int(host.check_output(question)) for name, host in found.items()}


def test_a_second_run_changes_nothing_and_costs_few_executions_on_any_host(pytestconfig: pytest.Config) -> None:
    ssh_config = pytestconfig.getoption("ssh_config")
    project, scenario = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
    inventories = [f"--inventory={project}/molecule/shared/inventory", f"--inventory={scenario}/hosts.yml"]
    asked = executions(ssh_config)
    before = executions(ssh_config)
    run = subprocess.run(
        ["ansible-playbook", *inventories, f"{scenario}/converge.yml"], capture_output=True, text=True, check=False
    )
    after = executions(ssh_config)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("changed=0") == len(HOSTS), run.stdout
    taken = {name: after[name] - before[name] - (before[name] - asked[name]) for name in HOSTS}
    assert max(taken.values()) <= MOST_EXECUTIONS, taken
