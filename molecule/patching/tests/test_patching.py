"""What roles/patching/README.md promises."""

from __future__ import annotations

import json
import os
import subprocess

from testinfra.host import Host

testinfra_hosts = ["ssh://old", "ssh://new"]


def test_the_host_is_up_to_date(host: Host) -> None:
    assert [host.package(name).version for name in ("crew-tool", "crew-library")] == ["1.1", "1.1"]


def test_no_service_runs_replaced_code(host: Host) -> None:
    for unit in ("app@1", "app@2"):
        assert host.service(unit).is_running
        pid = host.check_output(f"systemctl show --property MainPID --value {unit}")
        assert "(deleted)" not in host.check_output(f"grep libcrew /proc/{pid}/maps")


def test_alerts_were_silenced_meanwhile_and_are_not_any_more(host: Host) -> None:
    url = "http://127.0.0.1:9093/api/v2/silences"
    told = host.check_output(f"python3 -c \"import urllib.request as u; print(u.urlopen('{url}').read().decode())\"")
    name = host.backend.get_pytest_id().removeprefix("ssh://")
    found = [
        (one["matchers"][0]["name"], one["status"]["state"])
        for one in json.loads(told)
        if one["matchers"][0]["value"] == name
    ]
    assert found
    assert set(found) == {("host", "expired")}


def test_a_rollout_that_asks_for_the_way_back_is_told_that_there_is_none() -> None:
    project, scenario = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
    inventories = [f"--inventory={project}/molecule/shared/inventory", f"--inventory={scenario}/hosts.yml"]
    run = subprocess.run(
        ["ansible-playbook", *inventories, f"{scenario}/undo.yml"], capture_output=True, text=True, check=False
    )
    assert run.returncode != 0
    assert "stay upgraded" in run.stdout
