"""The role's variables and templates, made by Ansible itself for a host of an inventory."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROLE = Path(__file__).resolve().parents[4] / "roles/monitoring"


def made(
    directory: Path,
    inventory: Mapping[str, Any],
    host: str,
    more: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    /,
    **asked: str,
) -> dict[str, Any]:
    """Return what each of the expressions is on the host; an AssertionError holds Ansible's complaint.

    `more` are variables above those of the role.
    """
    content = ", ".join(f"'{name}': {expression}" for name, expression in asked.items())
    # Debug alone runs nothing on the host, which would take as long again.
    task = {"name": "Tell", "ansible.builtin.debug": {"msg": f"{{{{ {{ {content} }} | to_json }}}}"}}
    options = ["-e", json.dumps(more or {})]
    said = run(directory, inventory, host, [task], *options, environment=environment or {})
    told, _end = json.JSONDecoder().raw_decode(said.partition(f"ok: [{host}] => ")[2])
    answer: dict[str, Any] = json.loads(told["msg"])
    return answer


def run(
    directory: Path,
    inventory: Mapping[str, Any],
    host: str,
    tasks: list[dict[str, Any]],
    *options: str,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run tasks as those of the role and return what Ansible says; an AssertionError holds its complaint."""
    (directory / "hosts.json").write_text(json.dumps({"all": inventory}), encoding="utf-8")
    play = {
        "hosts": host,
        "connection": "local",
        "gather_facts": False,
        # As in a play with the role: its defaults are the least, and what the inventory says is more.
        "roles": [{"role": str(directory / "role")}],
    }
    _role(directory / "role", tasks)
    (directory / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    done = subprocess.run(
        ["ansible-playbook", *options, "-i", "hosts.json", "play.json"],
        cwd=directory,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "false", **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _role(directory: Path, tasks: list[dict[str, Any]]) -> None:
    (directory / "tasks").mkdir(parents=True, exist_ok=True)
    (directory / "tasks/main.yml").write_text(json.dumps(tasks), encoding="utf-8")
    for part in ("defaults", "vars", "templates"):
        if not (directory / part).exists():
            (directory / part).symlink_to(ROLE / part)
