# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes what each run of the scenario's playbook said it did, or would do, for the tests to compare."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase

# Ansible asks for it, wherever it stands.
DOCUMENTATION = r"""
name: runs
type: aggregate
short_description: Note what runs did
description:
  - Adds one line of JSON for each run to a file.
author:
  - The groundcrew.fleet founders (@groundcrew)
"""


class CallbackModule(CallbackBase):
    """What the tasks of a run changed, by host and in their order."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "runs"

    def __init__(self) -> None:
        super().__init__()
        self._plays: list[str] = []
        self._changes: dict[str, list[Any]] = {}

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._plays.append(play.get_name())

    def v2_runner_on_ok(self, result: Any) -> None:
        host, task, told = (_part(result, name) for name in ("host", "task", "result"))
        if told.get("changed"):
            change = {"task": task.name, "steps": told.get("steps"), "left_out": told.get("left_out")}
            self._changes.setdefault(host.name, []).append(change)

    def v2_playbook_on_stats(self, _stats: Any) -> None:
        run = {"plays": self._plays, "check": context.CLIARGS["check"], "changes": self._changes}
        with open(os.environ["PROVISIONING_RUNS"], "a", encoding="utf-8") as file:
            file.write(f"{json.dumps(run)}\n")


def _part(result: Any, name: str) -> Any:
    """Newer cores name them without the underscore."""
    return getattr(result, name, None) or getattr(result, f"_{name}")
