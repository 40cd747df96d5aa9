"""Write down what happened to which host, without connecting to it; then end as told."""

from __future__ import annotations

import fcntl
import os
import time

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        args, host = self._task.args, task_vars["inventory_hostname"]
        if not self._task.check_mode:
            self._write(f"{host} {args['what']}\n")
        while args.get("until_exists") and not os.path.exists(args["until_exists"]):
            time.sleep(0.05)
        if host in (args.get("fail_on") or []):
            return {"failed": True, "msg": f"{args['what']} failed", **(args.get("result") or {})}
        return {"changed": True}

    def _write(self, line):
        with open(os.environ["NOTES"], "a", encoding="utf-8") as notes:
            fcntl.flock(notes, fcntl.LOCK_EX)
            notes.write(line)
