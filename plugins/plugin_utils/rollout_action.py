# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every state of the rollout's action works with: the run's facts, its record, its voice."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.events import Run, host_event
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_record
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_record import Place

Result = dict[str, Any]


class RolloutAction(ActionBase):
    """An action that is one event of a run. `_vars`, `_options` and `_driver` are set before any state is called."""

    _vars: Mapping[str, Any]
    _options: Mapping[str, Any]
    _driver: Mapping[str, Any]

    @property
    def _host(self) -> str:
        return str(self._vars["inventory_hostname"])

    @property
    def _facts(self) -> Mapping[str, Any]:
        """What `begin` told, whichever host this task is for. Raise BadInput where there was none."""
        local = self._vars["hostvars"].get("localhost") or {}
        facts: Mapping[str, Any] | None = (local.get("ansible_facts") or {}).get("rollout")
        if facts is None:
            raise BadInput("no rollout has begun. Run the whole playbook, from its first play, without tags")
        return facts

    @property
    def _place(self) -> Place:
        return Place(str(self._facts["state_dir"]), check=bool(self._facts["check"]))

    def _event(self, state: str, *, why: str = "", load_balancer: str = "", **flags: bool) -> Any:
        event = host_event(self._host, state, why=why, load_balancer=load_balancer, **flags)
        return lambda _run: [event]

    def _record(self, decided: Any) -> Run:
        return rollout_record.append_as(self._place.record(str(self._facts["run_id"])), self._driver, decided)

    def _now(self) -> Run:
        """Return the run as its record tells it at this moment."""
        return self._record(lambda _run: [])

    def _say(self, text: str) -> None:
        self._display.display(text)


def owner() -> str:
    """Return who drives the rollout; in a container the user may have a number only."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{platform.node()}"
