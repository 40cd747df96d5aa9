# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What a host remembers of a reboot over the reboot: what has to come back, the evidence, and two lines of the ledger.

    reboots/pending.json      a reboot that began and whose end nobody has seen yet
    reboots/<time>.json       the evidence, the latest KEPT of them

A run may die while its host is down. The record stays, and the next call settles it: by then another boot shows that the
reboot happened, and the same boot that it never did.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from ._errors import Unreadable
from ._host.files import listing
from ._transaction import ledger
from ._transaction.lock import Actor
from ._transaction.paths import Paths
from ._transaction.world import World

BEGUN, ENDED = "reboot", "rebooted"
PENDING = "pending.json"
KEPT = 20


class Pending(NamedTuple):
    """A reboot that began in boot `boot`, at `began` (wall-clock seconds); `units` are to come back."""

    boot: str
    began: float
    when: str
    name: str
    why: str
    run_id: str
    days_up: float
    units: tuple[str, ...]
    failed: tuple[str, ...]
    evidence: str = ""


class Outcome(NamedTuple):
    """How it ended. `away_s` until all units were back, None where nobody was there to see; `facts` go to the ledger."""

    result: str
    away_s: float | None = None
    facts: Mapping[str, Any] = {}


def directory(paths: Paths) -> str:
    """Return where records and evidence lie."""
    return f"{paths.base}/reboots"


def read(paths: Paths) -> Pending | None:
    """Return the reboot whose end nobody has seen, None where there is none; raise Unreadable for a damaged record."""
    path = f"{directory(paths)}/{PENDING}"
    try:
        with open(path, encoding="utf-8") as file:
            told = json.load(file)
        return Pending(**{**told, "units": tuple(told["units"]), "failed": tuple(told["failed"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise Unreadable(
            f"{path} cannot be understood ({error}): remove it, and look yourself after the last reboot"
        ) from error


def begin(paths: Paths, world: World, actor: Actor, pending: Pending) -> None:
    """Keep the record, synced, and tell the ledger. The caller holds the host."""
    _write(world, directory(paths), PENDING, pending._asdict())
    _append(paths, world, actor, pending, {"what": BEGUN, "result": "begun"})


def end(paths: Paths, world: World, actor: Actor, pending: Pending, outcome: Outcome) -> dict[str, Any]:
    """Tell the ledger how it ended, forget the record, and return the ledger's line. The caller holds the host.

    A run that died may have left a process behind that was faster: then its line is the one that counts.
    """
    if read(paths) == pending:
        told = {"what": ENDED, "result": outcome.result, "away_s": outcome.away_s, **outcome.facts}
        _append(paths, world, actor, pending, told)
        world.unlink(f"{directory(paths)}/{PENDING}")
        world.sync(directory(paths))
    wanted = _txid(pending, ENDED)
    return next((line for line in reversed(ledger.entries(paths)) if line.get("txid") == wanted), {})


def keep_evidence(paths: Paths, world: World, name: str, evidence: Mapping[str, Any]) -> str:
    """Write the evidence for root alone, remove what is beyond the latest KEPT, and return its path."""
    folder = directory(paths)
    path = _write(world, folder, f"{name}.json", evidence)
    kept = [one for one in listing(folder) if one.endswith(".json") and one != PENDING]
    for old in kept[:-KEPT]:
        world.unlink(f"{folder}/{old}")
    world.sync(folder)
    return path


def _append(paths: Paths, world: World, actor: Actor, pending: Pending, told: Mapping[str, Any]) -> None:
    # The id keeps a line from being written twice, should we die between the ledger and the record.
    entry = {
        "txid": _txid(pending, told["what"]),
        "who": actor.owner,
        "why": pending.why,
        "run_id": pending.run_id,
        "days_up": pending.days_up,
        "evidence": pending.evidence,
    }
    ledger.append(paths, world, {**entry, **told})


def _txid(pending: Pending, what: str) -> str:
    return f"{pending.name}-{what}"


def _write(world: World, folder: str, name: str, told: Mapping[str, Any]) -> str:
    if not os.path.isdir(folder):
        with contextlib.suppress(FileExistsError):
            world.mkdir(folder)
        world.sync(os.path.dirname(folder))
    path = f"{folder}/{name}"
    world.create(f"{path}.new", json.dumps(told, indent=1).encode())
    world.sync(f"{path}.new")
    world.rename(f"{path}.new", path)
    world.sync(folder)
    return path
