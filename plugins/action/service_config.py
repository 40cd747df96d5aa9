# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of service_config: it renders and reads the files, and sends them in one option that is never logged."""

from __future__ import annotations

from typing import Any

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.files_action import FilesAction


class ActionModule(FilesAction):
    """Call the module with what the files stand for."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        return self.call("service_config", self.with_contents(self._task.args, variables), variables)
