# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What is remembered of a release that is complete: written last when it is staged, so without it there is no release.

`failed` is set before a version is tried for the first time and taken away once the app is well with it: whatever
ends a try in between, a broken release is never the one that somebody goes back to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._transaction.paths import HOST

FORMAT = 1


class Record(NamedTuple):
    """`expanded` are the migrations that were run for it, each with what undoes it; `contracted` those that end the way back.

    `inherited` are those that its predecessors had run: its data has them already, and they are not for it to undo.
    `manifest_text` and `signature` are as they came, so that a signature can be judged again by those who may sign then.
    `hooks_due`, `undo_due` and `contract_due` tell of commands that follow a switch which stands, and were not run yet.
    """

    app: str
    version: str
    sha256: str
    manifest: Mapping[str, Any]
    root: str = ""
    signer: str = ""
    staged_at: str = ""
    run_id: str = ""
    bytes: int = 0
    failed: bool = False
    activated_at: str = ""
    activated_by: str = ""
    expanded: tuple[Mapping[str, Any], ...] = ()
    inherited: tuple[str, ...] = ()
    contracted: tuple[str, ...] = ()
    hooks_due: bool = False
    undo_due: bool = False
    contract_due: tuple[str, ...] = ()
    manifest_text: str = ""
    signature: str = ""

    @property
    def last_used(self) -> str:
        return max(self.staged_at, self.activated_at)


def directory_of(app: str, base: str = HOST.base) -> str:
    """Return where the records of an app's releases lie."""
    return f"{base}/releases/{app}"


def path_of(app: str, version: str, base: str = HOST.base) -> str:
    """Return where the record of one release lies."""
    return f"{directory_of(app, base)}/{version}.json"


def dump(record: Record) -> bytes:
    """Return the record as the bytes to be kept, the same for the same record."""
    return json.dumps({"format": FORMAT, **record._asdict()}, sort_keys=True, indent=1).encode() + b"\n"


def parse(text: bytes | None) -> Record | None:
    """Return the record in `text`; None for none, a damaged one or another format: such a release is incomplete."""
    try:
        told = json.loads(text or b"{}")
        if told.pop("format") != FORMAT:
            return None
        found = Record(**told)
        return found._replace(
            expanded=tuple(found.expanded),
            inherited=tuple(found.inherited),
            contracted=tuple(found.contracted),
            contract_due=tuple(found.contract_due),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
