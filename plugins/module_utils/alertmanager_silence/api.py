# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Alertmanager's API v2: the three calls that silences need.

It changes a record in Alertmanager, not the host that the module runs on, so no transaction and no host lock is involved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._http import Server


def silences(server: Server) -> list[dict[str, Any]]:
    """Return every silence that it knows, expired ones too."""
    found = server.ask("GET", "api/v2/silences")
    if not isinstance(found, list):
        raise server.strange(found)
    return found


def put(server: Server, silence: Mapping[str, Any]) -> str:
    """Create the silence, or change the one whose `id` it has; return its id."""
    answer = server.ask("POST", "api/v2/silences", body=silence)
    try:
        return str(answer["silenceID"])
    except (KeyError, TypeError) as error:
        raise server.strange(answer) from error


def expire(server: Server, silence_id: str) -> None:
    """End the silence now."""
    server.ask("DELETE", f"api/v2/silence/{silence_id}")
