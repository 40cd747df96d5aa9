# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The turns of a person as a calendar that phones and mail programs subscribe to (RFC 5545).

Written by hand: our output is three kinds of lines, and a library for them would be one more thing that a controller needs.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import Rota, Span
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_rota import timeline

_FOLD_OCTETS = 75
# A turn at the edge is told whole, or its UID would change as time goes by.
_AROUND = timedelta(days=100)


def calendars(rota: Rota, begin: datetime, end: datetime) -> dict[str, str]:
    """Return a calendar for each person who is ever on call, with the turns that touch the time from `begin` to `end`, both in UTC.

    The same rota and times give the same text. An event keeps its UID for as long as the turn is the same.
    """
    events: dict[str, list[list[str]]] = {name: [] for team in rota.teams.values() for name in team.people}
    for name, team in sorted(rota.teams.items()):
        for number, layer in enumerate(team.layers):
            for span in timeline(layer, begin - _AROUND, end + _AROUND):
                if span.end > begin and span.start < end:
                    events[span.person].append(_event(name, number, span, begin))
    return {person: _calendar(person, found) for person, found in sorted(events.items())}


def _calendar(person: str, events: list[list[str]]) -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//groundcrew.fleet//on-call//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_escaped(f'On call: {person}')}",
        "REFRESH-INTERVAL;VALUE=DURATION:P1D",
        *(line for event in events for line in event),
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event(team: str, layer: int, span: Span, made: datetime) -> list[str]:
    level = f", layer {layer}" if layer else ""
    return [
        "BEGIN:VEVENT",
        f"UID:{_uid(team, layer, span)}@groundcrew.fleet",
        f"DTSTAMP:{_utc(made)}",
        f"DTSTART:{_utc(span.start)}",
        f"DTEND:{_utc(span.end)}",
        f"SUMMARY:{_escaped(f'On call: {team}{level}')}",
        f"DESCRIPTION:{_escaped(span.why)}",
        # One can be on call and in a meeting: the time is not taken.
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _uid(team: str, layer: int, span: Span) -> str:
    told = "\n".join([team, str(layer), span.person, _utc(span.start)])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _utc(when: datetime) -> str:
    return f"{when.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for letter, escape in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(letter, escape)
    return "".join(letter for letter in text if letter.isprintable())


def _folded(line: str) -> str:
    """Return a line in pieces of at most 75 octets, no letter cut in two; each piece but the first begins with a blank."""
    pieces, piece, size = [], "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > _FOLD_OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece += letter
        size += octets
    return "\r\n".join([*pieces, piece])
