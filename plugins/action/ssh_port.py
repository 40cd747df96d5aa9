# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the port at which a host's SSH server listens, by logging in there."""

from __future__ import annotations

from typing import Any

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.login import NewLogin


class ActionModule(NewLogin):
    """Two logins at most: where the server shall listen, and where the inventory has it."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _validated, options = self.validate_argument_spec(argument_spec={"port": {"type": "int", "required": True}})
        wanted = int(options["port"])
        if not 0 < wanted < 65536:
            return {"failed": True, "msg": f"port {wanted} is no port: give one from 1 to 65535"}
        # None where the inventory says nothing: ssh's own configuration does, or the usual port holds.
        usual = self._connection.get_option("port") if self._connection.transport == "ssh" else None
        said = []
        for port in dict.fromkeys((wanted, usual)):
            status, message = self._once("true", port)
            if status == 0:
                return {"changed": False, **({"port": int(port)} if port else {})}
            said.append(f"{port or 'as configured'}: {message}")
        return {
            "unreachable": True,
            "msg": f"no SSH server lets us in, neither where it shall listen nor where it was. {'; '.join(said)}",
        }
