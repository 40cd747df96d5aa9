"""Write down what happened to which host, without connecting to it; then end, with facts, as told."""

from __future__ import annotations

import fcntl
import os
import time
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        args, host = self._task.args, (task_vars or {})["inventory_hostname"]
        if not self._task.check_mode:
            self._write(f"{host} {args['what']}\n")
        while args.get("until_exists") and not os.path.exists(args["until_exists"]):
            time.sleep(0.05)
        if host in (args.get("fail_on") or []):
            return {"failed": True, "msg": f"{args['what']} failed", **(args.get("result") or {})}
        return {"changed": True, "ansible_facts": args.get("facts") or {}}

    def _write(self, line: str) -> None:
        with open(os.environ["NOTES"], "a", encoding="utf-8") as notes:
            fcntl.flock(notes, fcntl.LOCK_EX)
            notes.write(line)
