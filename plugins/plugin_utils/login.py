# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A login that shares nothing with the connection that is open: the only one that tells whether a host can be reached."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase

# A connection that is there already proves nothing: OpenSSH must not share one, nor leave one behind.
ALONE = "-o ControlPath=none -o ControlMaster=no"
# Seconds for one attempt to connect.
CONNECT_S = 5


class NewLogin(ActionBase):
    """An action that can run a command in a new login, with the same user, proxy and way to become root."""

    TRANSFERS_FILES = False

    def _once(self, command: str, port: int | None) -> tuple[int, str]:
        """Return status and message of one new login; -1 where it did not get as far as the command."""
        with self._another_connection(port):
            try:
                done = self._low_level_execute_command(command)
            except AnsibleError as error:
                return -1, to_text(error)
        out, err = (to_text(done[name]).strip() for name in ("stdout", "stderr"))
        # A banner comes on stderr, too.
        said = out if done["rc"] == 0 else err or out
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
