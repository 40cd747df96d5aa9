# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an on-call file says, once it is understood. Only data; times that a file tells by a clock on a wall are kept as such."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

WEEK_HOURS = 168
WEEK_MINUTES = WEEK_HOURS * 60

# Severities that wake nobody; an alert of any other one pages.
CALM = ("ticket", "info")
# The integrations of a receiver by their key in Alertmanager's configuration, `email_configs` for instance.
Contact = Mapping[str, tuple[Mapping[str, Any], ...]]


class Window(NamedTuple):
    """Part of a week, in minutes since Monday 00:00 on the wall's clock; `end` may be that of the week."""

    start: int
    end: int


@dataclass(frozen=True)
class Person:
    """Somebody who can be on call. The contact holds secrets, so it is no part of what is shown."""

    name: str
    zone: ZoneInfo
    contact: Contact = field(repr=False, compare=False)


@dataclass(frozen=True)
class Schedule:
    """People who take turns of `hours`, the first of them from `anchor` on, by the clock of the zone.

    With windows only these parts of each week are theirs, and a turn that lies outside them is nobody's.
    """

    place: str
    people: tuple[str, ...]
    anchor: datetime
    hours: int
    zone: ZoneInfo
    windows: tuple[Window, ...] = ()


class Patch(NamedTuple):
    """A time, in UTC, in which somebody is on whoever else would be; `why` tells the reason."""

    place: str
    begins: datetime
    ends: datetime
    person: str
    why: str


class Swap(NamedTuple):
    """A time, in UTC, in which two people do each other's turns."""

    place: str
    begins: datetime
    ends: datetime
    people: tuple[str, str]


@dataclass(frozen=True)
class Layer:
    """Who is asked at one level of a team; the next one is, when nobody has acknowledged for `escalate_after_s`."""

    place: str
    schedules: tuple[Schedule, ...]
    escalate_after_s: int
    holidays: tuple[Patch, ...] = ()
    swaps: tuple[Swap, ...] = ()
    overrides: tuple[Patch, ...] = ()

    @property
    def people(self) -> frozenset[str]:
        """Everybody who may ever be on."""
        patched = (patch.person for patch in (*self.holidays, *self.overrides))
        in_turn = [*(one.people for one in self.schedules), *(one.people for one in self.swaps)]
        return frozenset([*(name for people in in_turn for name in people), *patched])


@dataclass(frozen=True)
class Team:
    """The layers of a team in the order of escalation, and where its tickets go, if anywhere."""

    name: str
    zone: ZoneInfo
    layers: tuple[Layer, ...]
    tickets: Contact = field(repr=False, compare=False)

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who may ever be on, by name."""
        return tuple(sorted(frozenset().union(*(layer.people for layer in self.layers))))


@dataclass(frozen=True)
class Rota:
    """All people and teams by name; the default team gets what no team owns."""

    people: Mapping[str, Person]
    teams: Mapping[str, Team]
    default_team: str


class Span(NamedTuple):
    """Somebody's time on call, in UTC; at `end` it is over. `why` is rotation, or what put another one in."""

    start: datetime
    end: datetime
    person: str
    why: str = "rotation"


class Finding(NamedTuple):
    """What is wrong (`error`) or odd (`warning`) at a place of the file, and the cure, both in one sentence or two.

    `line` is the file and line that the place was read from, where Ansible knows it.
    """

    level: str
    place: str
    text: str
    line: str = ""

    def __str__(self) -> str:
        return f"{self.place}{self.line and f' ({self.line})'}: {self.text}"
