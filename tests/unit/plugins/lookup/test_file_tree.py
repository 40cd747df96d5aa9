"""The lookup, run by the real ansible-playbook of whichever core is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

COLLECTIONS = Path(__file__).parents[4] / ".cache" / "collections"


def play(directory: Path, *terms: str) -> str:
    """Show what the lookup returns for a playbook that lies in `directory`, or how it fails."""
    (directory / "play.yml").write_text(
        json.dumps(
            [
                {
                    "hosts": "localhost",
                    "gather_facts": False,
                    "tasks": [
                        {
                            "ansible.builtin.debug": {
                                "msg": f"{{{{ query('groundcrew.fleet.file_tree', *{list(terms)}, to='/opt/shop') }}}}"
                            }
                        }
                    ],
                }
            ]
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", "play.yml"],
        cwd=directory,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return " ".join((done.stdout + done.stderr).split())


def test_a_relative_directory_starts_where_the_playbook_lies(tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "VERSION").write_text("1")
    told = play(tmp_path, "release")
    assert '"path": "/opt/shop/VERSION"' in told
    assert '"content": "1"' in told


def test_a_directory_that_is_not_there_is_told_in_ansibles_way(tmp_path: Path) -> None:
    assert "is no directory on the controller" in play(tmp_path, "absent")


def test_two_directories_are_refused_since_their_files_could_meet(tmp_path: Path) -> None:
    assert "file_tree takes one directory, not 2" in play(tmp_path, "a", "b")
