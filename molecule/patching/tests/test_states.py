"""Plan equals reality: in ten made-up states what is done is what was planned, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

NEEDED = "kept back: crew-held-needs 1.1 needs crew-held (>= 1.1), which cannot be had here"
RIVAL = "kept back: it would remove crew-kept-rival"
LONELY = "kept back: crew-kept-lonely 1.1 needs crew-nowhere, which cannot be had here"


class Expected(NamedTuple):
    """What is planned, and what is left alone, by package; the packages that a plan marks as automatic."""

    plan: dict[str, tuple[str, str]]
    held: Mapping[str, str] = MappingProxyType({})
    along: frozenset[str] = frozenset()


UP = ("1.0", "1.1")
STATES = {
    "held": Expected({"crew-held-plain": UP}, {"crew-held": "on hold on this host", "crew-held-needs": NEEDED}),
    "phased": Expected({"crew-phased-for-all": UP}, {"crew-phased": "phased: 0 % of all hosts get it as yet"}),
    "kept": Expected({"crew-kept-plain": UP}, {"crew-kept": RIVAL, "crew-kept-lonely": LONELY}),
    "fresh": Expected(
        {"crew-fresh": UP, "crew-fresh-base": ("", "1.0"), "crew-fresh-library": ("", "2.0")},
        along={"crew-fresh-base", "crew-fresh-library"},
    ),
    "dropped": Expected({"crew-dropped": UP, "crew-dropped-heir": UP, "crew-dropped-legacy": ("1.0", "")}),
    "edited": Expected({"crew-edited": UP, "crew-edited-not": UP}),
    "vendor": Expected({"crew-vendor": ("1.0", "1.2"), "crew-vendor-own": UP}),
    "fixed": Expected({"crew-fixed": ("1.0", "1.2"), "crew-fixed-before": UP}),
    # dpkg has put the first one there already; apt learns of it when dpkg has come to its end.
    "broken": Expected({"crew-broken": UP, "crew-broken-plain": UP}),
    "idle": Expected({}),
}


@pytest.fixture(scope="session", params=["old", "new"])
def ask(request: pytest.FixtureRequest, play: Callable[[str], Any]) -> Callable[[str, str], dict[str, Any]]:
    """Return what a task answered on one host in one state."""
    answers = play("states.yml")
    return lambda task, state: answers[f"{task}: {state}"][request.param]


Ask = Callable[[str, str], dict[str, Any]]
each_state = pytest.mark.parametrize("state", STATES)


def changes(told: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    return {one["name"]: (one["from"], one["to"]) for one in told}


@each_state
def test_the_plan_is_what_the_state_asks_for(ask: Ask, state: str) -> None:
    told, expected = ask("Read what there is to update", state), STATES[state]
    held = {one["name"]: one["why"] for one in told["held"] if one["name"].startswith(f"crew-{state}")}
    assert changes(told["plan"]) == expected.plan
    assert held.keys() == expected.held.keys()
    assert all(why.startswith(expected.held[name]) for name, why in held.items()), held


@each_state
def test_what_is_done_is_what_was_planned_and_nothing_else(ask: Ask, state: str) -> None:
    before, after = (ask(f"Take a snapshot {when} it", state)["stdout"] for when in ("before", "after"))
    was, found = json.loads(before), json.loads(after)
    plan = changes(ask("Read what there is to update", state)["plan"])
    expected = {**was["packages"], **{name: version for name, (_before, version) in plan.items()}}
    assert found["packages"] == {name: version for name, version in expected.items() if version}
    assert set(found["auto"]) == set(was["auto"]) | STATES[state].along
    assert found["hold"] == was["hold"]


@each_state
def test_what_is_told_of_it_is_the_plan(ask: Ask, state: str) -> None:
    planned, done = ask("Read what there is to update", state), ask("Ensure that exactly this is updated", state)
    left = {name: change for name, change in changes(planned["plan"]).items() if name not in planned["interrupted"]}
    assert changes(done["packages"]) == left
    assert done["changed"] is bool(planned["plan"])
    assert done["way_back"] == planned["way_back"] == {"complete": True, "missing": {}}


@each_state
def test_afterwards_the_host_is_idle(ask: Ask, state: str) -> None:
    told = ask("Read what is left to update", state)
    assert (told["plan"], told["interrupted"], told["unknown"], told["idle"]) == ([], [], [], True)


def test_what_nothing_needs_any_more_is_told_and_stays(ask: Ask) -> None:
    assert ask("Read what there is to update", "dropped")["no_longer_needed"] == ["crew-dropped-library"]


def test_origin_and_security_are_those_of_the_archives(ask: Ask) -> None:
    found = {
        one["name"]: (one["origin"], one["security"])
        for state in ("vendor", "fixed")
        for one in ask("Read what there is to update", state)["plan"]
    }
    assert found == {
        "crew-vendor": ("Vendor/vendor", False),
        "crew-vendor-own": ("Vendor/vendor", False),
        # A fix came from the security archive, and a newer version from the plain one contains it.
        "crew-fixed": ("Debian/plain", True),
        "crew-fixed-before": ("Debian/plain", False),
    }


def test_an_edited_configuration_file_is_told_and_stays_beside_the_new_one(ask: Ask) -> None:
    planned, done = ask("Read what there is to update", "edited"), ask("Ensure that exactly this is updated", "edited")
    assert {one["name"]: one["config_files"] for one in planned["plan"]} == {
        "crew-edited": ["/etc/crew-edited.conf"],
        "crew-edited-not": [],
    }
    assert done["new_config_files"] == ["/etc/crew-edited.conf.dpkg-dist"]


def test_an_interrupted_dpkg_is_told_and_repaired_before_anything_changes(ask: Ask) -> None:
    planned, done = ask("Read what there is to update", "broken"), ask("Ensure that exactly this is updated", "broken")
    assert json.loads(ask("Take a snapshot before it", "broken")["stdout"])["packages"]["crew-broken"] == "iF 1.1"
    assert planned["interrupted"] == done["interrupted"] == ["crew-broken"]
    assert planned["idle"] is False
    assert [step["kind"] for step in done["steps"]] == ["argv", "package"]
