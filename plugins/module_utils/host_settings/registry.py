# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The areas of host_settings, in the order in which they are planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .area import Asked, Have, Part
from .areas import journald, limits, locale, logrotate, mounts, names, swap, time_servers, timers, timezone


class Area(NamedTuple):
    """One area by its name, which is also what its memory in the manifest is called."""

    name: str
    parse: Callable[[Mapping[str, Any]], Any]
    reads: Callable[[Any, Mapping[str, Any]], Asked]
    plan: Callable[[Any, Have], Part]


AREAS = tuple(
    Area(one.AREA, one.parse, one.reads, one.plan)
    for one in (names, timezone, locale, limits, journald, logrotate, time_servers, swap, mounts, timers)
)
# A file system over the homes, or a limit on logins, leaves nobody who can come in.
ACCESS = frozenset({limits.AREA, mounts.AREA})


def parse(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the call wants by area, without those that it does not ask for; raise BadInput for the first wrong value."""
    wants = {area.name: area.parse(params) for area in AREAS}
    return {name: want for name, want in wants.items() if want is not None}
