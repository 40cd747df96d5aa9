# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One value of an on-call file with its place, and what is found about it: every fault is told, not only the first."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import Finding
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_moments import YEARS

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A name goes into labels, receivers, file names and a calendar: letters of any language, and nothing that means something there.
_NAME = re.compile(r"\w(?:[\w .@+-]{0,60}\w)?")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])\s*([0-9]{1,2})(?::?([0-9]{2}))?", re.IGNORECASE)
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([0-9]{1,2}:[0-9]{2})(?::00)?)?")
CLOCK_CURE = 'Give a time of day in quotes: "09:00"'


@dataclass(frozen=True)
class Node:
    """A value of the file, its place in it, and the list that findings go to."""

    place: str
    value: object
    found: list[Finding]

    def holding(self, value: object) -> Node:
        """Return this place with another value."""
        return Node(self.place, value, self.found)

    def error(self, wrong: str, cure: str) -> None:
        """Note that the value is wrong; it stands in the finding, unless it is one that may hold a contact."""
        self.found.append(Finding("error", self.place, f"{_shown(self.value)} {wrong}. {cure}"))

    def refuse(self, text: str) -> None:
        """Note an error whose value is not to be shown."""
        self.found.append(Finding("error", self.place, text))

    def warn(self, text: str) -> None:
        self.found.append(Finding("warning", self.place, text))

    def __contains__(self, key: object) -> bool:
        return isinstance(self.value, Mapping) and self.value.get(key) is not None

    def child(self, key: str) -> Node:
        """Return the value of a key, None when it is not there."""
        value = self.value.get(key) if isinstance(self.value, Mapping) else None
        return Node(f"{self.place}.{key}" if self.place else key, value, self.found)

    def items(self) -> list[Node]:
        """Return the entries of a list; note what is no list. None is an empty one."""
        if self.value is None:
            return []
        if not isinstance(self.value, Sequence) or isinstance(self.value, (str, bytes)):
            self.error("is no list", "Give a list, even of one")
            return []
        return [Node(f"{self.place}[{number}]", value, self.found) for number, value in enumerate(self.value)]

    def named(self) -> Iterator[tuple[str, Node]]:
        """Yield the entries of a mapping by name, in the order of names; note names that nobody could use."""
        if not isinstance(self.value, Mapping) or not self.value:
            self.refuse("this is no mapping, or an empty one. Give each by its name")
            return
        for name in sorted(self.value, key=str):
            node = Node(f"{self.place}.{name}", self.value[name], self.found)
            if isinstance(name, str) and _NAME.fullmatch(name):
                yield name, node
            else:
                cure = "Take letters, digits, and . @ + - _ or blanks between them; quote it where YAML sees something else"
                node.holding(name).error("is no name", cure)

    def has_only(self, known: Sequence[str], needed: Sequence[str] = ()) -> bool:
        """Return whether it is a mapping of these keys with those that are needed; note what is not so."""
        if not isinstance(self.value, Mapping):
            self.refuse(f"this is no mapping. Give {', '.join(known)}")
            return False
        unknown = [key for key in self.value if key not in known]
        missing = [key for key in needed if self.value.get(key) in (None, "", [], {})]
        for key in unknown:
            near = difflib.get_close_matches(str(key), known, 1)
            meant = f"Did you mean {near[0]}? " if near else ""
            self.refuse(f"the key {key!r} is unknown. {meant}Known are {', '.join(known)}")
        for key in missing:
            self.refuse(f"{key} is missing or empty. Give it; known are {', '.join(known)}")
        return not unknown and not missing

    def clock(self) -> time | None:
        """Return a time of day. YAML reads 10:00 without quotes as the number 600: that is none."""
        match = _CLOCK.fullmatch(self.value) if isinstance(self.value, str) else None
        if match is None:
            self.error("is no time of day", CLOCK_CURE)
            return None
        return time(int(match[1]), int(match[2]))

    def day(self) -> date | None:
        found = self._local()
        if found is None or not found[1]:
            if found:
                self.error("is no day", 'Give one as "2026-01-05"; the hour is that of handover')
            return None
        return found[0].date()

    def local(self, *, end: bool = False) -> datetime | None:
        """Return what a clock on the wall shows; a day stands for its beginning, or with `end` for its end."""
        found = self._local()
        if found is None:
            return None
        return found[0] + timedelta(days=1) if end and found[1] else found[0]

    def _local(self) -> tuple[datetime, bool] | None:
        match = _MOMENT.fullmatch(str(self.value)) if isinstance(self.value, (str, date)) else None
        cure = 'Give a day or a minute in quotes: "2026-12-24" or "2026-12-24 18:00"'
        if match is None:
            self.error("is neither a day nor a minute", cure)
            return None
        try:
            clock = datetime.strptime(match[2] or "00:00", "%H:%M").time()  # noqa: DTZ007 - the wall's clock has no zone
            found = datetime.combine(date.fromisoformat(match[1]), clock)
        except ValueError:
            self.error("is not in any calendar", cure)
            return None
        if found.year not in YEARS:
            self.error("cannot be", f"Give a year from {YEARS[0]} to {YEARS[-1]}")
            return None
        return found, match[2] is None

    def zone(self) -> ZoneInfo | None:
        """Return the time zone of that name; note one that is not known, with the nearest that is."""
        try:
            return ZoneInfo(str(self.value))
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            if not available_timezones():
                raise BadInput(
                    "this controller has no database of time zones. Install its package tzdata, or the one of PyPI"
                ) from error
            self.error("is no time zone that this controller knows", _zone_cure(str(self.value)))
            return None

    def number(self, least: int) -> int | None:
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < least:
            self.error("is no number that fits", f"Give a whole number from {least} on")
            return None
        return self.value


def _shown(value: object) -> str:
    """Return a value as it may be shown: of lists and mappings, which may hold secrets, only what they are."""
    if isinstance(value, (str, bytes, int, float, date, type(None))):
        return repr(value)
    return "a mapping" if isinstance(value, Mapping) else "a list" if isinstance(value, (list, tuple)) else "this"


def _zone_cure(name: str) -> str:
    offset = _OFFSET.fullmatch(name.strip())
    if offset is None:
        return f"Did you mean {nearest_zone(name)}?"
    # These names count the hours that one has to add to come to UTC.
    fixed = f"Etc/GMT{'-' if offset[1] == '+' else '+'}{int(offset[2])}"
    known = offset[3] in (None, "00") and fixed in available_timezones()
    return "Name a city whose clock it is, as Europe/Berlin" + (
        f", or {fixed}, which is {name} all year" if known else ""
    )


def nearest_zone(name: str) -> str:
    """Return the name of a time zone that looks most like the one given: `berlin` is Europe/Berlin."""
    wanted = name.strip().lower().replace(" ", "_")
    known = sorted(available_timezones())
    full = {zone.lower(): zone for zone in known}
    cities = {zone.rpartition("/")[2].lower(): zone for zone in known if "/" in zone and not zone.startswith("Etc/")}
    for names, cutoff in ((full, 0.8), (cities, 0.7), (full, 0.0)):
        near = difflib.get_close_matches(wanted if names is full else wanted.rpartition("/")[2], names, 1, cutoff)
        if near:
            return names[near[0]]
    return "UTC"
