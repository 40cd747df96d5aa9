# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""A host whose undo failed is left alone by everybody, until a human retries or accepts."""

from __future__ import annotations

import json
import os
from typing import Any

from .._errors import Quarantined
from .paths import Paths, now
from .world import World

CURE = (
    "look with `groundcrew recover --show` on this host, mend the cause, then `groundcrew recover --undo` tries again "
    "(or --finish, or --accept --reason TEXT to keep what there is)"
)


def enter(paths: Paths, world: World, *, txid: str, name: str, why: str, undo: str) -> None:
    """Quarantine the host; told is what failed (`why`) and what then failed in taking it back (`undo`)."""
    told = {"txid": txid, "what": name, "why": why, "undo": undo, "since": now()}
    # In place, not by rename: on a full disk an old quarantine must stay a quarantine.
    world.create(paths.quarantine, json.dumps(told).encode())
    world.sync(paths.quarantine)
    world.sync(paths.base)


def read(paths: Paths) -> dict[str, Any] | None:
    """Return what is known of the quarantine, None when there is none."""
    try:
        with open(paths.quarantine, encoding="utf-8") as file:
            return dict(json.load(file))
    except FileNotFoundError:
        return None
    except ValueError:
        return {"what": "unknown", "why": "unknown", "undo": "the quarantine file is torn", "since": "unknown"}


def refuse(paths: Paths) -> None:
    """Raise Quarantined with cause and cure when the host is in quarantine."""
    told = read(paths)
    if told:
        raise Quarantined(
            f"this host is quarantined since {told['since']}: {told['what']} failed ({told['why']}) and could not be "
            f"taken back ({told['undo']}); {CURE}"
        )


def leave(paths: Paths, world: World) -> None:
    """End the quarantine."""
    if os.path.exists(paths.quarantine):
        world.unlink(paths.quarantine)
        world.sync(paths.base)
