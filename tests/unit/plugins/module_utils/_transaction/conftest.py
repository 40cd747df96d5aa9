"""A state directory of its own for each test: the interpreter runs for real, on files below tmp_path."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import lock
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.interpreter import Context
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.lock import Actor
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    found = Paths(str(tmp_path / "state"), str(tmp_path / "groundcrew"), str(tmp_path / "systemd"))
    (tmp_path / "systemd").mkdir()
    lock.make_base(found, World())
    return found


@pytest.fixture
def context(paths: Paths) -> Context:
    return Context(paths, World(), Actor("alice", "a reason", "run-1", wait_s=0))


@pytest.fixture
def root(tmp_path: Path) -> str:
    """Where the tests' targets lie."""
    (tmp_path / "etc").mkdir()
    return str(tmp_path / "etc")


@pytest.fixture
def me() -> dict[str, Any]:
    """Owner and group that every user may give to a file of his own."""
    return {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}
