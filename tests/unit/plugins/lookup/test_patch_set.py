"""The lookup, run by the real ansible-playbook of whichever core is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import patch_set_file

COLLECTIONS = Path(__file__).parents[4] / ".cache" / "collections"
PLANS = {"a": {"release": "debian 12 x86_64", "plan": [{"name": "vim", "to": "9.0", "security": False, "cves": None}]}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A playbook's folder with a signed patch set, an unsigned one, an edited one, and who may sign."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    (tmp_path / "signers").write_text(f"alice {(tmp_path / 'key.pub').read_text()}")
    for name, key in (("signed", str(tmp_path / "key")), ("unsigned", ""), ("edited", "")):
        patch_set_file.write(str(tmp_path / f"{name}.json"), name, PLANS, key=key, put=os.replace, check=False)
    edited = tmp_path / "edited.json"
    edited.write_text(edited.read_text().replace("debian 12", "debian 13"))
    return tmp_path


def play(folder: Path, *queries: str) -> list[str]:
    """Return what each query gives in a playbook that lies in the folder, or how it fails."""
    tasks = [{"ansible.builtin.debug": {"msg": f"{{{{ {query} }}}}"}, "ignore_errors": True} for query in queries]
    (folder / "play.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", "play.yml"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return [" ".join(part.split()) for part in (done.stdout + done.stderr).split("TASK [")[1:]]


def query(term: str, more: str = "") -> str:
    return f"lookup('groundcrew.fleet.patch_set', '{term}'{more})"


def test_a_patch_set_beside_the_playbook_is_read_and_verified_as_asked(folder: Path) -> None:
    signers = ", signers='signers'"
    told = play(
        folder,
        query("unsigned.json"),
        query("signed.json", signers),
        query("unsigned.json", signers),
        query("edited.json"),
        query("absent.json"),
        query("signed.json', 'unsigned.json"),
    )
    assert '"name": "unsigned"' in told[0]
    assert '"name": "signed"' in told[1]
    assert "unsigned.json is not signed" in told[2]
    assert "edited.json was changed since it was made" in told[3]
    assert f"patch set {folder}/absent.json is not there" in told[4]
    assert "patch_set takes one path, not 2" in told[5]
