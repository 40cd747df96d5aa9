# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Patch sets in files: written canonical and signed, read whole and verified. Runs on the controller."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import Any, Callable

from .._errors import BadInput
from .._host import files, signature
from .._transaction.paths import now
from . import patch_set

NAMESPACE = "groundcrew-patch-set"
Put = Callable[[str, str], None]


def read(path: str, signers: str = "") -> dict[str, Any]:
    """Return the patch set in the file; raise BadInput for one that is missing, damaged, or not signed by one of `signers`."""
    content = files.read(path).content
    if content is None:
        raise BadInput(f"patch set {path} is not there. Make one with playbook patch_plan")
    found = patch_set.parse(content, path)
    if signers and not files.read(f"{path}.sig").exists:
        raise BadInput(
            f"patch set {path} is not signed: {path}.sig is not there. Sign it, or name no signers to accept it as it is"
        )
    if signers:
        signature.verify(content, f"{path}.sig", signers, NAMESPACE)
    return found


def write(path: str, name: str, plans: Mapping[str, Any], *, key: str, put: Put, check: bool) -> dict[str, Any]:
    """Write the patch set of these plans by `put` (from, to), and its signature; return the module's result.

    One that says the same under the same name keeps its time, and so its bytes and its signature. Raise BadInput where
    the plans do not fit together, or the key cannot sign.
    """
    there = files.read(path).content
    told = patch_set.make(name, _made(there, path), plans)
    same = patch_set.canonical(told) == there
    if there is not None and not same:
        raise BadInput(
            f"path: {path} is there already, and says something else: it may be approved. Give another path, or remove it first"
        )
    told = told if same else patch_set.make(name, now(), plans)
    content = patch_set.canonical(told)
    signing = bool(key) and not (same and files.read(f"{path}.sig").exists)
    wanted = {} if same else {path: content}
    if signing:
        wanted[f"{path}.sig"] = signature.sign(content, key, NAMESPACE)
    for target in () if check else wanted:
        _put(target, wanted[target], put)
    counts = {release: len(packages) for release, packages in told["packages"].items()}
    return {"changed": bool(wanted), "path": path, "sha256": told["sha256"], "packages": counts, "signed": bool(key)}


def _made(content: bytes | None, path: str) -> str:
    try:
        return str(patch_set.parse(content or b"", path)["made"])
    except BadInput:
        return now()


def _put(path: str, content: bytes, put: Put) -> None:
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise BadInput(f"path: {folder} is no directory on the controller: make it, or give another path")
    handle, temporary = tempfile.mkstemp(prefix=".patch-set-", dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    put(temporary, path)
