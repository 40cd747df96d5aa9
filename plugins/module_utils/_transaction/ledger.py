# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The host's ledger: one JSON line for each transaction, each line holding the digest of the one before it."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from typing import Any

from .._host.files import digest
from .paths import Paths, now
from .world import World

GENESIS = ""


def lines(paths: Paths) -> list[bytes]:
    """Return the whole lines of the ledger, oldest first; a torn last line was never synced, so it never counted."""
    try:
        with open(paths.ledger, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return []
    return content[: content.rfind(b"\n") + 1].splitlines()


def tail_digest(paths: Paths) -> str:
    """Return the SHA-256 of the last line, "" for an empty ledger: what a controller keeps to notice tampering."""
    found = lines(paths)
    return digest(found[-1]) if found else GENESIS


def entries(paths: Paths, last: int | None = None) -> list[dict[str, Any]]:
    """Return the ledger's entries, oldest first, or the `last` of them; a line that is no JSON is told as such."""
    found = lines(paths)
    told = []
    for line in found if last is None else found[len(found) - min(last, len(found)) :]:
        try:
            told.append(json.loads(line))
        except ValueError:
            told.append({"result": "unreadable", "line": line.decode("utf-8", "replace")[:200]})
    return told


def holds(paths: Paths, known: str = GENESIS) -> bool:
    """Tell whether each line names the digest of the one before, and whether the line of digest `known` is there."""
    previous, seen = GENESIS, known == GENESIS
    for line in lines(paths):
        try:
            if json.loads(line).get("prev") != previous:
                return False
        except ValueError:
            return False
        previous = digest(line)
        seen = seen or previous == known
    return seen


def result_of(paths: Paths, txid: str) -> str:
    """Return how transaction `txid` ended, "" where the ledger does not have it (among its latest)."""
    line = _line_of(paths, txid)
    return str(json.loads(line)["result"]) if line else ""


def append(paths: Paths, world: World, entry: Mapping[str, Any], *, reserve: str = "") -> str:
    """Append one entry, synced, and return its digest; an entry whose `txid` stands there already is not repeated.

    On a full disk the `reserve` file is given up for the line's sake.
    """
    found = lines(paths)
    known = _line_of(paths, str(entry.get("txid", "")))
    if known:
        world.sync(paths.ledger)
        return digest(known)
    told = {"seq": len(found) + 1, "when": now(), **entry, "prev": digest(found[-1]) if found else GENESIS}
    line = json.dumps(told, sort_keys=True).encode()
    append_synced(world, paths.ledger, line + b"\n", reserve=reserve)
    world.sync(paths.base)
    return digest(line)


def append_synced(world: World, path: str, content: bytes, *, reserve: str) -> None:
    """Append whole lines and sync; where the disk is full, delete the `reserve` file first and try once more."""
    _cut_torn_line(world, path)
    try:
        world.append(path, content)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not os.path.exists(reserve):
            raise
        world.unlink(reserve)
        world.append(path, content)
    world.sync(path)


def _line_of(paths: Paths, txid: str) -> bytes:
    wanted = f'"txid": "{txid}"'.encode()
    return next((line for line in reversed(lines(paths)[-20:]) if txid and wanted in line), b"")


def _cut_torn_line(world: World, path: str) -> None:
    """A line without its end was never synced; left there it would spoil the next one."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        world.truncate(path, whole)
