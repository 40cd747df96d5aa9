# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys

from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_driver


def test_a_process_lives_until_it_ends_zombies_included() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        driver = rollout_driver.identify(process.pid)
        assert rollout_driver.lives(driver)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not rollout_driver.lives(driver)
    assert not rollout_driver.lives(driver)


def test_another_process_of_the_same_pid_is_another_driver() -> None:
    me = rollout_driver.identify(os.getpid())
    assert rollout_driver.lives(me)
    assert not rollout_driver.lives({**me, "started": "another time"})


def test_a_driver_of_another_machine_counts_as_alive() -> None:
    assert rollout_driver.lives({"node": "elsewhere", "pid": 1, "started": ""})
