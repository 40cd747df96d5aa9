"""An approved plan against the host as it is now: done already, still to do, or another host than it was made for."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.updates import Resolved, Update
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import drift
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.want import Planned

SSL = Planned("libssl3", "3.0.1", "3.0.2")
NEW = Planned("libnew", "", "1.0")
GOING = Planned("libold", "1.0", "")
BEFORE = {"libssl3": "3.0.1", "libold": "1.0"}
AFTER = {"libssl3": "3.0.2", "libnew": "1.0"}
FORETOLD = (Update("libnew", "", "1.0"), Update("libold", "1.0", ""), Update("libssl3", "3.0.1", "3.0.2"))


def test_on_the_host_that_it_was_made_for_all_of_a_plan_is_to_be_done() -> None:
    assert drift.remaining([SSL, NEW, GOING], BEFORE, {}) == (SSL, NEW, GOING)


def test_where_it_was_carried_out_nothing_is_left_of_a_plan() -> None:
    assert drift.remaining([SSL, NEW, GOING], AFTER, {}) == ()


def test_what_a_run_that_was_cut_off_has_done_is_left() -> None:
    assert drift.remaining([SSL, NEW, GOING], {**BEFORE, "libnew": "1.0"}, {}) == (SSL, GOING)


@pytest.mark.parametrize(
    "planned,installed,told",
    [
        (SSL, {"libssl3": "3.0.3"}, "libssl3 is 3.0.3, the plan goes from 3.0.1 to 3.0.2"),
        (SSL, {}, "libssl3 is not installed, the plan goes from 3.0.1 to 3.0.2"),
        (NEW, {"libnew": "0.9"}, "libnew is 0.9, the plan goes from not installed to 1.0"),
        (GOING, {"libold": "1.1"}, "libold is 1.1, the plan goes from 1.0 to not installed"),
    ],
)
def test_a_host_that_has_drifted_is_refused_with_the_difference(
    planned: Planned, installed: dict[str, str], told: str
) -> None:
    with pytest.raises(BadInput, match=rf"^the host is not as planned: {told}\. Nothing was changed: read a new plan"):
        drift.remaining([planned], installed, {})


def test_every_difference_is_named_at_once() -> None:
    with pytest.raises(BadInput, match=r"libssl3 is 3\.0\.9, .*; libold is 1\.1, "):
        drift.remaining([SSL, NEW, GOING], {"libssl3": "3.0.9", "libold": "1.1"}, {})


def test_what_was_put_on_hold_since_is_refused_with_the_reason() -> None:
    with pytest.raises(BadInput, match="libssl3 is left alone now: on hold on this host"):
        drift.remaining([SSL], BEFORE, {"libssl3": "on hold on this host"})


def test_a_hold_on_what_is_done_already_does_not_matter() -> None:
    assert drift.remaining([SSL], AFTER, {"libssl3": "on hold on this host"}) == ()


def test_a_foretelling_that_is_the_plan_is_taken_whole() -> None:
    assert drift.exactly([SSL, NEW, GOING], Resolved(FORETOLD)) == FORETOLD


@pytest.mark.parametrize(
    "found,told",
    [
        (FORETOLD[:2], "libssl3 would not become 3.0.2"),
        (FORETOLD[1:], "libnew would not become 1.0"),
        ((FORETOLD[0], FORETOLD[2]), "libold would not become not installed"),
        ((*FORETOLD, Update("libmore", "", "2.0")), "libmore would become 2.0 too"),
        ((*FORETOLD, Update("nginx", "1.22", "")), "nginx would become not installed too"),
        (
            (*FORETOLD[:2], Update("libssl3", "3.0.1", "3.0.3")),
            "libssl3 would become 3.0.3, not 3.0.2",
        ),
    ],
)
def test_a_foretelling_that_is_more_less_or_other_than_the_plan_is_refused(
    found: tuple[Update, ...], told: str
) -> None:
    with pytest.raises(BadInput, match=rf"^the plan does not fit this host any more: {told}\. Nothing was changed"):
        drift.exactly([SSL, NEW, GOING], Resolved(found))


def test_what_cannot_be_had_is_refused_with_the_managers_reason() -> None:
    found = Resolved((), {"libssl3": "no repository of this host has version 3.0.2"})
    with pytest.raises(BadInput, match="cannot be carried out here: libssl3: no repository of this host has version"):
        drift.exactly([SSL], found)
