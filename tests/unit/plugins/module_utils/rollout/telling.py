# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events as the record holds them, written short."""

from __future__ import annotations

from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import events
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.events import Run

DRIVER = {"node": "controller", "pid": 1, "started": "then"}


def begin(*waves: list[str], **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "run_id": "r1",
        "name": "deploy",
        "intent": "2.0",
        "reason": "",
        "attempt": 1,
        "hosts": [host for wave in waves for host in wave],
        "waves": list(waves),
        "limit": 0,
        "take_back": "none",
        "driver": DRIVER,
    }
    return {"event": "begin", **told, **more}


def host(name: str, *states: str, **more: Any) -> list[dict[str, Any]]:
    return [events.host_event(name, state, **more) for state in states]


def done(name: str) -> list[dict[str, Any]]:
    return host(name, "begun", "locked", "touched", "done", load_balancer="in_service")


def failed(name: str, why: str = "it broke") -> list[dict[str, Any]]:
    return [*host(name, "begun", "locked", "touched"), events.host_event(name, "failed", why=why)]


def fold(*told: Any, at: float = 1000.0) -> Run:
    """Fold events and lists of events, a second apart."""
    flat = [event for one in told for event in (one if isinstance(one, list) else [one])]
    run = events.fold({"v": 1, "at": at + number, **event} for number, event in enumerate(flat))
    assert run is not None
    return run


def states(run: Run) -> dict[str, str]:
    return {name: found.state for name, found in run.hosts.items()}
