"""The proof of a new login, by the real ansible-playbook of whichever core is installed.

In ssh's place stands a program that notes its arguments and runs the command on this machine; in the host's console's
place one that answers as it is told. Logins to real hosts that a change has cut off are in tests/lockout.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COLLECTIONS = Path(__file__).parents[4] / ".cache" / "collections"
TXID = "20261124T072543-506bf6"
MODULE = """
from ansible.module_utils.basic import AnsibleModule
AnsibleModule({"proof_within_s": {"type": "float"}, "port": {"type": "int"}, "txid": {}}).exit_json(
    changed=True, unproven="%s", new_port=2222)
"""
ACTION = """
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import proof
proof.CONSOLE, proof.BACK_S, proof.PAUSE_S = "%s", 1, 0.1
class ActionModule(proof.ProvenAction):
    MODULE = "risky"
"""
# Newer cores have no plugin that keeps its connection any more; others bring theirs.
KEEPER = """
DOCUMENTATION = "name: keeper\\nshort_description: Keeps its connection\\noptions: {}"
from ansible.plugins.connection import local
class Connection(local.Connection):
    transport = "paramiko_ssh"
"""
SSH = '#!/bin/sh\nfor last; do :; done\necho "$*" >> %s\nexec sh -c "$last"\n'
CONSOLE = '#!/bin/sh\necho "$*" >> %s\ncase $1 in confirm) %s;; recover) %s;; esac\n'


def play(
    root: Path, *, confirm: str, recover: str = "exit 0", connection: str = "ssh"
) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return the task's result, what ssh was called with, and what the console was asked."""
    for name, text in {
        "library/risky.py": "#!/usr/bin/python3\n" + MODULE % TXID,
        "action_plugins/risky.py": ACTION % (root / "console"),
        "connection_plugins/keeper.py": KEEPER,
        "ssh": SSH % (root / "ssh.log"),
        "console": CONSOLE % (root / "console.log", confirm, recover),
    }.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
        (root / name).chmod(0o755)
    tasks = [{"risky": {"proof_within_s": 2}, "register": "told", "ignore_errors": True}, {"debug": {"var": "told"}}]
    (root / "play.yml").write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8"
    )
    (root / "hosts.yml").write_text(
        json.dumps({"all": {"hosts": {"far": {**_variables(root), "ansible_connection": connection}}}}),
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.yml", "play.yml"],
        cwd=root,
        env={
            "PATH": os.environ["PATH"],
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
    shown = done.stdout.rsplit("ok: [far] => ", 1)
    assert len(shown) == 2, done.stdout + done.stderr
    told = json.loads(shown[1].split("\n\n", 1)[0])["told"]
    return told, _lines(root / "ssh.log"), _lines(root / "console.log")


def _variables(root: Path) -> dict[str, Any]:
    return {
        "ansible_host": "192.0.2.1",
        "ansible_ssh_executable": str(root / "ssh"),
        "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=60s",
        "ansible_ssh_common_args": "-J jump",
        "ansible_pipelining": True,
        "ansible_python_interpreter": sys.executable,
    }


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.exists() else []


def test_new_login_shares_no_connection_keeps_the_proxy_and_takes_the_new_port(tmp_path: Path) -> None:
    told, calls, asked = play(tmp_path, confirm="exit 0")
    assert told["proof"]["new_login"]
    assert "unproven" not in told
    assert asked == [f"confirm {TXID}"]
    usual, anew = calls[0], calls[-1]
    assert "ControlPath=none" not in usual
    assert anew.startswith("-o ControlPath=none -o ControlMaster=no ")
    assert "-J jump" in anew
    assert "Port=2222" in anew


@pytest.mark.parametrize(
    "confirm, why",
    [("echo 'groundcrew: it was taken back' >&2; exit 1", "it was taken back"), ("exit 3", "ended with 3")],
)
def test_refused_proof_fails_the_task_once_the_host_is_back(tmp_path: Path, confirm: str, why: str) -> None:
    told, _calls, asked = play(tmp_path, confirm=confirm)
    assert told["failed"]
    assert told["undone"]
    assert why in told["msg"]
    assert "can be reached as before" in told["msg"]
    assert asked[-1] == f"recover --settled {TXID}"


def test_change_whose_confirmation_came_through_stands_although_the_answer_was_lost(tmp_path: Path) -> None:
    told, _calls, _asked = play(tmp_path, confirm="exit 255", recover="echo 'Banner' >&2; echo done")
    assert not told["failed"]
    assert told["proof"]["became_root"]


def test_login_that_may_not_confirm_is_not_called_a_lockout(tmp_path: Path) -> None:
    told, _calls, _asked = play(tmp_path, confirm="echo 'groundcrew: too late' >&2; exit 1", recover="echo undone")
    assert "the new login could not let it stand: groundcrew: too late" in told["msg"]


def test_connection_that_cannot_log_in_anew_is_refused_before_the_change(tmp_path: Path) -> None:
    told, _calls, asked = play(tmp_path, confirm="exit 0", connection="keeper")
    assert "set ansible_connection to ssh" in told["msg"]
    assert "changed" not in told or not told["changed"]
    assert asked == []


def test_host_that_does_not_come_back_is_said_to_be_unreachable(tmp_path: Path) -> None:
    told, _calls, _asked = play(tmp_path, confirm="exit 255", recover="exit 255")
    assert told["failed"]
    assert not told["undone"]
    assert "takes itself back 2 s after the change, but could not be reached since" in told["msg"]
