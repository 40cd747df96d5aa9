# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a place in the on-call file to the file and line that Ansible has read it from, where it still knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Private to Ansible since 2.19, and the only way; should it move, findings have no line, and their place as before.
try:
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None

_INDEX = re.compile(r"\[([0-9]+)\]")


def line_of(given: object, place: str) -> str:
    """Return file and line of the value at a place such as `teams.shop.layers[0].hours`, "" where nothing is known of it.

    Of a value that is not there, it is the line of what should hold it.
    """
    value, rest, found = given, place, _origin(given)
    while rest:
        step = _step(value, rest)
        if step is None:
            break
        value, rest = step
        found = _origin(value) or found
    return found


def _step(value: Any, rest: str) -> tuple[Any, str] | None:
    """Return the next value on the way and what is left of the way. Names may hold dots, so the longest that fits is meant."""
    match = _INDEX.match(rest)
    if match and isinstance(value, list) and int(match[1]) < len(value):
        return value[int(match[1])], rest[match.end() :].lstrip(".")
    if isinstance(value, Mapping):
        for key in sorted(map(str, value), key=len, reverse=True):
            if key in value and (rest == key or rest.startswith((f"{key}.", f"{key}["))):
                return value[key], rest[len(key) :].removeprefix(".")
    return None


def _origin(value: object) -> str:
    if Origin is not None:
        origin = Origin.get_tag(value)
        path, line = (origin.path, origin.line_num) if origin else (None, None)
    else:
        # Before 2.19 it was an attribute.
        path, line, _column = getattr(value, "ansible_pos", None) or (None, None, None)
    return f"{path}:{line}" if path and line else ""
