# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what updates have done on this host: from its ledger for people, from its undo store for the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .._errors import BadInput
from .._host.files import listing
from .._transaction import journal, ledger
from .._transaction.journal import Entry, Journal
from .._transaction.packages import CONFIG_FILES, version_in
from .._transaction.paths import Paths

GOOD = ("done", "finished")
SHOWN = 50


class Run(NamedTuple):
    """What a run did to packages, over all its transactions: versions by name before it and after it, "" not installed.

    `preserved` are the files that stood there before, with their content. `txids` are its transactions. `left` are
    packages of which only their configuration was there before, which the way back leaves.
    """

    before: Mapping[str, str]
    after: Mapping[str, str]
    preserved: Mapping[str, tuple[Entry, str]]
    txids: tuple[str, ...]
    left: frozenset[str] = frozenset()


def told(paths: Paths, last: int = SHOWN) -> list[dict[str, Any]]:
    """Return the updates in the ledger, newest first."""
    found = []
    for entry in reversed(ledger.entries(paths)):
        changes = [one for one in entry.get("changes", ()) if one.get("kind") == "package" and one.get("archived")]
        if changes:
            packages = {
                name: [one["from"].get(name, ""), version] for one in changes for name, version in one["to"].items()
            }
            keys = ("when", "run_id", "what", "result", "who", "reason")
            found.append({**{key: entry.get(key, "") for key in keys}, "packages": packages})
    return found[:last]


def find(paths: Paths, run: str, *, unknown_is_none: bool) -> Run:
    """Return what the run, or the one transaction, of this name did.

    Raise BadInput, naming the kept ones, where it did nothing here, unless that is as good as nothing to undo.
    """
    if not run:
        raise BadInput(
            "undo: it is empty, and that is the name of no run: give a run_id, or a txid of `groundcrew ledger`"
        )
    kept = [opened for opened in _kept(paths) if _package_entries(opened)]
    mine = [opened for opened in kept if run in (opened.who.get("run_id"), opened.txid)]
    if not mine and not unknown_is_none:
        names = dict.fromkeys(str(opened.who.get("run_id") or opened.txid) for opened in kept)
        raise BadInput(
            f"undo: no update of run {run!r} is kept on this host; it has {', '.join(names) or 'none'}. Updates are kept "
            "for 30 days: give one of these"
        )
    return _summed(mine)


def _kept(paths: Paths) -> list[Journal]:
    """Return the ended transactions of the undo store, oldest first."""
    loaded = (journal.load(f"{paths.undo}/{name}") for name in sorted(listing(paths.undo)))
    return [opened for opened in loaded if opened]


def _package_entries(opened: Journal) -> list[Entry]:
    return [one for one in opened.entries if one.step.kind == "package" and one.step.args.get("archived")]


def _summed(runs: Iterable[Journal]) -> Run:
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    preserved: dict[str, tuple[Entry, str]] = {}
    left: dict[str, bool] = {}
    txids = []
    for opened in runs:
        txids.append(opened.txid)
        for entry in _package_entries(opened):
            for name, version in entry.step.args["packages"].items():
                before.setdefault(name, version_in(entry.before["installed"], name))
                after[name] = version
                left.setdefault(name, version_in(entry.before.get("others", {}), name) == CONFIG_FILES)
        for entry in opened.entries:
            if entry.step.kind == "preserve" and entry.copy:
                preserved.setdefault(entry.step.target, (entry, f"{opened.path}/{entry.copy}"))
    return Run(before, after, preserved, tuple(txids), frozenset(name for name, so in left.items() if so))
