# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rota as a whole configuration of Alertmanager 0.25 or later.

Each turn is a route of its own with `continue`, open only in its time intervals, since a route outside of them still takes the
alert. They are worked out ahead, in UTC. Outside the time that is worked out everybody of the team is paged: late, but not lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import alert_routes
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_intervals import time_intervals
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import CALM, Contact, Rota, Span, Team
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_rota import timeline

Config = dict[str, Any]
NOBODY = "nobody"
WATCHDOG = "watchdog"
OURS = ("person/", "team/")
ESCALATION = "escalation"
# A page waits for its neighbours for as long as one can bear, and whoever takes over hears within a minute of what still fires.
GROUP = {
    "group_by": ["alertname", "owner", "app"],
    "group_wait": "10s",
    "group_interval": "1m",
    "repeat_interval": "4h",
}
# The alert OncallHorizonEnds fires when two weeks are left, so a week is left to run the playbook in.
LEAST_DAYS = 21
_ROUTE = (*GROUP, "receiver", "routes")
_EXTRA = ("global", "templates", "inhibit_rules", "time_intervals")


class Cover(NamedTuple):
    """The time that is worked out for a team, in UTC, and who is on in it, layer by layer."""

    begin: datetime
    end: datetime
    layers: tuple[tuple[Span, ...], ...]


def alerting(
    rota: Rota,
    *,
    now: datetime,
    horizon_days: int = 60,
    receivers: Sequence[Mapping[str, Any]] = (),
    route: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Config:
    """Return Alertmanager's configuration for the rota, worked out for `horizon_days` and up to a week more.

    `receivers` are passed through; `watchdog` among them gets the alert Watchdog. `route` may set the grouping, a receiver for
    what no team owns, and routes that come first; neither is told of escalated copies. `extra` may hold global, templates,
    inhibit_rules and time_intervals. All days of a week give the same, so that running again changes nothing.
    """
    covers = {name: cover(team, now, horizon_days) for name, team in rota.teams.items()}
    return configuration(rota, covers, receivers=receivers, route=route or {}, extra=extra or {})


def horizon(now: datetime, days: int) -> tuple[datetime, datetime]:
    """Return the time that is worked out: from Monday of this week, in UTC, to at least that many days ahead."""
    if isinstance(days, bool) or not isinstance(days, int) or not LEAST_DAYS <= days <= 400:
        raise BadInput(
            f"horizon_days {days!r} cannot be. Give {LEAST_DAYS} to 400 days: when 14 are left, OncallHorizonEnds fires, "
            "and the playbook has to run before"
        )
    begin = monday(now)
    return begin, begin + timedelta(days=days + 7)


def monday(now: datetime) -> datetime:
    """Return when this week began, in UTC."""
    day = now.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def cover(team: Team, now: datetime, days: int) -> Cover:
    """Return what is worked out for a team at `now`."""
    begin, end = horizon(now, days)
    return Cover(begin, end, tuple(tuple(timeline(layer, begin, end)) for layer in team.layers))


def configuration(
    rota: Rota,
    covers: Mapping[str, Cover],
    *,
    receivers: Sequence[Mapping[str, Any]],
    route: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> Config:
    """Return the configuration for what is worked out of each team."""
    names = _names(receivers)
    _known("route", route, _ROUTE)
    _known("extra", extra, _EXTRA)
    grouping = {key: route.get(key, value) for key, value in GROUP.items()}
    watchdog = {"receiver": WATCHDOG, "group_wait": "0s", "group_interval": "1m", "repeat_interval": "1m"}
    first = {
        "matchers": [matcher("alertname", "Watchdog")],
        **(watchdog if WATCHDOG in names else {"receiver": NOBODY}),
    }
    last = route.get("receiver")
    if last is not None and last not in names:
        raise BadInput(
            f"route: receiver {last!r} is not among the receivers: {', '.join(names) or 'none'}. Name one of them"
        )
    # Whatever comes to the end of the routes is the default team's, unless there is a receiver for that.
    ordered = sorted(rota.teams.values(), key=lambda team: (team.name == rota.default_team, team.name))
    catches = rota.default_team if last is None else None
    teams = [_team(team, covers[team.name], everything=team.name == catches) for team in ordered]
    own = [_without_copies(one) for one in route.get("routes") or []]
    return {
        **({"global": dict(extra["global"])} if extra.get("global") else {}),
        **({"templates": list(extra["templates"])} if extra.get("templates") else {}),
        "route": {
            "receiver": last or NOBODY,
            **grouping,
            "routes": [first, *own, *teams, *([_dropped()] if last else [])],
        },
        "receivers": [{"name": NOBODY}, *_receivers(rota), *(dict(one) for one in receivers)],
        **({"inhibit_rules": list(extra["inhibit_rules"])} if extra.get("inhibit_rules") else {}),
        "time_intervals": [*_time_intervals(covers), *(extra.get("time_intervals") or [])],
    }


def sendable(config: Config) -> Config:
    """Return the configuration. Raise BadInput where somebody is told by mail and no server or sender of mail is given."""
    given = config.get("global") or {}
    for receiver in config["receivers"]:
        for mail in receiver.get("email_configs") or []:
            ours = {"smtp_smarthost": mail.get("smarthost"), "smtp_from": mail.get("from")}
            missing = [key for key, own in ours.items() if not own and not given.get(key)]
            if missing:
                raise BadInput(
                    f"the receiver {receiver['name']!r} is told by mail, and {' and '.join(missing)} is not known. Give "
                    "it in extra.global, which the role has from monitoring_alertmanager.global"
                )
    return config


def _names(receivers: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the receivers that are passed through. Raise BadInput for one that is without, double or ours."""
    names: list[str] = []
    for number, one in enumerate(receivers):
        name = one.get("name") if isinstance(one, Mapping) else None
        if not isinstance(name, str) or not name:
            raise BadInput(
                f"monitoring_receivers[{number}]: it has no name. Give name, and integrations as Alertmanager has them"
            )
        if name in names or name == NOBODY or name.startswith(OURS):
            raise BadInput(f"monitoring_receivers[{number}]: the name {name!r} is taken. Give another one")
        names.append(name)
    return names


def _known(option: str, given: Mapping[str, Any], keys: Sequence[str]) -> None:
    for key in given:
        if key not in keys:
            raise BadInput(f"{option}: {key!r} is unknown. Known are {', '.join(keys)}")


def matcher(label: str, value: str, operator: str = "=") -> str:
    """Return a matcher whose value is this text and nothing else, whatever it holds."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{label}{operator}"{escaped}"'


def person_receiver(name: str) -> str:
    """Return the name of somebody's receiver. Ours have a slash, which no name of a person or team has."""
    return f"person/{name}"


def _team(team: Team, cover_: Cover, *, everything: bool) -> Config:
    """Return the route of a team: tickets and infos apart, then its layers, the first of them for whatever is left."""
    tickets = {
        "matchers": [matcher("severity", "|".join(CALM), "=~")],
        "receiver": f"team/{team.name}/tickets" if team.tickets else NOBODY,
    }
    numbers = [*range(1, len(team.layers)), 0]
    layers = [_layer(team, number, cover_) for number in numbers]
    own = {} if everything else {"matchers": [matcher("owner", team.name)]}
    return {**own, "receiver": f"team/{team.name}/all", "routes": [tickets, *layers]}


def _layer(team: Team, number: int, cover_: Cover) -> Config:
    people = sorted({span.person for span in cover_.layers[number]})
    turns = [
        {
            "receiver": person_receiver(person),
            "continue": True,
            "active_time_intervals": [_interval(team.name, number, person)],
        }
        for person in people
    ]
    rest = {"receiver": f"team/{team.name}/all", "mute_time_intervals": [_covered(team.name)]}
    matchers = {"matchers": [matcher(ESCALATION, str(number))]} if number else {}
    return {**matchers, "routes": [*turns, rest]}


def _without_copies(route: Config) -> Config:
    """Return a route that takes the same, and drops escalated copies: whoever it tells was told of the alert itself.

    One that names the label is left alone.
    """
    if not isinstance(route, Mapping):
        raise BadInput(f"route: one of its routes is {route!r}. Give a mapping, as Alertmanager has it")
    if _names_escalation(route):
        return route
    return {**route, "routes": [_dropped(), *(route.get("routes") or [])]}


def _dropped() -> Config:
    return {"matchers": [matcher(ESCALATION, ".+", "=~")], "receiver": NOBODY}


def _names_escalation(route: Config) -> bool:
    named = any(one.label == ESCALATION for one in alert_routes.matchers(route))
    return named or any(_names_escalation(one) for one in route.get("routes") or [])


def _interval(team: str, layer: int, person: str) -> str:
    return f"{team}/{layer}/{person}"


def _covered(team: str) -> str:
    return f"{team}/worked out"


def _time_intervals(covers: Mapping[str, Cover]) -> Iterator[Config]:
    for name, (begin, end, layers) in sorted(covers.items()):
        yield {"name": _covered(name), "time_intervals": time_intervals([(begin, end)])}
        for number, spans in enumerate(layers):
            for person in sorted({span.person for span in spans}):
                mine = [(span.start, span.end) for span in spans if span.person == person]
                yield {"name": _interval(name, number, person), "time_intervals": time_intervals(mine)}


def _receivers(rota: Rota) -> Iterator[Config]:
    used = sorted({name for team in rota.teams.values() for name in team.people})
    for name in used:
        yield {"name": person_receiver(name), **_integrations(rota.people[name].contact)}
    for name, team in sorted(rota.teams.items()):
        everybody = [rota.people[one].contact for one in team.people]
        yield {"name": f"team/{name}/all", **_integrations(*everybody)}
        if team.tickets:
            yield {"name": f"team/{name}/tickets", **_integrations(team.tickets)}


def _integrations(*contacts: Contact) -> Config:
    """Return the integrations of all contacts, those that several share once: one page is enough."""
    kinds = sorted({kind for one in contacts for kind in one})
    return {kind: _each_once(each for one in contacts for each in one.get(kind, ())) for kind in kinds}


def _each_once(integrations: Iterable[Mapping[str, Any]]) -> list[Config]:
    found: list[Config] = []
    for one in integrations:
        if one not in found:
            found.append(dict(one))
    return found
