"""An on-call file is understood, or each of its faults is told with the place, the value and the cure."""

from __future__ import annotations

from collections import UserString
from datetime import date, datetime
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_file, oncall_node
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import Rota, Window
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.oncall_files import (
    PEOPLE,
    WEEKLY,
    file,
    team,
    utc,
)

DAY = 1440


def understood(given: object) -> Rota:
    rota, found = oncall_file.read(given)
    assert rota, [str(one) for one in found]
    return rota


def faults(given: object) -> list[str]:
    return [str(one) for one in oncall_file.read(given)[1] if one.level == "error"]


def test_a_team_with_one_weekly_rotation_is_a_few_lines() -> None:
    rota = understood(
        {
            "people": {"ann": {"contact": {"email": "a@x.org"}}},
            "teams": {"ops": {"time_zone": "UTC", "layers": [{"people": ["ann"], "start": "2026-01-05"}]}},
        }
    )
    (schedule,) = rota.teams["ops"].layers[0].schedules
    assert (schedule.hours, f"{schedule.anchor:%a %H:%M}", schedule.windows) == (168, "Mon 09:00", ())
    assert (rota.default_team, rota.teams["ops"].layers[0].escalate_after_s) == ("ops", 900)


def test_contacts_become_integrations_of_alertmanager_and_are_never_shown() -> None:
    rota = understood(file())
    assert rota.people["bob"].contact == {
        "webhook_configs": ({"send_resolved": True, "url": "https://pager.example.com/bob-secret"},)
    }
    assert [one["to"] for one in rota.people["dan"].contact["email_configs"]] == ["dan@example.com", "dan@example.net"]
    assert "secret" not in repr(rota)
    assert "example.com" not in repr(rota)


def contact(**given: Any) -> dict[str, Any]:
    return {**file(), "people": {**PEOPLE, "bob": {"contact": given}}}


def test_a_contact_may_be_whatever_alertmanager_has() -> None:
    chat = {"api_url": "https://chat.example.com/x", "channel": "#ops", "send_resolved": False}
    rota = understood(contact(chat=chat, pagerduty_configs=[{"routing_key": "k"}]))
    assert rota.people["bob"].contact == {"pagerduty_configs": ({"routing_key": "k"},), "slack_configs": (chat,)}


def test_what_is_vaulted_in_place_is_a_text_like_any_other() -> None:
    # As the cores before 2.19 hand it over: a sequence of letters that is no str until somebody asks.
    vaulted = UserString("https://pager.example.com/x")
    rota = understood(contact(chat={"api_url": vaulted}, pagerduty_configs=[{"routing_key": vaulted}]))
    assert rota.people["bob"].contact == {
        "pagerduty_configs": ({"routing_key": str(vaulted)},),
        "slack_configs": ({"send_resolved": True, "api_url": str(vaulted)},),
    }
    assert {type(one["routing_key"]) for one in rota.people["bob"].contact["pagerduty_configs"]} == {str}


@pytest.mark.parametrize(
    "given,found",
    [
        ({"email": "secret"}, "people.bob.contact.email: this is no email. Give an address with an @"),
        ({"webhook": "ftp://secret"}, "people.bob.contact.webhook: this is no webhook. Give an http or https URL"),
        ({"chat": [{"channel": "secret"}]}, "people.bob.contact.chat: this is no chat."),
        ({"fax": "secret"}, "people.bob.contact: the key 'fax' is unknown. Known are email, webhook, chat"),
        ({"pagerduty_configs": "secret"}, "people.bob.contact.pagerduty_configs: this is no list of mappings"),
        ({}, "people.bob: bob is on call for shop and has no contact. Give an email, a webhook or a chat"),
    ],
)
def test_a_contact_that_cannot_be_is_refused_without_its_value(given: dict[str, Any], found: str) -> None:
    told = faults(contact(**given))
    assert any(found in one for one in told), told
    assert "secret" not in "".join(told)


SECRET = {"contact": {"webhook": "https://pager.example.com/secret"}}


@pytest.mark.parametrize(
    "given,found",
    [
        ({**file(), "people": [{"name": "alice", **SECRET}]}, "people: this is no mapping, or an empty one."),
        ({**file(), "people": "https://pager.example.com/secret"}, "people: this is no mapping"),
        ({**file(), "people": {"alice": "https://pager.example.com/secret"}}, "people.alice: this is no mapping."),
        ({**file(), "teams": [team(WEEKLY, tickets=SECRET["contact"])]}, "teams: this is no mapping"),
        (file({**WEEKLY, "people": {"alice": SECRET}}), "layers[0].people: a mapping is no list. Give a list"),
        (file({**WEEKLY, "people": [SECRET]}), "layers[0].people[0]: a mapping is nobody in people"),
        (file({**WEEKLY, "people": [[SECRET]]}), "layers[0].people[0]: a list is nobody in people"),
        (file(layers=SECRET), "teams.shop.layers: a mapping is no list"),
        (
            file(swaps=[{"people": [SECRET, "bob"], "from": "2026-01-01", "to": "2026-01-02"}]),
            "swaps[0].people: these are not two who swap",
        ),
        ({**file(), "default_team": SECRET}, "default_team: a mapping is no team"),
        ({**file(), "default_team": UserString("secret")}, "default_team: this is no team"),
    ],
)
def test_a_contact_in_the_wrong_place_is_refused_without_its_value(given: dict[str, Any], found: str) -> None:
    told = faults(given)
    assert any(found in one for one in told), told
    assert "secret" not in "".join(told)


@pytest.mark.parametrize(
    "hours,days,windows",
    [
        ("09:00 - 17:00", ["mon", "wed"], [(540, 1020), (2 * DAY + 540, 2 * DAY + 1020)]),
        ("09:00-17:00", "mon-tue", [(540, 1020), (DAY + 540, DAY + 1020)]),
        (None, "sat-sun", [(5 * DAY, 7 * DAY)]),
        (None, ["sun-mon"], [(0, DAY), (6 * DAY, 7 * DAY)]),
        ("22:00 - 06:00", "sun", [(0, 360), (6 * DAY + 1320, 7 * DAY)]),
        ("fri 17:00 - mon 09:00", None, [(0, 540), (4 * DAY + 1020, 7 * DAY)]),
        (["mon 00:00 - wed 00:00", "tue 12:00 - thu 24:00"], None, [(0, 4 * DAY)]),
        ("00:00 - 24:00", None, []),
        ("12:00 - 12:00", None, []),
        (None, "mon-sun", []),
    ],
)
def test_days_and_hours_are_parts_of_a_week(hours: object, days: object, windows: list[tuple[int, int]]) -> None:
    (schedule,) = understood(file({**WEEKLY, "hours": hours, "days": days})).teams["shop"].layers[0].schedules
    assert schedule.windows == tuple(Window(*window) for window in windows)


@pytest.mark.parametrize("shift,hours", [("12h", 12), ("1d", 24), ("10 d", 240), ("2w", 336), (None, 168)])
def test_a_shift_is_any_number_of_hours_days_or_weeks(shift: object, hours: int) -> None:
    (schedule,) = understood(file({**WEEKLY, "shift": shift})).teams["shop"].layers[0].schedules
    assert schedule.hours == hours


FIRST = "teams.shop.layers[0]"


@pytest.mark.parametrize(
    "change,found",
    [
        (
            {"people": ["alice", "bbo"]},
            f"{FIRST}.people[1]: 'bbo' is nobody in people. Did you mean bob? Known are alice, bob",
        ),
        ({"people": "alice"}, f"{FIRST}.people: 'alice' is no list. Give a list, even of one"),
        ({"people": []}, f"{FIRST}: people is missing or empty"),
        ({"people": [3]}, f"{FIRST}.people[0]: 3 is nobody in people"),
        ({"start": None}, f"{FIRST}: start is missing or empty"),
        ({"start": "2026-02-30"}, f"{FIRST}.start: '2026-02-30' is not in any calendar"),
        ({"start": "9999-12-31"}, f"{FIRST}.start: '9999-12-31' cannot be. Give a year from 1970 to 2100"),
        ({"start": "0001-01-01"}, f"{FIRST}.start: '0001-01-01' cannot be"),
        ({"start": "5 Jan"}, f"{FIRST}.start: '5 Jan' is neither a day nor a minute"),
        ({"start": "2026-01-05 09:00"}, f"{FIRST}.start: '2026-01-05 09:00' is no day"),
        ({"shift": "7"}, f"{FIRST}.shift: '7' is no length of a shift. Give a whole number of hours, days or weeks"),
        ({"shift": 7}, f"{FIRST}.shift: 7 is no length"),
        ({"shift": "0d"}, f"{FIRST}.shift: '0d' is no length"),
        ({"handover": 600}, f'{FIRST}.handover: 600 is no time of day. Give a time of day in quotes: "09:00"'),
        ({"handover": "25:00"}, f"{FIRST}.handover: '25:00' is no time of day"),
        (
            {"handover": "tue 09:00"},
            f"{FIRST}.start: '2026-01-05' is no tue, when turns are handed over. Give 2025-12-30, or 2026-01-06",
        ),
        (
            {"handover": "mon 09:00", "shift": "1d"},
            f"{FIRST}.handover: 'mon 09:00' names a weekday, and the shift is no number of weeks",
        ),
        (
            {"time_zone": "Europe/Berln"},
            f"{FIRST}.time_zone: 'Europe/Berln' is no time zone that this controller knows. Did you mean Europe/Berlin?",
        ),
        (
            {"time_zone": "UTC+2"},
            (
                "'UTC+2' is no time zone that this controller knows. Name a city whose clock it is, as Europe/Berlin, "
                "or Etc/GMT-2, which is UTC+2 all year"
            ),
        ),
        (
            {"time_zone": "-05:00"},
            "Name a city whose clock it is, as Europe/Berlin, or Etc/GMT+5, which is -05:00 all year",
        ),
        (
            {"time_zone": "GMT+5:30"},
            "'GMT+5:30' is no time zone that this controller knows. Name a city whose clock it is, as Europe/Berlin",
        ),
        ({"days": ["mo"]}, f"{FIRST}.days[0]: 'mo' is no day"),
        ({"hours": "9-17"}, f"{FIRST}.hours: '9-17' is no time of the week"),
        ({"hours": 540}, f"{FIRST}.hours: 540 is no list"),
        ({"hours": [540]}, f"{FIRST}.hours[0]: 540 is no time of the week"),
        ({"hours": []}, f"{FIRST}.hours: no hour is left. Leave it out for all hours"),
        ({"hours": "fri 17:00 - 09:00"}, f"{FIRST}.hours: 'fri 17:00 - 09:00' has a weekday where it cannot be"),
        ({"hours": "fri 17:00 - mon 09:00", "days": ["fri"]}, "has a weekday where it cannot be"),
        (
            {"escalate_after_s": 5},
            f"{FIRST}.escalate_after_s: 5 is no number that fits. Give a whole number from 60 on",
        ),
        ({"hadnover": "09:00"}, f"{FIRST}: the key 'hadnover' is unknown. Did you mean handover?"),
        ({"schedules": [WEEKLY]}, f"{FIRST}: the key 'people' is unknown"),
    ],
)
def test_a_fault_of_a_schedule_names_its_place_its_value_and_the_cure(change: dict[str, Any], found: str) -> None:
    told = faults(file({**WEEKLY, **change}))
    assert any(found in one for one in told), told


@pytest.mark.parametrize(
    "more,found",
    [
        (
            {"time_zone": "Berlin"},
            "teams.shop.time_zone: 'Berlin' is no time zone that this controller knows. Did you mean Europe/Berlin?",
        ),
        ({"time_zone": None}, "teams.shop: time_zone is missing or empty"),
        ({"layers": []}, "teams.shop: layers is missing or empty"),
        (
            {"overrides": [{"person": "bob", "from": "2026-01-02", "to": "2026-01-01"}]},
            "teams.shop.overrides[0].to: '2026-01-01' is not after from '2026-01-02'",
        ),
        (
            {"overrides": [{"person": "eve", "from": "2026-01-01", "to": "2026-01-02"}]},
            "teams.shop.overrides[0].person: 'eve' is nobody",
        ),
        (
            {"overrides": [{"person": "bob", "from": "2026-01-01", "to": "9999-12-31"}]},
            "teams.shop.overrides[0].to: '9999-12-31' cannot be. Give a year from 1970 to 2100",
        ),
        ({"overrides": [{"person": "bob", "from": "2026-01-01"}]}, "teams.shop.overrides[0]: to is missing or empty"),
        (
            {"overrides": [{"person": "bob", "from": "2026-01-01", "to": "2026-01-02", "layer": 1}]},
            "teams.shop.overrides[0].layer: 1 is no layer of this team. Give 0 to 0",
        ),
        (
            {"overrides": [{"person": "bob", "from": "2026-01-01", "to": "2026-01-02", "layer": "0"}]},
            "teams.shop.overrides[0].layer: '0' is no layer",
        ),
        (
            {"swaps": [{"people": ["bob", "bob"], "from": "2026-01-01", "to": "2026-01-02"}]},
            "teams.shop.swaps[0].people: these are not two who swap. Give two different people",
        ),
        ({"swaps": ["bob"]}, "teams.shop.swaps[0]: this is no mapping. Give people, from, to, layer"),
        (
            {"holidays": [{"name": "May Day", "dates": ["1 May"], "people": ["bob"]}]},
            "teams.shop.holidays[0].dates[0]: '1 May' is neither",
        ),
        ({"tickets": {"email": "nowhere"}}, "teams.shop.tickets.email: this is no email"),
    ],
)
def test_a_fault_of_a_team_names_its_place_its_value_and_the_cure(more: dict[str, Any], found: str) -> None:
    told = faults(file(**more))
    assert any(found in one for one in told), told


@pytest.mark.parametrize(
    "given,found",
    [
        (None, "monitoring_oncall: this is no mapping. Give people, teams, default_team"),
        ({"people": PEOPLE}, "teams is missing or empty"),
        ({**file(), "teems": {}}, "the key 'teems' is unknown. Did you mean teams?"),
        (
            {**file(), "default_team": "web"},
            "default_team: 'web' is no team. Say who gets the alerts that no team owns; teams are shop",
        ),
        ({"people": PEOPLE, "teams": {"a": team(WEEKLY), "b": team(WEEKLY)}}, "default_team: None is no team"),
        ({**file(), "people": {**PEOPLE, 'a"b': {}}}, "people.a\"b: 'a\"b' is no name"),
        ({**file(), "people": {**PEOPLE, "a/b": {}}}, "'a/b' is no name"),
        ({**file(), "people": {7: {}}}, "people.7: 7 is no name"),
        ({**file(), "people": {**PEOPLE, "{{ x }}": {}}}, "is no name"),
        ({**file(), "teams": {"a\nb": team(WEEKLY)}}, "is no name"),
        (
            {**file(), "people": {**PEOPLE, "eve": {"time_zone": "Mars"}}},
            "people.eve.time_zone: 'Mars' is no time zone",
        ),
        ({**file(), "people": ["alice"]}, "people: this is no mapping, or an empty one. Give each by its name"),
    ],
)
def test_a_fault_of_the_file_names_its_place_its_value_and_the_cure(given: object, found: str) -> None:
    told = faults(given)
    assert any(found in one for one in told), told


def test_every_fault_is_told_at_once() -> None:
    assert len(faults(file({**WEEKLY, "people": ["eve"], "shift": "x"}, time_zone="x"))) == 3


def test_a_name_may_be_of_any_language() -> None:
    given = {"Jörg Müller": {"contact": {"email": "j@x.org"}}, "名前": {"contact": {"email": "n@x.org"}}}
    assert (
        understood({"people": given, "teams": {"ops": team({**WEEKLY, "people": list(given)})}}).people.keys()
        == given.keys()
    )


def test_days_that_yaml_has_read_are_days_and_one_day_counts_whole() -> None:
    more: dict[str, Any] = {"overrides": [{"person": "bob", "from": date(2026, 3, 29), "to": date(2026, 3, 29)}]}
    (override,) = understood(file({**WEEKLY, "start": date(2026, 1, 5)}, **more)).teams["shop"].layers[0].overrides
    assert (override.begins, override.ends) == (utc("2026-03-28T23:00"), utc("2026-03-29T22:00"))
    more = {"overrides": [{"person": "bob", "from": datetime(2026, 3, 29, 8), "to": "2026-03-29T09:30"}]}  # noqa: DTZ001 - as YAML reads it
    (override,) = understood(file(**more)).teams["shop"].layers[0].overrides
    assert (override.begins, override.ends) == (utc("2026-03-29T06:00"), utc("2026-03-29T07:30"))


def test_somebody_whom_nobody_calls_is_told_and_not_refused() -> None:
    rota, found = oncall_file.read(file())
    assert rota
    assert [str(one) for one in found] == [
        "people.carol: carol is in no team. Add carol to one, or leave carol out",
        "people.dan: dan is in no team. Add dan to one, or leave dan out",
    ]


def test_somebody_who_only_swaps_is_on_call_and_needs_a_contact() -> None:
    swap = {"people": ["alice", "dan"], "from": "2026-01-05", "to": "2026-01-06"}
    assert faults({**file(swaps=[swap]), "people": {**PEOPLE, "dan": {}}}) == [
        "people.dan: dan is on call for shop and has no contact. Give an email, a webhook or a chat"
    ]


@pytest.mark.parametrize(
    "name,near",
    [
        ("berlin", "Europe/Berlin"),
        ("Europe/berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("US/New_York", "America/New_York"),
        ("Lord_How", "Australia/Lord_Howe"),
        ("utc", "UTC"),
    ],
)
def test_the_nearest_time_zone_is_found(name: str, near: str) -> None:
    assert oncall_node.nearest_zone(name) == near
