"""The built artefact, installed in a directory of its own, converges the lab from yet another one."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from ansible_collections.groundcrew.fleet.tests.integration.conftest import BIN, ROOT, Fleet
from ansible_collections.groundcrew.fleet.tests.parts import checkout

LAB = ROOT / "inventories" / "lab"


def say(command: list[str | Path], *, cwd: Path, collections: Path | None = None) -> str:
    """Run a command of the development environment there, as somebody who only has the installed collections."""
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"}
    if collections:
        env["ANSIBLE_COLLECTIONS_PATH"] = str(collections)
    done = subprocess.run(command, cwd=cwd, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_installed_artefact_finds_nothing_to_change_on_the_fleet_that_the_checkout_made(
    fleet: Fleet, tmp_path: Path
) -> None:
    assert fleet, "the fleet is made by the checkout before the artefact looks at it"
    elsewhere, installed = tmp_path / "elsewhere", tmp_path / "installed"
    elsewhere.mkdir()
    source = checkout.copy_to(tmp_path / "source")
    say(["ansible-galaxy", "collection", "build", "--output-path", tmp_path, source], cwd=elsewhere)
    (built,) = tmp_path.glob("groundcrew-fleet-*.tar.gz")
    install: list[str | Path] = ["ansible-galaxy", "collection", "install", built, "--no-deps", "-p", installed]
    say(install, cwd=elsewhere, collections=installed)
    said = say(["ansible-playbook", "-i", LAB, "groundcrew.fleet.site"], cwd=elsewhere, collections=installed)
    assert re.findall(r"changed=(\d+)", said) == ["0"] * 6, said
