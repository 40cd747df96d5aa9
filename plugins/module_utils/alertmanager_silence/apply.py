# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read the silences, plan, and send what the plan says."""

from __future__ import annotations

from typing import Any

from .._http import Server
from .._transaction.paths import stamp
from . import api
from .plan import Changes, Want, plan
from .state import parse


def converge(server: Server, want: Want, *, now: float, check_mode: bool) -> dict[str, Any]:
    """Return the module's result; Alertmanager is only asked, not told, in check mode."""
    silences = parse(api.silences(server))
    changes = plan(want, silences, now)
    kept = changes.kept.id if changes.kept else ""
    if not check_mode:
        kept = next((api.put(server, body) for body in changes.put), kept)
        for silence in changes.expire:
            api.expire(server, silence.id)
    return {
        "changed": changes.changed,
        "id": kept,
        "expired": [silence.id for silence in changes.expire],
        "diff": _diff(changes),
        **({"ends": _ends(changes)} if want.state == "present" else {}),
    }


def _ends(changes: Changes) -> str:
    return stamp(changes.kept.ends) if changes.kept else str(changes.put[0]["endsAt"])


def _diff(changes: Changes) -> dict[str, str]:
    before = "".join(f"{silence.comment}, until {stamp(silence.ends)}\n" for silence in changes.expire)
    after = "".join(f"{body['comment']}, until {body['endsAt']}\n" for body in changes.put)
    return {"before": before, "after": after}
