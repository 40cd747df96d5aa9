# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The options of memory_info, and the want that they stand for."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from .._errors import BadInput
from .._http import ACCESS, server_of
from .state import Question, Want

PROMETHEUS: dict[str, dict[str, Any]] = {
    "url": {"type": "str", "required": True},
    "query": {"type": "str"},
    "label": {"type": "str", "default": "host"},
    "host": {"type": "str"},
    "capacity_query": {"type": "str"},
    "capacity_bytes": {"type": "float"},
    "window_s": {"type": "float", "default": 21600},
    "step_s": {"type": "float", "default": 60},
    **ACCESS,
}
SPEC: dict[str, dict[str, Any]] = {
    "threshold_available_mib": {"type": "float"},
    "threshold_available_percent": {"type": "float"},
    "evidence": {"type": "bool", "default": True},
    "horizon_s": {"type": "float", "default": 86400},
    "prometheus": {"type": "dict", "options": PROMETHEUS},
}


def want_from(options: Mapping[str, Any]) -> Want:
    """Return what the options ask for; raise BadInput for a window or a step that cannot be."""
    asked = options["prometheus"]
    return Want(
        options["threshold_available_mib"],
        options["threshold_available_percent"],
        options["evidence"],
        _question(asked, asked["host"] or socket.gethostname().split(".", 1)[0]) if asked else None,
        options["horizon_s"],
    )


def used_by(label: str, host: str) -> str:
    """Return node exporter's used memory of one host, in PromQL."""
    value = host.replace("\\", "\\\\").replace('"', '\\"')
    return f'node_memory_MemTotal_bytes{{{label}="{value}"}} - node_memory_MemAvailable_bytes{{{label}="{value}"}}'


def _question(asked: Mapping[str, Any], host: str) -> Question:
    if not 0 < asked["step_s"] <= asked["window_s"]:
        raise BadInput(
            f"prometheus: a step of {asked['step_s']:g} s does not fit a window of {asked['window_s']:g} s: give a window_s of "
            "at least 24 times step_s"
        )
    return Question(
        server_of("Prometheus", asked),
        asked["query"] or used_by(asked["label"], host),
        asked["window_s"],
        asked["step_s"],
        asked["capacity_query"] or "",
        asked["capacity_bytes"] or 0,
    )
