"""The playbooks patch_plan, patch and unpatch on a fleet of two: what a run costs, touches, refuses and takes back."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PROJECT, SCENARIO = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
SSH = ("ssh", "-F", f"{PROJECT}/.cache/lab/lab-patching/ssh_config")
SESSIONS = "sudo journalctl --sync; sudo journalctl -q -o cat -u ssh | grep -c 'Starting session: command'"
HOSTS = ("old", "new")


class Run(NamedTuple):
    """A playbook's end: what it said, how many executions it took on each host, and the version that is there now."""

    rc: int
    said: str
    executions: Mapping[str, int]
    versions: Mapping[str, str]


def on(host: str, command: str) -> str:
    return subprocess.run([*SSH, host, command], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the controller keeps its key, its patch set and its records."""
    found = tmp_path_factory.mktemp("controller")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", found / "key"], check=True)
    (found / "signers").write_text(f"crew {(found / 'key.pub').read_text()}")
    return found


@pytest.fixture(scope="session")
def runs(folder: Path) -> dict[str, Run]:
    """All runs, in their order."""
    policy = {"patching_only": ["crew-fleet"]}
    promoted = {"patching_patch_set": f"{folder}/set.json", "patching_patch_set_signers": f"{folder}/signers"}
    found = {"planned": run("patch_plan", folder, {**policy, **promoted, "patching_patch_set_key": f"{folder}/key"})}
    out = f"--inventory={SCENARIO}/files/opted_out.yml"
    found["patched"] = run("patch", folder, {**promoted, "patching_only": [], "rollout_run_id": "fleet"}, out)
    found["unpatched"] = run("unpatch", folder, {"patching_undo": "fleet"})
    found["idle"] = run("patch", folder, {"patching_only": ["crew-idle"]})
    told = (folder / "set.json").read_text()
    (folder / "set.json").write_text(told.replace('"version":"1.1"', '"version":"1.0"'))
    found["edited"] = run("patch", folder, promoted)
    return found


def run(name: str, folder: Path, variables: Mapping[str, Any], *more: str) -> Run:
    before = {host: int(on(host, SESSIONS)) for host in HOSTS}
    given = {"rollout_target": "all", "rollout_state_dir": f"{folder}/rollouts", **variables}
    inventories = [f"--inventory={PROJECT}/molecule/shared/inventory", f"--inventory={SCENARIO}/hosts.yml", *more]
    done = subprocess.run(
        ["ansible-playbook", *inventories, "--extra-vars", json.dumps(given), f"{PROJECT}/playbooks/{name}.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    # The question itself is a session too.
    executions = {host: int(on(host, SESSIONS)) - before[host] - 1 for host in HOSTS}
    versions = {host: on(host, "dpkg-query -W -f '${Version}' crew-fleet") for host in HOSTS}
    return Run(done.returncode, done.stdout + done.stderr, executions, versions)


def test_a_plan_changes_nothing_and_stands_in_a_signed_patch_set(runs: dict[str, Run], folder: Path) -> None:
    assert runs["planned"].rc == 0, runs["planned"].said
    assert set(runs["planned"].versions.values()) == {"1.0"}
    assert (folder / "set.json.sig").exists()


def test_hosts_get_the_promoted_versions_but_for_one_that_has_opted_out(runs: dict[str, Run]) -> None:
    patched = runs["patched"]
    assert patched.rc == 0, patched.said
    assert patched.versions == {"old": "1.1", "new": "1.0"}
    assert "the auditors look at it" in patched.said
    assert patched.executions["new"] == 0


def test_a_run_is_taken_back_where_it_was_and_leaves_other_hosts_alone(runs: dict[str, Run]) -> None:
    unpatched = runs["unpatched"]
    assert unpatched.rc == 0, unpatched.said
    assert set(unpatched.versions.values()) == {"1.0"}
    assert unpatched.executions["new"] <= 3


def test_a_run_with_nothing_to_do_makes_at_most_three_executions_on_a_host(runs: dict[str, Run]) -> None:
    idle = runs["idle"]
    assert idle.rc == 0, idle.said
    assert max(idle.executions.values()) <= 3, idle.executions


def test_an_edited_patch_set_is_refused_before_any_host_is_touched(runs: dict[str, Run]) -> None:
    edited = runs["edited"]
    assert edited.rc != 0
    assert "set.json was changed since it was made" in edited.said
    assert edited.executions == {"old": 0, "new": 0}
