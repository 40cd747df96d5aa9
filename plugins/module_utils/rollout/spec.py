# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The options of the rollout action and module, whose documentation is in plugins/modules/rollout.py."""

from __future__ import annotations

from typing import Any

from .._argspec import RUN_OPTIONS

ON_HOST = ("host_begin", "host_end")
STATES = ("begin", "gate", "host_begin", "host_touch", "host_end", "settle", "end")

SPEC: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "required": True, "choices": list(STATES)},
    "name": {"type": "str", "default": "rollout"},
    "intent": {"type": "str", "default": ""},
    "hosts": {"type": "list", "elements": "str"},
    "waves": {"type": "raw", "default": "1,25%"},
    "limit": {"type": "raw", "default": 0},
    "take_back": {"type": "str", "choices": ["none", "wave", "all"], "default": "none"},
    "can_take_back": {"type": "bool", "default": True},
    "resume": {"type": "str", "default": "auto"},
    "gate": {
        "type": "dict",
        "options": {
            "alertmanager_url": {"type": "str", "required": True},
            "alerts": {"type": "list", "elements": "str", "default": []},
        },
    },
    "state_dir": {"type": "path"},
    "wave": {"type": "list", "elements": "str"},
    "undo": {"type": "bool", "default": False},
    "ledger_seen": {"type": "str", "default": ""},
    "result": {"type": "str", "choices": ["done", "failed", "undone", "stuck"]},
    "failure": {"type": "dict"},
    "task": {"type": "str", "default": ""},
    "load_balancer": {"type": "str", "choices": ["none", "drained", "in_service"], "default": "none"},
    "has_checks": {"type": "bool", "default": False},
    "final": {"type": "bool", "default": True},
    **RUN_OPTIONS,
}
REQUIRED_IF = [
    ("state", "begin", ["hosts"]),
    ("state", "gate", ["wave"]),
    ("state", "host_end", ["result"]),
]
