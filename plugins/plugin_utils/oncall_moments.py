# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moments that somebody gives to a filter, a lookup or a module."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

# Night work as labour law has it, by the clock of whoever is woken.
NIGHT_BEGINS, NIGHT_ENDS = time(22), time(6)
# Far enough for any turn, and far enough from where a date ends to count from it.
YEARS = range(1970, 2101)


def moment(given: object, *, now: datetime, option: str = "at") -> datetime:
    """Return a moment in UTC; an empty one is `now`. Raise BadInput unless it is ISO 8601 with a zone, of our times."""
    if given is None or given == "":
        return now
    cure = 'Give it with its zone, as "2026-12-24T18:00+01:00" or "2026-12-24T17:00Z"'
    try:
        found = (
            given if isinstance(given, datetime) else datetime.fromisoformat(str(given).strip().replace("Z", "+00:00"))
        )
    except ValueError as error:
        raise BadInput(f"{option} {given!r} is no moment. {cure}") from error
    if found.tzinfo is None:
        raise BadInput(f"{option} {given!r} has no zone. {cure}")
    if found.year not in YEARS:
        raise BadInput(f"{option} {given!r} cannot be. Give a year from {YEARS[0]} to {YEARS[-1]}")
    return found.astimezone(timezone.utc)


def days(given: object, *, option: str, most: int = 3660) -> timedelta:
    """Return a number of days as a length of time. Raise BadInput unless it is from 1 to `most`."""
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= most:
        raise BadInput(f"{option} {given!r} cannot be. Give a whole number from 1 to {most}")
    return timedelta(days=given)


def stamp(when: datetime) -> str:
    """Return the moment as text: `2026-12-24T17:00:00Z`."""
    return f"{when.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
