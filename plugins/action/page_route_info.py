# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells who is paged, by which way, for these labels at that time, on the controller: nothing is asked of any host."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import yaml
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import alert_routes, oncall_filters, oncall_moments

Result = dict[str, Any]
SPEC: dict[str, dict[str, Any]] = {
    "labels": {"type": "dict", "required": True},
    "at": {"type": "str", "default": ""},
    "config": {"type": "dict"},
    "src": {"type": "path"},
    "oncall": {"type": "dict"},
    "receivers": {"type": "list", "elements": "dict", "default": []},
    "route": {"type": "dict", "default": {}},
    "extra": {"type": "dict", "default": {}},
}
SOURCES = ("config", "src", "oncall")


class ActionModule(ActionBase):
    """The configuration is given whole, in a file, or made from an on-call file as of the moment that is asked about."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Result:
        super().run(tmp, task_vars)
        _validated, options = self.validate_argument_spec(
            argument_spec=SPEC, mutually_exclusive=[SOURCES], required_one_of=[SOURCES]
        )
        labels = {str(name): str(value) for name, value in options["labels"].items()}
        try:
            at = oncall_moments.moment(options["at"], now=datetime.now(timezone.utc))
            notices = alert_routes.notices(self._config(options, at), labels, at)
        except FleetError as error:
            raise AnsibleActionFail(str(error)) from error
        told = list(dict.fromkeys(one.receiver for one in notices if one.told))
        return {
            "changed": False,
            "at": oncall_moments.stamp(at),
            "receivers": told,
            "routes": alert_routes.as_data(notices),
        }

    def _config(self, options: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
        if options["oncall"] is not None:
            given = {key: options[key] for key in ("receivers", "route", "extra")}
            return oncall_filters.routes(options["oncall"], now=at, **given)
        if options["config"] is not None:
            found: Mapping[str, Any] = options["config"]
            return found
        return self._read(options["src"])

    def _read(self, src: str) -> Mapping[str, Any]:
        """Return the configuration in a file on the controller. What is in it is told nowhere: it holds secrets."""
        try:
            path = self._loader.get_real_file(self._find_needle("files", src))
            with open(path, encoding="utf-8") as file:
                found = alert_routes.load(file)
        except (AnsibleError, OSError) as error:
            raise BadInput(f"src {src!r} cannot be read: {error}") from error
        except (yaml.YAMLError, ValueError) as error:
            raise BadInput(f"src {src!r} is no YAML. Have amtool check it") from error
        if not isinstance(found, Mapping):
            raise BadInput(f"src {src!r} holds no configuration. Give Alertmanager's whole one")
        return found
