# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that a host can still be reached after a change that could have cut us off: a new login that becomes root.

The host waits for it with an armed undo timer, so that whatever happens here, to this process or to the network, it
takes itself back.
"""

from __future__ import annotations

import contextlib
import copy
import time
from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase

CONSOLE = "/usr/local/sbin/groundcrew"
# A connection that is there already proves nothing: OpenSSH must not share one, nor leave one behind.
ALONE = "-o ControlPath=none -o ControlMaster=no"
# Seconds for one attempt to connect, and between the first two attempts; then twice as long each time, since servers
# shut out for a while who fails often (PerSourcePenalties of OpenSSH 9.8 and later).
CONNECT_S = 5
PAUSE_S = 1
# Which part of the time may be spent on attempts: a proof that comes as the timer fires would only confuse.
SHARE = 0.5
# How long beyond its timer a host may take to be back: its undo restarts services.
BACK_S = 60


class ProvenAction(ActionBase):
    """The action of a module whose plans may need a proof: run MODULE, log in anew, and let the change stand."""

    MODULE = ""
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        result: dict[str, Any] = self._execute_module(module_name=self.MODULE, task_vars=task_vars or {})
        txid = result.get("unproven")
        if not txid or result.get("failed"):
            return result
        within_s = float(result.get("proof_within_s") or self._task.args.get("proof_within_s") or 60)
        return self._prove(result, str(txid), within_s)

    def _prove(self, result: dict[str, Any], txid: str, within_s: float) -> dict[str, Any]:
        began = time.monotonic()
        refused = self._until(
            began + within_s * SHARE, f"{CONSOLE} confirm {txid}", port=result.get("new_port"), last=(0, 1)
        )
        seconds = round(time.monotonic() - began, 3)
        if not refused:
            told = {key: value for key, value in result.items() if key != "unproven"}
            return {**told, "proof": {"new_login": True, "became_root": True, "seconds": seconds}}
        time.sleep(max(0.0, began + within_s - time.monotonic()))
        back = self._until(began + within_s + BACK_S, f"{CONSOLE} recover --settled {txid}", port=None, last=(0,))
        return {**result, "failed": True, "undone": not back, "msg": _told(refused, back, within_s)}

    def _until(self, deadline: float, command: str, *, port: int | None, last: tuple[int, ...]) -> str:
        """Try `command` as root in new logins until one ends with a status of `last`; return why none ended with 0."""
        pause_s: float = PAUSE_S
        while True:
            status, said = self._once(command, port)
            if status == 0 or status in last or time.monotonic() + pause_s > deadline:
                return "" if status == 0 else said or f"{command} ended with {status}"
            time.sleep(pause_s)
            pause_s *= 2

    def _once(self, command: str, port: int | None) -> tuple[int, str]:
        """Return status and message of one new login; -1 where it did not get as far as the command."""
        with self._another_connection(port):
            try:
                done = self._low_level_execute_command(command)
            except AnsibleError as error:
                return -1, to_text(error)
        said = to_text(done["stderr"]).strip() or to_text(done["stdout"]).strip()
        # sudo that refuses ends with 1 as the console does, which speaks with its name in front.
        return (done["rc"] if done["rc"] != 1 or "groundcrew: " in said else -1), said

    @contextlib.contextmanager
    def _another_connection(self, port: int | None) -> Iterator[None]:
        """For a while, use a connection of the same user and proxy that shares nothing with the one that is open."""
        usual: Any = self._connection
        another = copy.copy(usual)
        # Copied: set_option would write into the open one's options.
        another._options = dict(usual._options)  # noqa: SLF001 - the one place where a connection keeps them
        if usual.transport == "ssh":
            another.set_option("ssh_args", f"{ALONE} {usual.get_option('ssh_args') or ''}")
            another.set_option("timeout", CONNECT_S)
            another.set_option("reconnection_retries", 0)
            if port:
                another.set_option("port", port)
        self._connection: Any = another
        try:
            yield
        finally:
            self._connection = usual


def _told(refused: str, back: str, within_s: float) -> str:
    """Return one message: what the new login met, and how the host is now."""
    now = (
        "The host has taken everything back, and can be reached as before"
        if not back
        else f"The host takes itself back {within_s:g} s after the change, but could not be reached since: {back}"
    )
    return f"After this change no new login could become root, so it does not stand: {refused}. {now}"
