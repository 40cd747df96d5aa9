# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what a plan for kernel settings depends on: our file, the other files, what the kernel has now, our manifest."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import NamedTuple

from .. import _managed
from .._host import files, run, sysctl
from .._host.files import FileState
from .._host.sysctl import Assignment
from .._managed import Managed
from .want import Want


class Key(NamedTuple):
    """One kernel setting as it is: `value` None where it cannot be read, `mode` 0 where the kernel has no such key."""

    value: str | None = None
    mode: int = 0
    writable: bool = False
    read_only_mount: bool = False


class Have(NamedTuple):
    """The host. `others` is what every file but ours assigns, in the order of a boot; `known` is empty unless needed."""

    own: FileState
    folder: FileState
    others: tuple[Assignment, ...]
    keys: Mapping[str, Key]
    managed: Managed
    has_tool: bool = True
    known: tuple[str, ...] = ()


def read(want: Want, *, rehearsal: bool = False) -> Have:
    """Return the host as it is; raise Unreadable when our manifest cannot be understood.

    In a rehearsal an earlier task may be about to install what is missing.
    """
    managed = _managed.read(want.manifest)
    asked = {**dict(managed.facts.get("settings", ())), **want.settings}
    keys = {key: _key(key) for key in asked}
    others = [path for path in sysctl.files() if os.path.basename(path) != os.path.basename(want.path)]
    return Have(
        files.read(want.path),
        files.read(os.path.dirname(want.path)),
        sysctl.assignments(others),
        keys,
        managed,
        rehearsal or bool(shutil.which("sysctl", path=run.PATH)),
        () if all(key.mode for key in keys.values()) else sysctl.keys(),
    )


def _key(key: str) -> Key:
    return Key(sysctl.runtime(key), sysctl.mode(key), sysctl.writable(key), sysctl.mounted_read_only(key))
