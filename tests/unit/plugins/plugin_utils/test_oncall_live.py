"""Who is paged at a moment: the rota, the simulation and a live Alertmanager agree.

The server's clock cannot be moved. So each team's turns are moved, by as much as lies between the moment in question and now.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import (
    alert_routes,
    alert_times,
    oncall_alerting,
    oncall_file,
    oncall_filters,
    oncall_rota,
)
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_alerting import Cover
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import Rota, Team
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils import live_alertmanager as live
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.oncall_files import PEOPLE, WEEKLY, team, utc

DAILY = {"people": ["alice", "bob", "carol"], "start": "2026-01-01", "shift": "1d"}
AT_NIGHT = {**DAILY, "handover": "02:30"}
NEW_YORK = {**DAILY, "time_zone": "America/New_York", "handover": "01:30"}
LORD_HOWE = {**DAILY, "time_zone": "Australia/Lord_Howe", "handover": "02:15"}
SUN = {
    "schedules": [
        {"people": ["alice", "dan"], "start": "2026-01-05", "hours": "08:00-20:00", "shift": "1d", "handover": "08:00"},
        {"people": ["bob", "carol"], "start": "2026-01-05", "hours": "20:00-08:00", "shift": "1d", "handover": "20:00"},
    ]
}
WEEKENDS = {
    "schedules": [
        {"people": ["alice", "bob"], "start": "2026-01-05", "hours": "mon 09:00 - fri 17:00"},
        {"people": ["carol", "dan"], "start": "2026-01-05", "hours": "fri 17:00 - mon 09:00", "shift": "1w"},
    ]
}
CHANGED = {
    "holidays": [{"name": "Christmas", "dates": ["2026-12-25", "2026-12-26"], "people": ["dan", "carol"]}],
    "swaps": [{"people": ["alice", "bob"], "from": "2026-08-03 09:00", "to": "2026-08-17 09:00"}],
    "overrides": [{"person": "carol", "from": "2026-05-01 18:00", "to": "2026-05-02 06:00"}],
}


class Case(NamedTuple):
    """A team, a moment in UTC, and whether turns are worked out until then."""

    team: dict[str, Any]
    at: datetime
    layer: int = 0
    beyond: bool = False


def around(made: dict[str, Any], *moments: str, layer: int = 0) -> Iterator[Case]:
    """The last minute before each moment, and the moment."""
    for moment in moments:
        yield Case(made, utc(moment) - timedelta(minutes=1), layer)
        yield Case(made, utc(moment), layer)


CASES = [
    # Handovers, at summer time and not.
    *around(team(WEEKLY), "2026-01-12T08:00", "2026-07-13T07:00"),
    # Berlin skips 02:00 to 03:00, and shows it twice; 02:30 is in it.
    *around(team(AT_NIGHT), "2026-03-29T01:00", "2026-10-25T00:30", "2026-10-25T01:30", "2026-10-26T01:30"),
    # New York does so on other days.
    *around(team(NEW_YORK), "2026-03-08T06:30", "2026-11-01T05:30", "2026-11-01T06:30"),
    # Lord Howe changes its clock by half an hour.
    *around(team(LORD_HOWE), "2026-04-04T15:15", "2026-04-04T15:45", "2026-10-03T15:30", "2026-10-03T15:45"),
    # Ends of months and years, and a leap day.
    *around(team(DAILY), "2026-02-01T00:00", "2027-01-01T00:00", "2028-02-29T00:00", "2028-03-01T00:00"),
    *around(team(SUN), "2026-03-29T06:00", "2026-06-30T18:00", "2026-11-01T07:00"),
    *around(team(WEEKENDS), "2026-03-27T16:00", "2026-03-30T07:00"),
    *around(team(WEEKLY, **CHANGED), "2026-12-24T23:00", "2026-12-25T23:00", "2026-12-26T23:00"),
    *around(team(WEEKLY, **CHANGED), "2026-08-03T07:00", "2026-08-17T07:00", "2026-05-01T16:00", "2026-05-02T04:00"),
    *around(team(WEEKLY, DAILY), "2026-04-14T07:00", layer=1),
    *(Case(team(WEEKLY), utc(day), beyond=True) for day in ("2026-03-29T01:00", "2026-12-31T23:59")),
]


def rota_of(case: Case, name: str) -> Rota:
    rota, found = oncall_file.read({"people": PEOPLE, "teams": {name: case.team}})
    assert rota, found
    return rota


def moved(case: Case, made: Team, to: datetime) -> Cover:
    """What is worked out for the team, displaced so that the moment of the case is `to`."""
    cover = oncall_alerting.cover(made, case.at - timedelta(days=90 if case.beyond else 3), 60)
    by = to - case.at
    layers = tuple(
        tuple(span._replace(start=span.start + by, end=span.end + by) for span in layer) for layer in cover.layers
    )
    return Cover(cover.begin + by, cover.end + by, layers)


def all_in_one(url: str, now: datetime) -> tuple[dict[str, Any], dict[str, dict[str, str]], set[tuple[str, str]]]:
    """The configuration with every case as a team, the alert for each, and who has to be told of it."""
    teams, covers, alerts, wanted = {}, {}, {}, set()
    for number, case in enumerate(CASES):
        name = f"team{number}"
        made = rota_of(case, name).teams[name]
        teams[name], covers[name] = made, moved(case, made, now)
        alerts[name] = {"alertname": name, "owner": name, "severity": "page"}
        if case.layer:
            alerts[name]["escalation"] = str(case.layer)
        person = oncall_rota.on_call(made.layers[case.layer], case.at).person
        wanted.add((name, f"team/{name}/all" if case.beyond else f"person/{person}"))
    hook = {"webhook_configs": ({"url": url},)}
    people = {name: replace(person, contact=hook) for name, person in rota_of(CASES[0], "x").people.items()}
    rota = Rota(people, {name: replace(one, tickets={}) for name, one in teams.items()}, "team0")
    fast = {"group_wait": "100ms", "group_interval": "1s"}
    return oncall_alerting.configuration(rota, covers, receivers=[], route=fast, extra={}), alerts, wanted


def test_the_rota_the_simulation_and_alertmanager_agree_on_who_is_paged(tmp_path: Path) -> None:
    assert len(CASES) >= 40
    with live.receiver() as pager:
        now = live.this_minute()
        config, alerts, wanted = all_in_one(pager.url, now)
        simulated = {(name, one) for name, labels in alerts.items() for one in alert_routes.paged(config, labels, now)}
        assert simulated == wanted
        with live.alertmanager(config, tmp_path) as server:
            server.fire(*alerts.values())
            live.wait(lambda: len(pager.told) >= len(wanted), seconds=6)
            time.sleep(0.5)
        assert sorted(pager.told ^ wanted) == []


def test_webhook_mail_and_chat_are_told_and_everybody_is_where_nothing_is_worked_out(tmp_path: Path) -> None:
    with live.receiver() as pager, live.mailbox() as letters:
        people = {
            "alice": {"contact": {"webhook": f"{pager.url}hook"}},
            "bob": {"contact": {"email": "bob@example.com"}},
            "carol": {"contact": {"chat": {"api_url": f"{pager.url}chat", "channel": "#pages"}}},
        }
        given = {"people": people, "teams": {"shop": team({"people": [*people], "start": "2026-01-05"}, tickets=None)}}
        smtp = {
            "smtp_smarthost": f"127.0.0.1:{letters.server_address[1]}",
            "smtp_from": "fleet@example.com",
            "smtp_require_tls": False,
        }
        long_ago = "2025-01-01T00:00Z"
        config = oncall_filters.alerting(given, now=long_ago, route={"group_wait": "100ms"}, extra={"global": smtp})
        with live.alertmanager(config, tmp_path) as server:
            server.fire({"alertname": "Down", "owner": "shop", "severity": "page"})
            live.wait(lambda: len(pager.bodies) == 2 and len(letters.got) == 1, seconds=6)
        hook, chat = sorted(pager.bodies, key=lambda body: "channel" in body)
        assert hook["receiver"] == "team/shop/all"
        assert chat["channel"] == "#pages"
        assert "Down" in chat["attachments"][0]["title"]
        (letter,) = letters.got
        assert "To: bob@example.com" in letter
        assert "Down" in letter


def ranges(drawn: random.Random, value: int, least: int, most: int) -> str:
    """A range about a value, which may lie outside of it."""
    first = min(max(least, value + drawn.randint(-2, 2)), most)
    return f"{first}:{min(most, first + drawn.randint(0, 3))}"


WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


def interval(drawn: random.Random, now: datetime) -> dict[str, Any]:
    """A time interval near now, with any of its fields."""
    zones = ("Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu")
    zone = drawn.choice([None, *zones])
    local = now.astimezone(alert_times._zone(zone))
    minute = min(local.hour * 60 + local.minute + drawn.randint(-1, 1), 1439)
    begin = max(0, minute - drawn.choice([0, 30, 90]))
    end = min(1440, begin + drawn.choice([1, 45, 200]))
    first, last = ranges(drawn, (local.weekday() + 1) % 7, 0, 6).split(":")
    from_end = local.day - ((local.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day - 1
    days = drawn.choice(
        [
            ranges(drawn, local.day, 1, 31),
            ranges(drawn, from_end, -31, -1),
            f"{drawn.randint(1, 20)}:-{drawn.randint(1, 8)}",
            str(local.day),
            str(from_end),
        ]
    )
    fields: dict[str, Any] = {
        "times": [{"start_time": clock(begin), "end_time": clock(end)}],
        "weekdays": [f"{WEEKDAYS[int(first)]}:{WEEKDAYS[int(last)]}", drawn.choice(WEEKDAYS)],
        "days_of_month": [days],
        "months": [ranges(drawn, local.month, 1, 12), drawn.choice(["january", "may:june"])],
        "years": [ranges(drawn, local.year, 2000, 2100)],
    }
    kept = drawn.sample(sorted(fields), drawn.randint(1, 3))
    return {**{key: fields[key] for key in kept}, **({"location": zone} if zone else {})}


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@pytest.mark.parametrize("seed", [1])
def test_the_simulation_and_alertmanager_agree_on_every_field_of_time_intervals(tmp_path: Path, seed: int) -> None:
    drawn, count = random.Random(seed), 150
    with live.receiver() as pager:
        now = live.this_minute()
        names = [f"case{number}" for number in range(count)]
        config: dict[str, Any] = {
            "route": {
                "receiver": "nobody",
                "group_by": ["alertname"],
                "group_wait": "100ms",
                # A child without intervals of its own is not muted by those of its parent.
                "routes": [
                    {
                        "matchers": [f'alertname="{name}"'],
                        "receiver": "pager",
                        drawn.choice(["mute_time_intervals", "active_time_intervals"]): [name],
                        **({"routes": [{"matchers": ['x!="y"']}]} if drawn.random() < 0.05 else {}),
                    }
                    for name in names
                ],
            },
            "receivers": [{"name": "nobody"}, {"name": "pager", "webhook_configs": [{"url": pager.url}]}],
            "time_intervals": [
                {"name": name, "time_intervals": [interval(drawn, now) for _each in range(drawn.randint(1, 2))]}
                for name in names
            ],
        }
        wanted = {(name, one) for name in names for one in alert_routes.paged(config, {"alertname": name}, now)}
        assert count / 4 < len(wanted) < count * 3 / 4
        with live.alertmanager(config, tmp_path) as server:
            server.fire(*({"alertname": name} for name in names))
            live.wait(lambda: len(pager.told) >= len(wanted), seconds=6)
            time.sleep(0.5)
        assert sorted(pager.told ^ wanted) == []
