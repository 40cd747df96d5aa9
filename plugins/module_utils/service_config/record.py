# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What a unit last read: digests recorded at its last start or reload, and what has changed since.

A path is *stale* when it changed after the unit's main process started and is not what was recorded. So a restart by
hand is not repeated (nothing is younger than the process), dpkg's kept archive times do not hide a new binary (ctime
moves all the same), the same bytes written again do nothing, and without a record ctime decides, once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

VERSION = 1
Identity = tuple[int, ...]
Digest = Callable[[str], str]

CHANGED = "changed after the unit last started or was reloaded"
REMOVED = "was removed after the unit last started or was reloaded"


class Entry(NamedTuple):
    """The digest of a path, and the identity (dev, ino, size, mtime, ctime) it had; None where that was not known yet."""

    sha256: str
    stat: Identity | None = None


class Record(NamedTuple):
    """`config` gathers the files of all calls for the unit; `program` is its unit file, drop-ins, environment, binary."""

    config: Mapping[str, Entry] = {}
    program: Mapping[str, Entry] = {}


class Watched(NamedTuple):
    """A path as it is on disk now. `changed_at` is its ctime, or when its directory last changed where it is absent.

    `leads_to` is where a link ends, and "" for what is no link.
    """

    changed_at: float
    stat: Identity = ()
    leads_to: str = ""

    @property
    def exists(self) -> bool:
        return bool(self.stat)


def parse(text: bytes | None) -> Record:
    """Return the record in `text`; an empty one for none or a damaged one, since ctime then decides, once."""
    try:
        told = json.loads(text or b"{}")
        if told.get("version") != VERSION:
            return Record()
        return Record(_entries(told["config"]), _entries(told["program"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Record()


def dump(record: Record) -> bytes:
    """Return the record as the bytes to be kept, the same for the same record."""
    told = {
        "version": VERSION,
        "config": {path: _told(entry) for path, entry in record.config.items()},
        "program": {path: _told(entry) for path, entry in record.program.items()},
    }
    return json.dumps(told, sort_keys=True, indent=1).encode() + b"\n"


def stale(path: str, now: Watched, entry: Entry | None, started_at: float, digest: Digest) -> str:
    """Return why the unit does not run with what stands at `path`; "" when it does.

    The digest is asked for only where ctime and identity leave it open, so that a big binary is not read in each run.
    """
    if now.changed_at < started_at:
        return ""
    if not now.exists:
        return REMOVED if entry else ""
    if entry and (entry.stat == now.stat or entry.sha256 == digest(path)):
        return ""
    return CHANGED


def entry_of(path: str, now: Watched, entry: Entry | None, digest: Digest) -> Entry:
    """Return the entry for what stands at `path`, read anew unless its identity is the recorded one."""
    return entry if entry and entry.stat == now.stat else Entry(digest(path), now.stat)


def _entries(told: Mapping[str, Any]) -> dict[str, Entry]:
    return {
        path: Entry(str(one["sha256"]), None if one["stat"] is None else tuple(one["stat"]))
        for path, one in told.items()
    }


def _told(entry: Entry) -> dict[str, Any]:
    return {"sha256": entry.sha256, "stat": None if entry.stat is None else list(entry.stat)}
