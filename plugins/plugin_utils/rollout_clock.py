# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the clock on a wall shows to the moment that is meant, over changes of the clock in both directions."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def moment(local: datetime, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """Return the first moment, in UTC, at which the clock of the zone has reached `local` (which has no zone).

    An hour that the clock skips begins and ends where it jumps. Of one that it shows twice the first is meant, with
    `last` the second.
    """
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1))
    if first > second:
        return _jump(second, first, zone)
    return second if last else first


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment between the two, to the second, at which the offset of the zone changes."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def tell(when: datetime, zone: ZoneInfo) -> str:
    """Return the moment in words: `Tue 2026-12-08 22:00 Europe/Berlin (2026-12-08 21:00 UTC)`."""
    there, utc = when.astimezone(zone), when.astimezone(timezone.utc)
    # Not strftime's %a, which speaks the language of whoever runs Ansible.
    return f"{_DAYS[there.weekday()]} {there:%Y-%m-%d %H:%M} {zone.key} ({utc:%Y-%m-%d %H:%M} UTC)"
