# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The options that say when a service is well, shared by health_check and service_config (doc fragment `checks`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._host import checks
from ._host.checks import Check

CHECK_OPTIONS: dict[str, dict[str, Any]] = {
    "within_s": {"type": "float", "default": 30},
    "stable": {"type": "int", "default": 1},
    "units": {"type": "list", "elements": "str", "default": []},
    "tcp": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"port": {"type": "int", "required": True}, "host": {"type": "str", "default": "127.0.0.1"}},
    },
    "http": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "url": {"type": "str", "required": True},
            "status": {"type": "list", "elements": "int", "default": [200]},
            "contains": {"type": "str", "default": ""},
            "headers": {"type": "dict", "default": {}},
            "sensitive_headers": {"type": "dict", "default": {}, "no_log": True},
            "timeout_s": {"type": "float", "default": 5},
            "validate_certs": {"type": "bool", "default": True},
        },
    },
    "commands": {"type": "list", "elements": "list", "default": []},
}


def checks_from(params: Mapping[str, Any]) -> tuple[Check, ...]:
    """Return the checks that options of the shape CHECK_OPTIONS ask for; raise BadInput for one that cannot be right."""
    return (
        *(checks.unit(name) for name in params.get("units") or ()),
        *(checks.tcp(one["port"], one.get("host") or "127.0.0.1") for one in params.get("tcp") or ()),
        *(_http(one) for one in params.get("http") or ()),
        *(checks.command([str(word) for word in argv]) for argv in params.get("commands") or ()),
    )


def _http(one: Mapping[str, Any]) -> Check:
    headers = {**(one.get("headers") or {}), **(one.get("sensitive_headers") or {})}
    return checks.http(
        one["url"],
        status=one.get("status") or (200,),
        contains=one.get("contains") or "",
        headers={name: str(value) for name, value in headers.items()},
        timeout_s=one.get("timeout_s") or 5,
        validate_certs=one.get("validate_certs", True),
    )
