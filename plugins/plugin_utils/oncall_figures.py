# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people want to know of a rota, as plain data: who is on now and next, how fair it is, and how far it is worked out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_rota
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_alerting import Cover
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import Rota, Schedule, Span, Team, Window
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_moments import NIGHT_BEGINS, NIGHT_ENDS, stamp

_HOUR = timedelta(hours=1)
_DAY_MINUTES = 24 * 60
_NIGHTS = tuple(
    part
    for day in range(7)
    for part in (
        Window(day * _DAY_MINUTES, day * _DAY_MINUTES + 60 * NIGHT_ENDS.hour),
        Window(day * _DAY_MINUTES + 60 * NIGHT_BEGINS.hour, (day + 1) * _DAY_MINUTES),
    )
)
_WEEKENDS = (Window(5 * _DAY_MINUTES, 7 * _DAY_MINUTES),)


def who(rota: Rota, team: str, layer: int, at: datetime) -> dict[str, Any]:
    """Return who is on call in a layer of a team at that moment. Raise BadInput for a team or layer that is not there."""
    return _told(rota, oncall_rota.on_call(oncall_rota.layer_of(oncall_rota.team_of(rota, team), layer), at))


def _told(rota: Rota, span: Span) -> dict[str, Any]:
    zone = rota.people[span.person].zone
    return {
        "person": span.person,
        "from": stamp(span.start),
        "to": stamp(span.end),
        "from_local": _local(span.start, zone),
        "to_local": _local(span.end, zone),
        "time_zone": zone.key,
        "why": span.why,
    }


def _local(when: datetime, zone: ZoneInfo) -> str:
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M}"


def page(rota: Rota, now: datetime) -> dict[str, Any]:
    """Return who is on now and next in each layer of each team, with times in UTC and on the clock of each."""
    teams = [{"name": name, "layers": _layers(rota, team, now)} for name, team in sorted(rota.teams.items())]
    return {"at": stamp(now), "teams": teams}


def _layers(rota: Rota, team: Team, now: datetime) -> list[dict[str, Any]]:
    found = []
    for number, layer in enumerate(team.layers):
        current = oncall_rota.on_call(layer, now)
        # The end of the only person's turn is that of the search; nobody comes next.
        alone = len(layer.people) == 1
        following = None if alone else _told(rota, oncall_rota.on_call(layer, current.end))
        found.append({"layer": number, "now": _told(rota, current), "next": following})
    return found


def shifts(rota: Rota, begin: datetime, end: datetime) -> list[dict[str, str]]:
    """Return who was paged first from `begin` to `end`, as the report takes it: `owner`, `person`, `start`, `end`, `timezone`.

    An owner is a team; what no team owns has the owner "".
    """
    owned = [*sorted(rota.teams.items()), ("", rota.teams[rota.default_team])]
    return [
        {
            "owner": owner,
            "person": span.person,
            "start": stamp(span.start),
            "end": stamp(span.end),
            "timezone": rota.people[span.person].zone.key,
        }
        for owner, team in owned
        for span in oncall_rota.timeline(team.layers[0], begin, end)
    ]


def fairness(rota: Rota, begin: datetime, end: datetime) -> dict[str, Any]:
    """Return hours on call from `begin` to `end`: in all, in nights and at weekends, each by the clock of who is on.

    One row for each person in a layer, and a total for each person over all teams.
    """
    rows = [
        {"team": name, "layer": number, "person": person, **_figures(rota, spans)}
        for name, team in sorted(rota.teams.items())
        for number, layer in enumerate(team.layers)
        for person, spans in _by_person(oncall_rota.timeline(layer, begin, end), layer.people)
    ]
    people = sorted({str(row["person"]) for row in rows})
    totals = [{"person": person, **_sum(row for row in rows if row["person"] == person)} for person in people]
    return {"from": stamp(begin), "to": stamp(end), "layers": rows, "people": totals}


def _by_person(spans: Sequence[Span], people: Iterable[str]) -> list[tuple[str, list[Span]]]:
    return [(person, [span for span in spans if span.person == person]) for person in sorted(people)]


def _figures(rota: Rota, spans: Sequence[Span]) -> dict[str, float]:
    if not spans:
        return {"hours": 0.0, "night_hours": 0.0, "weekend_hours": 0.0, "turns": 0}
    zone = rota.people[spans[0].person].zone
    return {
        "hours": _hours(spans),
        "night_hours": _hours(_within(spans, _NIGHTS, zone)),
        "weekend_hours": _hours(_within(spans, _WEEKENDS, zone)),
        "turns": len(spans),
    }


def _within(spans: Sequence[Span], windows: tuple[Window, ...], zone: ZoneInfo) -> list[Span]:
    """Return the parts of the spans that lie in these hours of the week: those are a schedule like any other."""
    monday = datetime(2024, 1, 1)  # noqa: DTZ001 - the wall's clock has no zone
    week = Schedule("", ("",), monday, 7 * 24, zone, windows)
    return [
        span._replace(start=max(part.start, span.start), end=min(part.end, span.end))
        for span in spans
        for part in oncall_rota.turns(week, span.start, span.end)
    ]


def _hours(spans: Sequence[Span]) -> float:
    return round(sum((span.end - span.start for span in spans), timedelta()) / _HOUR, 2)


def _sum(rows: Iterable[dict[str, Any]]) -> dict[str, float]:
    found = list(rows)
    return {key: round(sum(row[key] for row in found), 2) for key in ("hours", "night_hours", "weekend_hours", "turns")}


def metrics(covers: dict[str, Cover]) -> str:
    """Return until when turns are worked out, as text for node exporter's textfile collector."""
    name = "groundcrew_oncall_covered_until_timestamp_seconds"
    # Names of teams hold neither quotes nor backslashes.
    lines = [f'{name}{{team="{team}"}} {cover.end.timestamp():.0f}' for team, cover in sorted(covers.items())]
    told = "Until when Alertmanager knows who is on call; after that all of the team is paged."
    return "\n".join([f"# HELP {name} {told}", f"# TYPE {name} gauge", *lines, ""])


def escalation(rota: Rota) -> dict[str, Any]:
    """Return what groundcrew-escalate needs to know of the teams: after how many seconds each layer hands on to the next."""
    return {
        "default_team": rota.default_team,
        "teams": {
            name: [layer.escalate_after_s for layer in team.layers[:-1]] for name, team in sorted(rota.teams.items())
        },
    }
