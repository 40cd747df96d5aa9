"""After the reboot, playbooks/reboot.yml finds no reason for another one."""

from __future__ import annotations

import re
import subprocess
from typing import Any

testinfra_hosts = ["ssh://old"]


def test_check_mode_after_converge_touches_no_host(command: Any) -> None:
    run = subprocess.run([*command("converge.yml", "all"), "--check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert set(re.findall(r"changed=(\d+)", run.stdout)) == {"0"}, run.stdout
    assert run.stdout.count("nothing to do: no reboot is due") >= 2, run.stdout
