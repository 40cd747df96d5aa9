# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What a host's ledger tells of a time: its transactions in figures; of releases, remedies and reboots each one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import _reboots
from .._errors import BadInput
from .._host import files
from .._host.files import listing
from .._transaction import ledger, metrics
from .._transaction.paths import Paths
from ..release import record
from ..release.record import Record

# How a release came to be in place: on a host that had none, as the next one, or as the one before that came back.
FIRST, FORWARD, BACK, TRY = "first", "forward", "back", "try"
_RECORD = re.compile(r".*/releases/(?P<app>[^/]+)/(?P<version>[^/]+)\.json")
Entry = Mapping[str, Any]


def read(paths: Paths, *, since: float, known: str = "") -> dict[str, Any]:
    """Return what the ledger tells of the time after `since`; `known` is the digest of a line that has to be in it.

    Raise BadInput for whoever may not read it: the figures of a ledger that was not read are not 0.
    """
    if os.path.isdir(paths.base) and not os.access(paths.base, os.R_OK | os.X_OK):
        raise BadInput(f"{paths.base} belongs to root: read the ledger with become")
    apps = listing(f"{paths.base}/releases")
    entries = [one for one in ledger.entries(paths) if (metrics.seconds(one.get("when")) or 0) >= since]
    return {
        "chain_holds": ledger.holds(paths, known),
        "runs": runs(entries, apps),
        "releases": releases(entries, {(one.app, one.version): one for one in _records(paths, apps)}),
        "heals": heals(entries),
        "reboots": reboots(entries),
    }


def runs(entries: Iterable[Entry], apps: Iterable[str]) -> list[dict[str, Any]]:
    """Return how many transactions there were by module and result."""
    known = frozenset(apps)
    found: dict[tuple[str, str], int] = {}
    for entry in entries:
        key = (metrics.module_of(entry, known), str(entry.get("result", "")))
        found[key] = found.get(key, 0) + 1
    return [{"module": module, "result": result, "count": count} for (module, result), count in sorted(found.items())]


def releases(entries: Iterable[Entry], records: Mapping[tuple[str, str], Record]) -> list[dict[str, Any]]:
    """Return each switch of a release and each beginning of one, oldest first, with what its record says of its making."""
    told = []
    for entry in entries:
        noted = [_RECORD.fullmatch(str(one.get("target"))) for one in _changes(entry, "write")]
        named = [one for one in noted if one]
        switch = next((one for one in _changes(entry, "link") if _is_switch(one)), None)
        if not named or not (switch or str(entry.get("what")).endswith(": try")):
            continue
        version = str(switch["to"]).rpartition("/")[2] if switch else named[0]["version"]
        kept = records.get((named[0]["app"], version))
        manifest = kept.manifest if kept else {}
        told.append(
            {
                **_common(entry),
                "app": str(manifest.get("name") or named[0]["app"]),
                "instance": named[0]["app"],
                "kind": _kind(entry, switch) if switch else TRY,
                "from": str(switch["from"]).rpartition("/")[2] if switch else "",
                "to": version,
                "built_at": str(manifest.get("built_at") or ""),
                "revision": str((manifest.get("source") or {}).get("revision") or ""),
            }
        )
    return told


def heals(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return each remedy, by the unit that it healed."""
    return [{**_common(one), "unit": str(one[metrics.HEALED])} for one in entries if one.get(metrics.HEALED)]


def reboots(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return each reboot that has ended, with the seconds that the host was away."""
    return [{**_common(one), "away_s": one.get("away_s")} for one in entries if one.get("what") == _reboots.ENDED]


def _common(entry: Entry) -> dict[str, Any]:
    return {key: entry.get(key, "") for key in ("when", "result", "run_id", "who", "reason", "why")}


def _changes(entry: Entry, kind: str) -> Sequence[Mapping[str, Any]]:
    return [one for one in entry.get("changes") or () if one.get("kind") == kind]


def _is_switch(change: Mapping[str, Any]) -> bool:
    return str(change.get("target")).endswith("/current") and str(change.get("to")).startswith("releases/")


def _kind(entry: Entry, switch: Mapping[str, Any]) -> str:
    """A release that comes next leaves a link to the one before it; one that comes back takes that link away."""
    if switch.get("from") == files.ABSENT:
        return FIRST
    former = any(str(one.get("target")).endswith("/former") for one in _changes(entry, "link"))
    return FORWARD if former else BACK


def _records(paths: Paths, apps: Iterable[str]) -> Iterable[Record]:
    for app in apps:
        folder = record.directory_of(app, paths.base)
        for name in listing(folder):
            found = record.parse(files.read(f"{folder}/{name}").content) if name.endswith(".json") else None
            if found:
                yield found
