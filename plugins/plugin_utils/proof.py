# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that a host can still be reached after a change that could have cut us off: a new login that becomes root.

The host waits for it with an armed undo timer, so that whatever happens here, to this process or to the network, it
takes itself back.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.login import NewLogin

CONSOLE = "/usr/local/sbin/groundcrew"
# Seconds between the first two attempts to connect; then twice as long each time, since servers shut out for a while
# who fails often (PerSourcePenalties of OpenSSH 9.8 and later).
PAUSE_S = 1
# Which part of the time may be spent on attempts: a proof that comes as the timer fires would only confuse.
SHARE = 0.5
# How long beyond its timer a host may take to be back: its undo restarts services.
BACK_S = 60
# How a transaction of the ledger ended that stands.
STANDS = ("done", "finished", "accepted")
# These keep one connection for all, or cannot say where a new one would go.
CANNOT_PROVE = ("paramiko", "paramiko_ssh", "ansible.netcommon.libssh", "ansible.netcommon.paramiko")


class ProvenAction(NewLogin):
    """The action of a module whose plans may need a proof: run MODULE, log in anew, and let the change stand."""

    MODULE = ""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        transport = str(self._connection.transport)
        if transport in CANNOT_PROVE and not self._task.check_mode:
            return {
                "failed": True,
                "msg": f"connection {transport} cannot log in anew, which is the proof that a host can still be reached: set ansible_connection to ssh",
            }
        result: dict[str, Any] = self._execute_module(module_name=self.MODULE, task_vars=task_vars or {})
        txid = result.get("unproven")
        if not txid or result.get("failed"):
            return result
        within_s = float(result.get("proof_within_s") or self._task.args.get("proof_within_s") or 60)
        return self._prove(result, str(txid), within_s)

    def _prove(self, result: dict[str, Any], txid: str, within_s: float) -> dict[str, Any]:
        began = time.monotonic()
        tried = self._until(
            began + within_s * SHARE, f"{CONSOLE} confirm {txid}", port=result.get("new_port"), last=(0, 1)
        )
        if tried.ok:
            return _proven(result, began)
        if not tried.is_in:
            time.sleep(max(0.0, began + within_s - time.monotonic()))
        ended = self._until(began + within_s + BACK_S, f"{CONSOLE} recover --settled {txid}", port=None, last=(0,))
        if ended.ok and ended.said in STANDS:
            # The answer to an earlier attempt was lost.
            return _proven(result, began)
        return {**result, "failed": True, "undone": ended.ok, "msg": _told(tried, ended, within_s)}

    def _until(self, deadline: float, command: str, *, port: int | None, last: tuple[int, ...]) -> Attempt:
        """Try `command` as root in new logins until one ends with a status of `last`, or the time is over; return the last one."""
        pause_s: float = PAUSE_S
        while True:
            status, said = self._once(command, port)
            if status in last or time.monotonic() + pause_s > deadline:
                return Attempt(status, said if status == 0 else said or f"{command} ended with {status}")
            time.sleep(pause_s)
            pause_s *= 2


class Attempt(NamedTuple):
    """How a command in a new login ended, and what it said."""

    status: int
    said: str

    @property
    def ok(self) -> bool:
        return self.status == 0

    @property
    def is_in(self) -> bool:
        """Whether the login came as far as the host's console, as root."""
        return self.status in (0, 1)


def _proven(result: dict[str, Any], began: float) -> dict[str, Any]:
    told = {key: value for key, value in result.items() if key != "unproven"}
    seconds = round(time.monotonic() - began, 3)
    return {**told, "proof": {"new_login": True, "became_root": True, "seconds": seconds}}


def _told(tried: Attempt, ended: Attempt, within_s: float) -> str:
    """Return one message: what the new login met, and how the host is now."""
    met = (
        "the new login could not let it stand"
        if tried.is_in
        else "no new login could become root, so it does not stand"
    )
    now = (
        "The host has taken everything back, and can be reached as before"
        if ended.ok
        else f"The host takes itself back {within_s:g} s after the change, but could not be reached since: {ended.said}"
    )
    return f"After this change {met}: {tried.said}. {now}"
