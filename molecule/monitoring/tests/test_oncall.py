"""What docs/guides/on-call.md promises, with the messages that people get."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.groundcrew.fleet.molecule.monitoring.tests.world import (
    ALERTMANAGER,
    PROMETHEUS,
    WATCHING,
    Pages,
    ask,
    on,
    play,
    within,
)
from ansible_collections.groundcrew.fleet.molecule.shared.calls import SCENARIO
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters


@pytest.fixture(scope="module")
def oncall() -> dict[str, Any]:
    """The scenario's on-call file."""
    fleet = yaml.safe_load(Path(SCENARIO, "hosts.yml").read_text(encoding="utf-8"))
    return dict(fleet["all"]["vars"]["monitoring_oncall"])


@pytest.fixture
def stopped(request: pytest.FixtureRequest, pages: Pages) -> Iterator[float]:
    """The moment at which the shop of app2 was stopped; afterwards it is well again, and everybody knows."""
    request.getfixturevalue("alerted")
    moment = time.monotonic()
    on("app2", "systemctl", "stop", "shop")
    yield moment
    on("app2", "systemctl", "start", "shop")
    pages.wait(moment, "AppStopped", "app2", "resolved", at_most_s=time.monotonic() - moment + 90)


def test_a_page_goes_to_who_is_on_call_and_to_nobody_else(pages: Pages, stopped: float, oncall: dict[str, Any]) -> None:
    pages.wait(stopped, "AppStopped", "app2")
    time.sleep(4)
    whom = oncall_filters.who(oncall, "shop", 0, "")["person"]
    assert {one.whom for one in pages.firing(stopped, "AppStopped", "app2")} == {whom}


def test_a_page_that_nobody_acknowledges_goes_to_the_next_layer_and_one_that_is_silenced_does_not(
    pages: Pages, stopped: float
) -> None:
    pages.wait(stopped, "AppStopped", "app2")
    on("mon1", "systemctl", "start", "groundcrew-escalate.service")
    time.sleep(3)
    assert "carol" not in {one.whom for one in pages.firing(stopped, "AppStopped", "app2")}
    # As old as the team allows, and a little.
    time.sleep(max(0.0, 66 - (time.monotonic() - stopped)))
    on("mon1", "systemctl", "start", "groundcrew-escalate.service")
    assert pages.wait(stopped, "AppStopped", "app2", whom="carol", at_most_s=140) > 60
    # By the words of the guide.
    on("mon1", "amtool", "silence", "add", "--author=carol", "--comment=mine", "--duration=5s", "host=app2")
    silenced = json.loads(ask("mon1", ALERTMANAGER, "/api/v2/alerts?active=false&silenced=true").body)
    assert {one["labels"].get("escalation", "") for one in silenced if one["labels"].get("host") == "app2"} >= {"", "1"}


@pytest.mark.parametrize("watching", WATCHING)
def test_who_is_on_call_is_shown_and_each_person_has_a_calendar(watching: str, oncall: dict[str, Any]) -> None:
    shown = json.loads(ask(watching, PROMETHEUS, "/user/oncall.json").body)
    people = {layer["now"]["person"] for team in shown["teams"] for layer in team["layers"]}
    assert people == {oncall_filters.who(oncall, "shop", 0, "")["person"], "bob", "carol"}
    assert ask(watching, PROMETHEUS, "/user/calendars/alice.ics").body.startswith("BEGIN:VCALENDAR")


@pytest.mark.parametrize(
    "layer, said",
    [
        ({"people": ["alice"], "start": "2026-01-05", "hours": "08:00 - 20:00"}, "nobody is on call"),
        ({"people": ["alice"], "start": "2026-01-05", "time_zone": "Europe/Berlim"}, "Europe/Berlin"),
        ({"people": ["mallory"], "start": "2026-01-05"}, "mallory"),
    ],
    ids=["a gap", "a wrong time zone", "a person whom nobody knows"],
)
def test_a_file_that_is_wrong_is_refused_before_anything_is_touched(
    oncall: dict[str, Any], layer: dict[str, Any], said: str
) -> None:
    wrong = {**oncall, "teams": {**oncall["teams"], "shop": {"time_zone": "Europe/Berlin", "layers": [layer]}}}
    done = play("--limit=mon1", monitoring_oncall=wrong)
    assert done.rc == 2
    assert said in done.said
    assert "teams.shop.layers[0]" in done.said
    assert done.changed["mon1"] == 0


def test_somebody_hears_of_it_when_monitoring_itself_is_dead_and_when_it_is_well_again(pages: Pages) -> None:
    def said(status: str, since: float) -> bool:
        return any(
            one.came >= since and one.whom == "dead" and one.says["status"] == status for one in list(pages.told)
        )

    on("lb1", "systemctl", "start", "groundcrew-deadman.service")
    begin = time.monotonic()
    for watching in WATCHING:
        on(watching, "systemctl", "stop", "prometheus-alertmanager")
    try:
        assert within(150, lambda: said("dead", begin)), pages.told[-3:]
    finally:
        started = time.monotonic()
        for watching in WATCHING:
            on(watching, "systemctl", "start", "prometheus-alertmanager")
    assert within(150, lambda: said("well", started)), pages.told[-3:]
