# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The options of the rollout action and module, whose documentation is in plugins/modules/rollout.py."""

from __future__ import annotations

from typing import Any

from .._argspec import RUN_OPTIONS
from .._http import ACCESS

# As alertmanager_silence takes them.
MATCHER: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "value": {"type": "str", "required": True},
    "regex": {"type": "bool", "default": False},
    "equal": {"type": "bool", "default": True},
}
ON_HOST = ("host_begin", "host_end")
STATES = (
    "begin",
    "host_looked",
    "plan",
    "watch",
    "gate",
    "host_begin",
    "host_silenced",
    "host_touch",
    "host_end",
    "settle",
    "unsilence",
    "end",
)

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
            "alertmanager_url": {"type": "str"},
            "alerts": {"type": "list", "elements": "str", "default": []},
            "wait_s": {"type": "int", "default": 300},
            "load_balancers": {"type": "list", "elements": "str", "default": []},
            "backend": {"type": "str"},
            "prometheus": {
                "type": "dict",
                "options": {
                    "url": {"type": "str", "required": True},
                    "requests": {"type": "str", "required": True},
                    "errors": {"type": "str", "required": True},
                    "p99": {"type": "str"},
                },
            },
            "observe_s": {"type": "float", "default": 10},
            "min_requests": {"type": "int", "default": 100},
            "error_ratio": {"type": "float", "default": 0.01},
            "p99_ratio": {"type": "float", "default": 1.5},
            "p99_s": {"type": "float", "default": 0.1},
            "too_few": {"type": "str", "choices": ["pass", "stop"], "default": "pass"},
        },
    },
    "access": {"type": "dict", "apply_defaults": True, "options": ACCESS},
    "figures": {"type": "list", "elements": "dict", "default": []},
    "windows": {"type": "raw"},
    "freezes": {"type": "raw"},
    "outside_windows": {"type": "raw"},
    "opt_out": {"type": "str", "default": ""},
    "preflight": {
        "type": "dict",
        "options": {"role": {"type": "str", "required": True}, "tasks_from": {"type": "str", "default": "main"}},
    },
    "idle": {"type": "bool", "default": False},
    "found": {"type": "str", "default": ""},
    "silence": {
        "type": "dict",
        "options": {
            "hosts": {"type": "list", "elements": "str", "required": True},
            "url": {"type": "str", "default": "http://127.0.0.1:9093"},
            "matchers": {"type": "list", "elements": "dict", "default": [], "options": MATCHER},
            "duration_s": {"type": "int", "default": 3600},
        },
    },
    "answers": {"type": "list", "elements": "dict", "default": []},
    "ending": {"type": "bool", "default": False},
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
    ("state", "host_silenced", ["silence"]),
    ("state", "host_end", ["result"]),
]
