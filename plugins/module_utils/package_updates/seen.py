# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Remember since when this host knows of an update: apt's lists do not tell how old it is."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Mapping

from .._host.updates import Update
from .._transaction.paths import Paths
from .._transaction.world import World

DAY_S = 86400.0


def aged(updates: Iterable[Update], paths: Paths, *, remember: bool) -> tuple[Update, ...]:
    """Return the updates with their age in days, as far as they do not tell it themselves; new ones are of now.

    With `remember` the new ones are noted, and those that are on offer no more forgotten. The file is a cache, as apt's
    lists are: no transaction, and no loss when it is gone but that everything is new again.
    """
    now, path = time.time(), f"{paths.base}/seen.json"
    known = _read(path)
    first = {_key(one): known.get(_key(one), now) for one in updates}
    if remember and first != known:
        _write(path, first)
    return tuple(
        one if one.age_days is not None else one._replace(age_days=max(0.0, (now - first[_key(one)]) / DAY_S))
        for one in updates
    )


def _key(update: Update) -> str:
    return f"{update.name} {update.after}"


def _read(path: str) -> dict[str, float]:
    try:
        with open(path, encoding="utf-8") as file:
            return {str(key): float(when) for key, when in json.load(file).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _write(path: str, first: Mapping[str, float]) -> None:
    world, temporary = World(), f"{path}.new"
    # A full disk, or another one who takes the same note, is no reason to tell nothing.
    with contextlib.suppress(OSError):
        world.create(temporary, json.dumps(first).encode())
        world.rename(temporary, path)
