# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Tell of an app's releases on a host, for release_info and for the result of release."""

from __future__ import annotations

from typing import Any

from .._host import files
from .prune import prunable
from .state import Layout, Release

ACTIVE, FORMER, STAGED, FAILED, INCOMPLETE, KEPT = "active", "former", "staged", "failed", "incomplete", "kept"


def report(app: str, root: str, known: Layout, keep: int) -> dict[str, Any]:
    """Return the app's releases with what a person wants to know of each."""
    return {
        "app": app,
        "root": root,
        "active": known.active,
        "former": known.former,
        "releases": [release(one, known) for one in known.releases.values()],
        "shared": list(files.listing(f"{root}/shared")),
        "prunable": list(prunable(known, keep)),
    }


def release(one: Release, known: Layout) -> dict[str, Any]:
    """Return one release; what only a record could tell is empty where there is none."""
    noted = one.record
    manifest = noted.manifest if noted else {}
    return {
        "version": one.version,
        "state": state(one, known),
        "sha256": noted.sha256 if noted else "",
        "staged_at": noted.staged_at if noted else "",
        "activated_at": noted.activated_at if noted else "",
        "signer": noted.signer if noted else "",
        "revision": (manifest.get("source") or {}).get("revision", ""),
        "built_at": manifest.get("built_at", ""),
        "size": noted.bytes if noted else 0,
        "contracted": list(noted.contracted) if noted else [],
        "run_id": noted.run_id if noted else "",
    }


def state(one: Release, known: Layout) -> str:
    """Return the word for what a release is to its host."""
    if one.version == known.active:
        return ACTIVE
    if not one.is_complete or one.record is None:
        return INCOMPLETE
    if one.record.failed:
        return FAILED
    if one.version == known.former:
        return FORMER
    return KEPT if one.record.activated_at else STAGED
