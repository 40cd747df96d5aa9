"""What shows only as time goes by: gaps, double bookings, and what nobody will have meant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters, oncall_lint
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.live_alertmanager import amtool, write
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.oncall_files import WEEKLY, file, team, utc

NOW = utc("2026-11-29T12:00")
DAY = {"people": ["alice", "dan"], "start": "2026-01-05", "hours": "08:00-20:00", "shift": "1d", "handover": "08:00"}
NIGHT = {"people": ["bob", "carol"], "start": "2026-01-05", "hours": "20:00-08:00", "shift": "1d", "handover": "20:00"}
NEW_YORK_EVENING = {**NIGHT, "hours": "14:00-02:00", "handover": "14:00", "time_zone": "America/New_York"}


def found(given: dict[str, Any], level: str) -> list[str]:
    return [str(one) for one in oncall_lint.examine(given, NOW)[1] if one.level == level]


def two(*schedules: dict[str, Any]) -> dict[str, Any]:
    return file({"schedules": list(schedules)})


def test_a_rota_without_fault_is_returned() -> None:
    assert found(two(DAY, NIGHT), "error") == []
    assert list(oncall_lint.check(two(DAY, NIGHT), NOW).teams) == ["shop"]


LAYER = "teams.shop.layers[0]"


@pytest.mark.parametrize(
    "given,errors",
    [
        (
            two(DAY, {**NIGHT, "hours": "21:00-08:00"}),
            [
                f"{LAYER}: nobody is on call from Sun 2026-11-29 20:00 Europe/Berlin (2026-11-29 19:00 UTC) to Sun 2026-11-29 21:00"
            ],
        ),
        (
            two(DAY, {**NIGHT, "hours": "19:30-08:00"}),
            [f"{LAYER}.schedules[1].hours: alice and carol are both on call from Sun 2026-11-29 19:30 Europe/Berlin"],
        ),
        # They fit, but for the weeks in which New York has changed its clock and Berlin has not.
        (
            two(DAY, NEW_YORK_EVENING),
            [
                f"{LAYER}.schedules[1].hours: .* from Sun 2027-03-14 19:00 Europe/Berlin .* use one zone",
                f"{LAYER}: nobody is on call from Mon 2027-03-15 07:00 Europe/Berlin .* use one zone",
            ],
        ),
        (file({**WEEKLY, "days": "mon-fri"}), [f"{LAYER}: nobody is on call from Sun 2026-11-29 13:00"]),
        (
            file(
                overrides=[
                    {"person": "carol", "from": "2027-01-01", "to": "2027-01-03"},
                    {"person": "dan", "from": "2027-01-03 18:00", "to": "2027-01-05"},
                ]
            ),
            [
                "teams.shop.overrides[1]: from Sun 2027-01-03 18:00 Europe/Berlin .* teams.shop.overrides[0] says who is on call"
            ],
        ),
        (
            file(
                swaps=[
                    {"people": ["alice", "bob"], "from": "2027-01-01", "to": "2027-01-03"},
                    {"people": ["carol", "bob"], "from": "2027-01-02", "to": "2027-01-05"},
                    {"people": ["carol", "alice"], "from": "2027-02-02", "to": "2027-02-16"},
                    {"people": ["dan", "bob"], "from": "2027-02-02", "to": "2027-02-16"},
                ]
            ),
            ["teams.shop.swaps[1]: from Sat 2027-01-02 00:00 Europe/Berlin .* teams.shop.swaps[0] says"],
        ),
        (
            file(swaps=[{"people": ["carol", "dan"], "from": "2027-02-02", "to": "2027-02-05"}]),
            [
                (
                    f"teams.shop.swaps[0]: neither carol nor dan has a turn in {LAYER} from Tue 2027-02-02 00:00 Europe/Berlin "
                    "(2027-02-01 23:00 UTC) to Sat 2027-02-06 00:00 Europe/Berlin (2027-02-05 23:00 UTC), so nothing is swapped"
                )
            ],
        ),
        (
            file(holidays=[{"name": "a", "dates": ["2027-01-01", "2027-01-01"], "people": ["dan"]}]),
            ["teams.shop.holidays[0]: from Fri 2027-01-01 00:00"],
        ),
    ],
)
def test_a_gap_and_a_double_booking_are_refused_with_place_moment_and_cure(
    given: dict[str, Any], errors: list[str]
) -> None:
    told = found(given, "error")
    assert len(told) == len(errors), told
    for one, wanted in zip(told, errors):
        assert re.match(re.escape(wanted).replace(r"\.\*", ".*"), one), told
    with pytest.raises(BadInput, match=r"wrong with the on-call file\n- teams\.shop"):
        oncall_lint.check(given, NOW)


def test_an_override_may_fill_a_gap_only_where_it_lies() -> None:
    gap = {**WEEKLY, "hours": "mon 09:00 - mon 08:00"}
    (told,) = found(file(gap, overrides=[{"person": "carol", "from": "2026-11-30", "to": "2026-11-30"}]), "error")
    assert "nobody is on call from Mon 2026-12-07 08:00" in told


def test_a_swap_that_is_over_is_no_error_whoever_was_meant() -> None:
    over = file(swaps=[{"people": ["carol", "dan"], "from": "2026-02-02", "to": "2026-02-05"}])
    assert found(over, "error") == []
    assert any("teams.shop.swaps[0]: ended" in one for one in found(over, "warning"))


@pytest.mark.parametrize(
    "given,warning",
    [
        (file(tickets=None), "teams.shop: tickets go nowhere but to Alertmanager. Give tickets a contact"),
        (
            file(overrides=[{"person": "carol", "from": "2026-01-01", "to": "2026-01-02"}]),
            "teams.shop.overrides[0]: ended Sat 2026-01-03 00:00 Europe/Berlin (2026-01-02 23:00 UTC). Remove it",
        ),
        (
            two({**DAY, "shift": "5h"}, NIGHT),
            f"{LAYER}.schedules[0].shift: 5 h, handed over at 08:00, do not divide the hours of this schedule: turns last between 1 h and 5 h",
        ),
        (
            two({**WEEKLY, "days": "mon-fri"}, {**WEEKLY, "days": "sat-sun", "shift": "1d"}),
            f"{LAYER}.schedules[1].shift: 24 h, handed over at 09:00, do not divide the hours of this schedule: turns last between 9 h and 24 h",
        ),
        (
            file({**WEEKLY, "shift": "12h"}),
            f"{LAYER}.shift: with 2 people and 12 h each is always on at the same hours of the week, nights or weekends among them",
        ),
        (
            {
                **file(),
                "teams": {"a": team({**WEEKLY, "people": ["dan"]}, WEEKLY), "b": team({**WEEKLY, "shift": "2w"})},
                "default_team": "a",
            },
            (
                "teams.b: bob is on call here and in teams.a from Mon 2026-11-30 09:00 Europe/Berlin (2026-11-30 08:00 UTC), "
                "and may be paged for both at once. Start the list of one with another person"
            ),
        ),
        (
            file({**WEEKLY, "start": "2026-11-30"}),
            f"{LAYER}.start: 2026-11-30 is to come, and turns are counted back from it: these people are on call today already",
        ),
        (
            file(WEEKLY, {**WEEKLY, "people": ["alice", "carol"]}),
            "teams.shop.layers[1]: alice is on call here and in teams.shop.layers[0] from Sun 2026-11-29 13:00 Europe/Berlin",
        ),
    ],
)
def test_what_nobody_will_have_meant_is_told_and_not_refused(given: dict[str, Any], warning: str) -> None:
    told = found(given, "warning")
    assert any(warning in one for one in told), told
    assert oncall_lint.check(given, NOW)


def test_two_teams_that_call_different_people_and_a_start_that_is_past_are_no_finding() -> None:
    teams = {"a": team({**WEEKLY, "start": "2026-11-29"}), "b": team({**WEEKLY, "start": "2026-11-22"})}
    assert [one for one in found({**file(), "teams": teams, "default_team": "a"}, "warning") if "teams" in one] == []


@pytest.mark.parametrize(
    "given",
    [
        two(DAY, NIGHT),
        file(),
        file({**WEEKLY, "shift": "1d"}),
        file({**WEEKLY, "people": ["alice", "bob", "dan"], "shift": "8h"}),
    ],
)
def test_a_rotation_that_comes_round_fairly_is_no_finding(given: dict[str, Any]) -> None:
    assert [one for one in found(given, "warning") if "shift" in one and "8 h" not in one] == []


def test_a_rotation_that_gives_the_nights_to_one_person_is_a_finding() -> None:
    assert any(
        "with 3 people and 8 h" in one
        for one in found(file({**WEEKLY, "people": ["alice", "bob", "dan"], "shift": "8h"}), "warning")
    )


GUIDE = Path(__file__).resolve().parents[4] / "docs/guides/on-call.md"


def shown() -> list[Any]:
    """What the guide shows as YAML, with a URL for each secret."""
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return [yaml.safe_load(re.sub(r'"\{\{.*?\}\}"', "https://example.com/", block)) for block in blocks]


def guide() -> list[dict[str, Any]]:
    """The on-call files that the guide shows; what is a part of a team stands in one. Other variables of the role are none."""
    read = shown()
    whole = [one["monitoring_oncall"] for one in read if "monitoring_oncall" in one]
    parts = [one for one in read if isinstance(one, dict) and not any(key.startswith("monitoring_") for key in one)]
    return [*whole, *(file(**{"layers": [WEEKLY], **one}) for one in parts)]


def test_every_file_of_the_guide_is_accepted() -> None:
    files = guide()
    assert len(files) > 1, "the guide's files are not found"
    for given in files:
        assert found(given, "error") == []


def test_alertmanager_takes_what_comes_of_the_first_file_of_the_guide(tmp_path: Path) -> None:
    first = shown()[0]
    made = oncall_filters.alerting(first["monitoring_oncall"], NOW, extra=first["monitoring_alertmanager"])
    assert "SUCCESS" in amtool(write(tmp_path / "alertmanager.yml", made), "check-config")
