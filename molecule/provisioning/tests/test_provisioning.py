"""Bare hosts are what their inventory says, were told so before, and find their way back."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from testinfra.host import Host

testinfra_hosts = ["ssh://old", "ssh://new"]

PROJECT, SCENARIO = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
RUNS = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "runs.jsonl"
# The host that has no Python at first.
BARE = "old"
PYTHON = "Ensure that Python is there"
TASKS = [
    "Ensure that packages and repositories are as listed",
    "Ensure that the accounts are as listed",
    "Ensure that the settings of the host are as listed",
    "Ensure that the kernel is set as listed",
]
NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(("provisioning_hostname", "provisioning_timezone", "provisioning_locale"), ""),
    **{
        f"provisioning_{name}": []
        for name in (
            *("hosts", "hosts_groups", "locales", "swap", "limits", "logrotate", "timers"),
            *("time_servers", "mounts"),
        )
    },
    "provisioning_journald": {},
    "provisioning_kernel_settings": {},
}


def name_of(host: Host) -> str:
    return str(host.backend.get_pytest_id()).removeprefix("ssh://")


def first_run(host: Host, *, check: bool) -> list[dict[str, Any]]:
    """What the first run of that kind changed on the host."""
    runs = [json.loads(line) for line in RUNS.read_text().splitlines()]
    first = next(run for run in runs if "Provision hosts" in run["plays"] and run["check"] == check)
    changes: list[dict[str, Any]] = first["changes"].get(name_of(host), [])
    return changes


def provision(host: Host, options: Mapping[str, Any], *flags: str) -> dict[str, Any]:
    """Run the playbook on the host with these variables; return what was counted."""
    done = subprocess.run(
        [
            *("ansible-playbook", f"--inventory={PROJECT}/molecule/shared/inventory"),
            *(f"--inventory={SCENARIO}/hosts.yml", "--limit", name_of(host), *flags),
            *("--extra-vars", json.dumps(dict(options)), f"{PROJECT}/playbooks/provision.yml"),
        ],
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts: dict[str, Any] = json.loads(done.stdout)["stats"][name_of(host)]
    return counts


def test_the_first_check_foretold_the_steps_of_the_first_run(host: Host) -> None:
    foretold, taken = first_run(host, check=True), first_run(host, check=False)
    if name_of(host) == BARE:
        assert [change["task"] for change in foretold] == [PYTHON]
        assert taken[0]["task"] == PYTHON
    else:
        assert [change["task"] for change in foretold] == TASKS
        assert foretold == taken


def test_python_is_installed_once(host: Host) -> None:
    assert host.package("python3-apt").is_installed
    assert provision(host, {}, "--tags", "none")["changed"] == 0


def test_the_names_are_those_of_the_inventory(host: Host) -> None:
    """In a container the engine writes them: there it is told why they are left out."""
    told = first_run(host, check=False)[-2]["left_out"]
    assert {"/etc/hosts", "swap /swapfile", "mount /srv/small"} <= set(told)
    assert all("container" in why for why in told.values())


def test_people_can_become_root_and_get_their_limits(host: Host) -> None:
    assert host.run("sudo -l -U alice").rc == 0
    assert host.file("/etc/security/limits.d/groundcrew.conf").contains("^alice - nofile 65536$")


def test_time_and_language_are_as_listed(host: Host) -> None:
    assert host.check_output("date -d @0 +%Z") == "CET"
    assert host.file("/etc/chrony/sources.d/groundcrew.sources").contains("server ntp.example.com iburst")
    assert host.check_output(". /etc/default/locale; LC_ALL=$LANG date -d @0 +%A") == "Donnerstag"


def test_logs_are_bounded(host: Host) -> None:
    assert "SystemMaxUse=50M" in host.check_output("systemd-analyze cat-config systemd/journald.conf").splitlines()
    done = host.run("logrotate -d /etc/logrotate.conf")
    assert 'rotating pattern: "/var/log/shop/*.log"' in done.stderr + done.stdout


def test_a_task_runs_by_itself_as_an_account_of_the_same_run(host: Host) -> None:
    host.check_output("rm -f /var/tmp/often")
    until = time.monotonic() + 10
    while not host.file("/var/tmp/often").exists and time.monotonic() < until:
        time.sleep(0.5)
    assert host.file("/var/tmp/often").user == "shop"


def test_the_kernel_gets_its_settings_at_the_next_boot(host: Host) -> None:
    assert host.file("/etc/sysctl.d/99-zz-groundcrew-fleet.conf").contains("^net.core.somaxconn = 8192$")


def test_a_run_for_one_concern_leaves_the_others_alone(host: Host) -> None:
    assert provision(host, NOTHING, "--tags", "provisioning_accounts")["changed"] == 0
    switched_off = {**NOTHING, "provisioning_settings_enabled": False, "provisioning_kernel_settings_enabled": False}
    assert provision(host, switched_off)["changed"] == 0


def test_what_leaves_the_inventory_goes_back_to_what_was_there_before(host: Host) -> None:
    assert provision(host, {**NOTHING, "provisioning_accounts": []}, "--check")["changed"] == 3
    assert provision(host, {**NOTHING, "provisioning_accounts": []})["changed"] == 3
    assert host.check_output("sh /root/state") == host.file("/root/before").content_string.rstrip("\n")
    assert "LANG" not in host.file("/etc/default/locale").content_string
    assert not host.user("alice").exists
    assert provision(host, {**NOTHING, "provisioning_accounts": []})["changed"] == 0
