# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what the areas of one call ask for, each thing once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .. import _managed
from .._host import files, systemd
from .area import Have
from .registry import AREAS

MANIFEST = "host-settings"


def read(want: Mapping[str, Any], *, rehearsal: bool = False, force: bool = False) -> Have:
    """Return the host as the areas of `want` need it; raise Unreadable when our manifest cannot be understood."""
    managed = _managed.read(MANIFEST)
    asked = [area.reads(want[area.name], managed.facts.get(area.name, {})) for area in AREAS if area.name in want]
    paths = {path for one in asked for path in one.paths}
    # A file needs its directory; one of ours may have to go.
    paths |= {os.path.dirname(path) for path in paths}
    units = sorted({name for one in asked for name in one.units})
    looks = {name: look for one in asked for name, look in one.looks.items()}
    return Have(
        {path: files.read(path) for path in paths},
        systemd.show(units),
        {name: look() for name, look in looks.items()},
        managed,
        rehearsal,
        force,
    )
