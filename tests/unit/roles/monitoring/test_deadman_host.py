"""What the role asks of the settings of a dead man's switch, and what its host gets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

ROOT = Path(__file__).resolve().parents[4]
ROLE = ROOT / "roles/monitoring"
SMTP = {"host": "mail.example.com", "from": "fleet@example.com", "to": ["crew@example.com"]}
CERTIFICATE = {"certificate": "c", "key": "k", "ca": "a"}


def complaints(given: dict[str, Any]) -> str:
    spec = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text("utf-8"))["argument_specs"]["main"]["options"]
    only = {"monitoring_deadman": spec["monitoring_deadman"]}
    return "; ".join(ArgumentSpecValidator(only).validate({"monitoring_deadman": given}).error_messages)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"webhooks": ["https://x/y"], "after_s": 20},
        {"webhooks": "https://x/y", "after_s": "20", "repeat_s": 60, "stale_s": 60, "timeout_s": 5},
        {"smtp": SMTP},
        {"smtp": {**SMTP, "port": 587, "username": "u", "password": "p", "starttls": True, "ca_file": "/x"}},
    ],
)
def test_settings_that_work_are_taken(given: dict[str, Any]) -> None:
    assert complaints(given) == ""


@pytest.mark.parametrize(
    "given,found",
    [
        ({"webhook": ["https://x/secret"]}, "monitoring_deadman.webhook."),
        ({"webhooks": {"url": "https://x/secret"}}, "'webhooks' is of type"),
        ({"webhooks": ["https://x/secret"], "after_s": "soon"}, "'after_s' is of type"),
        ({"smtp": {"host": "x", "from": "a@x"}}, "missing required arguments: to"),
        ({"smtp": {**SMTP, "user": "u", "password": "secret"}}, "monitoring_deadman.smtp.user."),
        ({"smtp": {**SMTP, "starttls": "maybe", "password": "secret"}}, "'starttls' is of type"),
    ],
)
def test_settings_that_would_fail_on_the_day_are_refused_by_name_and_without_a_secret(
    given: dict[str, Any], found: str
) -> None:
    said = complaints(given)
    assert found in said
    assert "secret" not in said


def tls_files(directory: Path, **variables: Any) -> list[str]:
    """The files that the role's task gives a host for TLS, [] where the task is skipped, as ansible-playbook works them out."""
    tasks = yaml.safe_load((ROLE / "tasks/main.yml").read_text("utf-8"))
    calls = [(task, task.get("groundcrew.fleet.service_config", {})) for task in tasks]
    ((task, call),) = [(task, call) for task, call in calls if call.get("name") == "monitoring-tls"]
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(ROLE / "defaults/main.yml"), str(ROLE / "vars/main.yml")],
        "tasks": [
            {"ansible.builtin.set_fact": {"made": []}},
            {"ansible.builtin.set_fact": {"made": call["files"]}, "when": task["when"]},
            {
                "ansible.builtin.copy": {
                    "content": "{{ made | map(attribute='path') | to_json }}",
                    "dest": str(directory / "made.json"),
                }
            },
        ],
    }
    (directory / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    given = {"__monitoring_certificate": CERTIFICATE, "monitoring_tls_enabled": True, **variables}
    given["ansible_python_interpreter"] = sys.executable
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache/collections")}
    ansible = str(Path(sys.executable).parent / "ansible-playbook")
    argv = [ansible, "-i", "localhost,", "--extra-vars", json.dumps(given), "play.yml"]
    done = subprocess.run(argv, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [Path(path).name for path in json.loads((directory / "made.json").read_text("utf-8"))]


BARE = {"monitoring_node_exporter_enabled": False, "monitoring_process_exporter_enabled": False}


@pytest.mark.parametrize(
    "variables,files",
    [
        ({**BARE, "monitoring_deadman_enabled": True}, ["host.crt", "ca.crt"]),
        ({"monitoring_deadman_enabled": True}, ["host.crt", "ca.crt", "host.key", "web.yml"]),
        (BARE, []),
    ],
    ids=["the dead man's switch alone", "with exporters", "nothing"],
)
def test_a_host_with_the_dead_mans_switch_knows_the_authority_whatever_else_it_has(
    tmp_path: Path, variables: dict[str, Any], files: list[str]
) -> None:
    assert tls_files(tmp_path, **variables) == files
