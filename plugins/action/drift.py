# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs playbooks in check mode beside this one, and reports what they would change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any

from ansible import context
from ansible.plugins.action import ActionBase
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import drift_report, drift_run

Result = dict[str, Any]
SPEC: dict[str, dict[str, Any]] = {
    "playbooks": {"type": "list", "elements": "str"},
    "report": {"type": "path"},
    "metrics": {"type": "bool", "default": False},
    "seen": {"type": "dict"},
}
ONE_OF = [["playbooks", "seen"]]
# What makes a result a failure, and what it says; `ignore_errors` and the like leave more in what is registered.
VERDICT = ("status", "msg", "failed", "unreachable")


class ActionModule(ActionBase):
    """Check mode cannot be had for an imported playbook alone, so the same command line is run again, with --check."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Result:
        super().run(tmp, task_vars)
        _validated, options = self.validate_argument_spec(
            argument_spec=SPEC, required_one_of=ONE_OF, mutually_exclusive=ONE_OF
        )
        if options["seen"]:
            return {"changed": False, **{key: options["seen"][key] for key in VERDICT if key in options["seen"]}}
        began = time.time()
        asked = [name for name in drift_run.PROMPTS if context.CLIARGS.get(name)]
        if asked:
            return _incomplete(
                f"nobody answers a prompt ({', '.join(asked)}) there: give a file, such as --become-password-file"
            )
        argv = drift_run.argv(sys.argv, context.CLIARGS["args"], options["playbooks"])
        data, said = _look([sys.executable, "-m", "ansible", "playbook", *argv])
        if not data:
            return _incomplete(f"{' '.join(options['playbooks'])} did not run: {said}")
        try:
            told = self._tell(data, options["report"])
        except OSError as error:
            return _incomplete(f"the report cannot be written: {error}; mend drift_report")
        return {
            **told,
            **({"metrics": drift_report.metrics(drift_report.from_data(data)[0], began)} if options["metrics"] else {}),
        }

    def _tell(self, data: Mapping[str, Any], path: str | None) -> Result:
        found, ended_early = drift_report.from_data(data)
        self._display.display(drift_report.as_text(found, ended_early))
        if path:
            with open(path, "w", encoding="utf-8") as file:
                file.write(json.dumps(data, indent=2, sort_keys=True) + "\n")
        # The report stands above and in its file; a third time in the result would only hide the message.
        result: Result = {"changed": False, "status": data["status"], "msg": drift_report.summary(found)}
        status = drift_report.verdict(found, ended_early)
        if status == drift_report.INCOMPLETE:
            return {**result, "unreachable": True}
        return {**result, "failed": status == drift_report.DRIFT}


def _look(argv: list[str]) -> tuple[dict[str, Any], str]:
    """Run it; return the report, empty when there is none, and what was said."""
    with tempfile.TemporaryDirectory(prefix="groundcrew-drift-") as scratch:
        report = os.path.join(scratch, "report.json")
        env = {**os.environ, **drift_run.environment(report)}
        run = subprocess.run(
            argv,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        try:
            with open(report, encoding="utf-8") as file:
                return json.load(file), run.stdout
        except (FileNotFoundError, ValueError):
            return {}, run.stdout.strip()


def _incomplete(message: str) -> Result:
    return {"unreachable": True, "changed": False, "msg": message}
