# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects what the tasks of a run in check mode would change, and tells it once, grouped over hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: drift
type: stdout
short_description: Tell what a run in check mode would change, grouped over hosts
version_added: 0.1.0
description:
  - Shows nothing while the run goes on, and at its end the differences that hosts have in common first, then the odd ones.
  - Serves the playbook C(groundcrew.fleet.drift), which most people call. By hand it goes with C(--check --diff).
author:
  - The groundcrew.fleet founders (@groundcrew)
options:
  report:
    description: File that the report is written to as JSON. With it nothing is shown.
    type: path
    env:
      - name: GROUNDCREW_DRIFT_REPORT
"""

import json
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import drift_report
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.drift_report import Difference, Found


class CallbackModule(CallbackBase):
    """What is found of each host, kept until the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "groundcrew.fleet.drift"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._differences: dict[str, list[Difference]] = {}
        self._failed: dict[str, list[str]] = {}
        self._unreachable: dict[str, str] = {}
        self._play = ""
        self._ended_early = ""

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._play = play.get_name()

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        self._ended_early = self._play

    def v2_runner_on_ok(self, result: Any) -> None:
        host, task, values = _parts(result)
        found = drift_report.difference(task, values)
        if found:
            self._differences.setdefault(host, []).append(found)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: FBT001, FBT002 - Ansible's own signature
        host, task, values = _parts(result)
        if not ignore_errors:
            self._failed.setdefault(host, []).append(f"{task}: {_why(values)}")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        host, _task, values = _parts(result)
        self._unreachable[host] = _why(values)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        found = {host: self._found(host, failed=bool(stats.failures.get(host))) for host in stats.processed}
        report = self.get_option("report")
        if report:
            with open(report, "w", encoding="utf-8") as file:
                json.dump(drift_report.as_data(found, self._ended_early), file)
        else:
            self._display.display(drift_report.as_text(found, self._ended_early))

    def _found(self, host: str, *, failed: bool) -> Found:
        # Ansible counts a failure that a rescue has mended as none.
        failures = tuple(self._failed.get(host, ())) if failed else ()
        return Found(tuple(self._differences.get(host, ())), failures, self._unreachable.get(host, ""))


def _parts(result: Any) -> tuple[str, str, dict[str, Any]]:
    """Host, task and values of a result; newer cores name them without the underscore."""
    host, task, values = (
        getattr(result, name, None) or getattr(result, f"_{name}") for name in ("host", "task", "result")
    )
    return host.get_name(), task.get_name().strip(), dict(values)


def _why(values: dict[str, Any]) -> str:
    failed = [one for one in values.get("results") or () if isinstance(one, dict) and one.get("failed")]
    said = str((failed or [values])[0].get("msg") or values.get("censored") or "no reason was given")
    return " ".join(said.split())
