# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What Alertmanager tells of its silences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

LIVE = ("active", "pending")


class Matcher(NamedTuple):
    name: str
    value: str
    regex: bool = False
    equal: bool = True

    def told(self) -> dict[str, Any]:
        return {"name": self.name, "value": self.value, "isRegex": self.regex, "isEqual": self.equal}


class Silence(NamedTuple):
    """One silence that is in force or will be; times are seconds since 1970."""

    id: str
    matchers: frozenset[Matcher]
    owner: str
    comment: str
    starts: float
    ends: float


def parse(found: Iterable[Mapping[str, Any]]) -> tuple[Silence, ...]:
    """Return the silences of an answer of `GET /api/v2/silences` that have not expired."""
    return tuple(
        Silence(
            id=one["id"],
            matchers=frozenset(
                Matcher(matcher["name"], matcher["value"], matcher["isRegex"], matcher.get("isEqual", True))
                for matcher in one["matchers"]
            ),
            owner=one["createdBy"],
            comment=one["comment"],
            starts=seconds(one["startsAt"]),
            ends=seconds(one["endsAt"]),
        )
        for one in found
        if one["status"]["state"] in LIVE
    )


def seconds(stamp: str) -> float:
    """Return the seconds since 1970 of an RFC 3339 time, such as 2026-01-31T12:00:00.123456789Z."""
    # Alertmanager may print nanoseconds, and Python 3.9 reads exactly three or six digits and no Z.
    whole = re.sub(r"\.\d+", "", stamp).replace("Z", "+00:00")
    return datetime.fromisoformat(whole).timestamp()
