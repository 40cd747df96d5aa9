# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of reboot: the host's first half, Ansible's own reboot, the host's second half."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import action_loader

Result = dict[str, Any]
MODULE = "groundcrew.fleet.reboot"
# Another one in each boot, of a container too, whose kernel does not boot: the kernel's boot and the first process's start.
BOOT = "cat /proc/sys/kernel/random/boot_id; sed 's/.*) //' /proc/1/stat | cut -d ' ' -f 20"
# The path by which every Debian has it, so that nobody needs to look for it; -r now, since a wait would be another one's.
COMMAND = "/sbin/shutdown -r now"
TIMEOUT_S = 600


class ActionModule(ActionBase):
    """One method a part; only the middle one reboots."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Result:
        super().run(tmp, task_vars)
        self._vars: dict[str, Any] = task_vars or {}
        if self._connection.transport == "local":
            return {
                "failed": True,
                "msg": "a reboot over a local connection would reboot the controller: reach the host by SSH",
            }
        started = self._part("started")
        if started.get("failed") or not started.get("reboot") or self._task.check_mode:
            return _plain(started)
        seen = self._reboot()
        if seen.get("failed") and seen.get("rebooted"):
            return _lost(started, str(seen.get("msg")))
        failure = {"failure": str(seen.get("msg"))} if seen.get("failed") else {}
        try:
            ended = self._part("ended", **failure)
        except AnsibleConnectionFailure as error:
            return _lost(started, f"it was lost again: {error}")
        notes = [*started.get("notes", []), *ended.get("notes", [])]
        return _plain({**started, **ended, "notes": notes, "changed": True})

    def _part(self, name: str, **more: str) -> Result:
        arguments = {**self._task.args, "part": name, **more}
        result: Result = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=self._vars)
        return result

    def _reboot(self) -> Result:
        """Run Ansible's own action on our connection, and return its result; it fails by its result, not by an exception."""
        task = self._task.copy()
        task.args = {
            "reboot_timeout": int(self._task.args.get("reboot_timeout_s") or TIMEOUT_S),
            "reboot_command": COMMAND,
            "boot_time_command": BOOT,
        }
        action = action_loader.get(
            "ansible.builtin.reboot",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        result: Result = action.run(task_vars=self._vars)
        return result


def _lost(started: Result, why: str) -> Result:
    msg = (
        f"the host went down and did not come back: {why}. What has to come back is on record there: once the host is up, the "
        "next call tells how it ended"
    )
    return _plain({**started, "changed": True, "failed": True, "msg": msg})


def _plain(result: Result) -> Result:
    return {key: value for key, value in result.items() if key != "reboot"}
