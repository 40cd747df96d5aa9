from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import processes

UNSHARE = ["unshare", "--pid", "--fork", "--kill-child"]


def can_unshare() -> bool:
    return bool(shutil.which("unshare")) and subprocess.run([*UNSHARE, "true"], check=False).returncode == 0


def test_our_own_process_is_one_of_this_hosts() -> None:
    assert os.getpid() in set(processes.own())


@pytest.mark.skipif(not can_unshare(), reason="only root may make a process space of his own")
def test_a_process_of_a_container_is_another_systems() -> None:
    with subprocess.Popen([*UNSHARE, "sh", "-c", "echo; read line"], stdin=-1, stdout=-1) as unshare:
        assert unshare.stdout is not None
        unshare.stdout.readline()
        (inner,) = map(int, Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read_text().split())
        found = set(processes.own())
        unshare.communicate(b"\n")
    assert unshare.pid in found
    assert inner not in found
