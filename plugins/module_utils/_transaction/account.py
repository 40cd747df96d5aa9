# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What the ledger says of a transaction."""

from __future__ import annotations

from typing import Any

from .journal import Entry, Journal
from .steps import FILE_KINDS, describe


def line(opened: Journal, *, result: str, seconds: float, why: str) -> dict[str, Any]:
    """Return the entry: who did what for which run, how it ended after how many seconds, and each change."""
    who = opened.who
    return {
        "txid": opened.txid,
        "what": opened.plan.name,
        "who": who["owner"],
        "run_id": who["run_id"],
        "reason": who["reason"],
        "result": result,
        "seconds": seconds,
        "changes": [_change(entry) for entry in opened.entries],
        **({"why": why} if why else {}),
    }


def _change(entry: Entry) -> dict[str, Any]:
    """One step in the ledger: what it did, from what to what; the digest of a secret is not told, it can be guessed."""
    told = {
        key: value
        for key, value in describe(entry.step).items()
        if key in ("kind", "target", "action", "to", "archived")
    }
    if entry.step.kind == "package":
        from . import packages

        before = entry.before.get("installed", {})
        told["from"] = {name: packages.version_in(before, name) for name in entry.step.args["packages"]}
        told["to"] = dict(entry.step.args["packages"])
    elif entry.step.kind in FILE_KINDS and not entry.step.sensitive:
        told["from"] = entry.before["was"]
        told.setdefault("to", entry.sha256 or entry.step.kind)
    return told
