"""drift, by the real ansible-playbook of whichever core is installed, on hosts that are all this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

COLLECTIONS = Path(__file__).parents[4] / ".cache" / "collections"


class Fleet:
    """Hosts a and b want the same of one file, c another; d cannot be reached."""

    def __init__(self, root: Path) -> None:
        self.root = root
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        hosts: dict[str, Any] = {name: {**local, "level": 1, "place": name} for name in "ab"}
        hosts["c"] = {**local, "level": 2, "place": "c"}
        hosts["d"] = {"ansible_connection": "ssh", "ansible_ssh_executable": "/bin/false", "ansible_host": "192.0.2.1"}
        hosts["d"].update(level=1, place="d")
        self.write("hosts.yml", {"all": {"hosts": hosts}})
        for name in "abc":
            (root / name).mkdir()
        copy = {"content": "level {{ level }}\n", "dest": f"{root}/{{{{ place }}}}/app.conf", "mode": "0644"}
        secret = {"content": "planted-{{ level }}", "dest": f"{root}/{{{{ place }}}}/key", "mode": "0600"}
        tasks = [
            {"name": "Configure the app", "ansible.builtin.copy": copy},
            {"name": "Bring the key", "ansible.builtin.copy": secret, "no_log": True},
        ]
        self.write("site.yml", [{"hosts": "all", "gather_facts": False, "tasks": tasks}])

    def write(self, name: str, content: Any) -> None:
        (self.root / name).write_text(json.dumps(content), encoding="utf-8")

    def play(self, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.yml", playbook, *arguments],
            cwd=self.root,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.root),
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
                "ANSIBLE_NOCOLOR": "1",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def drift(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        asked = json.dumps({"drift_playbooks": ["site.yml"], "drift_report": "drift.json"})
        return self.play("groundcrew.fleet.drift", "-e", asked, *arguments)

    def report(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.root / "drift.json").read_text("utf-8"))
        return told


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def test_no_drift_ends_with_0_and_names_the_hosts(fleet: Fleet) -> None:
    assert fleet.play("site.yml", "--limit", "a:b").returncode == 0
    done = fleet.drift("--limit", "a:b")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of 2 hosts differ; as wanted: a, b" in done.stdout
    assert fleet.report()["status"] == "none"


def test_drift_ends_with_2_and_changes_nothing_and_shows_no_secret(fleet: Fleet) -> None:
    assert fleet.play("site.yml", "--limit", "a:b").returncode == 0
    for name in "ab":
        (fleet.root / name / "app.conf").write_text("by hand\n", encoding="utf-8")
    done = fleet.drift("--limit", "a:b:c")
    assert done.returncode == 2, done.stdout + done.stderr
    assert (fleet.root / "a/app.conf").read_text("utf-8") == "by hand\n"
    assert not (fleet.root / "c/app.conf").exists()
    assert "planted" not in done.stdout + done.stderr + json.dumps(fleet.report())
    assert fleet.report()["hosts"]["c"]["differences"][1]["lines"] == ["(not shown: no_log)"]
    assert "-by hand" in done.stdout
    assert "+level 1" in done.stdout
    assert "3 of 3 hosts differ" in done.stdout


def test_report_is_the_same_as_long_as_the_differences_are(fleet: Fleet) -> None:
    fleet.drift("--limit", "c")
    first = fleet.report()
    fleet.drift("--limit", "c")
    assert fleet.report() == first


def test_host_that_cannot_be_judged_is_named_and_ends_with_4(fleet: Fleet) -> None:
    done = fleet.drift("--limit", "c:d")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "d: unreachable: " in done.stdout
    assert fleet.report()["status"] == "incomplete"


def figures(fleet: Fleet, host: str) -> dict[str, float]:
    """What node exporter would read of the host, by name."""
    text = (fleet.root / host / "groundcrew_drift.prom").read_text("utf-8")
    found = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {name.removeprefix("groundcrew_drift_"): float(value) for name, value in found}


def with_figures(fleet: Fleet, *arguments: str) -> subprocess.CompletedProcess[str]:
    told = {
        "drift_metrics_enabled": True,
        "drift_textfile_dir": f"{fleet.root}/{{{{ place }}}}",
        "ansible_become": False,
    }
    return fleet.drift("-e", json.dumps(told), *arguments)


def test_figures_are_left_on_every_host_that_was_judged_and_the_status_stays(fleet: Fleet) -> None:
    assert fleet.play("site.yml", "--limit", "a").returncode == 0
    began = time.time()
    done = with_figures(fleet, "--limit", "a:c:d")
    assert done.returncode == 4, done.stdout + done.stderr
    assert [figures(fleet, name)["changes"] for name in "ac"] == [0, 2]
    assert began - 1 <= figures(fleet, "a")["timestamp_seconds"] <= time.time()
    assert not (fleet.root / "d").exists()


def test_a_host_without_an_exporter_gets_no_figures_and_its_status_stays(fleet: Fleet) -> None:
    done = with_figures(fleet, "--limit", "c", "-e", "drift_textfile_dir=none")
    assert done.returncode == 2, done.stdout + done.stderr
    assert not (fleet.root / "c/groundcrew_drift.prom").exists()


def test_playbook_that_does_not_exist_is_named_and_ends_with_4(fleet: Fleet) -> None:
    done = fleet.play("groundcrew.fleet.drift", "-e", '{"drift_playbooks": ["none.yml"]}')
    assert done.returncode == 4
    assert "none.yml" in done.stdout
