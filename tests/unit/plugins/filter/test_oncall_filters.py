# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of on-call: each gives what its page says, and fails in Ansible's way."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_moments
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.oncall_files import WEEKLY, file, utc

NOW = "2026-03-25T12:00Z"
MAIL = {"smtp_smarthost": "localhost:25", "smtp_from": "fleet@example.com"}
NAMES = ("alerting", "calendars", "escalation", "fairness", "findings", "metrics", "page")


HOOK = {"webhook": "https://pager.example.com/"}
ALL_BY_HOOK = {**file(tickets=HOOK), "people": {name: {"contact": HOOK} for name in ("alice", "bob")}}


def filter_of(name: str) -> Callable[..., Any]:
    module = importlib.import_module(f"ansible_collections.groundcrew.fleet.plugins.filter.oncall_{name}")
    found: Callable[..., Any] = module.FilterModule().filters()[f"oncall_{name}"]
    return found


@pytest.mark.parametrize(
    "name,given,look",
    [
        ("alerting", (NOW, 60, [], {}, {"global": MAIL}), lambda found: found["route"]["receiver"] == "nobody"),
        ("calendars", (NOW, 30), lambda found: sorted(found) == ["alice", "bob"]),
        ("escalation", (), lambda found: found["teams"] == {"shop": []}),
        ("fairness", (NOW, "2026-03-26T12:00Z"), lambda found: found["people"][1]["hours"] == 24),
        ("findings", (NOW,), lambda found: {one["level"] for one in found} == {"warning"}),
        ("metrics", (NOW,), lambda found: found.endswith("\n")),
        ("page", (NOW,), lambda found: found["teams"][0]["layers"][0]["now"]["person"] == "bob"),
    ],
)
def test_each_filter_gives_what_its_page_says(
    name: str, given: tuple[object, ...], look: Callable[[Any], bool]
) -> None:
    assert look(filter_of(name)(file(), *given))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "findings"])
def test_a_file_with_a_gap_fails_in_ansibles_way(name: str) -> None:
    more = ("2026-01-05T00:00Z", "2026-01-06T00:00Z") if name == "fairness" else ()
    with pytest.raises(AnsibleFilterError, match=r"teams\.shop\.layers\[0\]: nobody is on call from"):
        filter_of(name)(file({**WEEKLY, "days": "mon-fri"}), *more)


def test_findings_tell_what_the_others_refuse() -> None:
    (found,) = [one for one in filter_of("findings")(file({**WEEKLY, "people": ["eve"]})) if one["level"] == "error"]
    assert found == {
        "level": "error",
        "place": "teams.shop.layers[0].people[0]",
        "text": "'eve' is nobody in people. Known are alice, bob, carol, dan",
        "line": "",
    }


@pytest.mark.parametrize(
    "mail,missing",
    [
        ({}, "smtp_smarthost and smtp_from is not known"),
        ({"smtp_smarthost": "localhost:25"}, "and smtp_from is not known"),
        ({"smtp_from": "fleet@example.com"}, "and smtp_smarthost is not known"),
    ],
)
def test_mail_without_server_or_sender_is_refused_before_alertmanager_does(mail: dict[str, str], missing: str) -> None:
    with pytest.raises(
        AnsibleFilterError, match=rf"'person/alice' is told by mail, .*{missing}\. .*alertmanager\.global"
    ):
        filter_of("alerting")(file(), NOW, extra={"global": mail})
    own = {"name": "audit", "email_configs": [{"to": "a@example.com", **mail}]}
    with pytest.raises(AnsibleFilterError, match="'audit' is told by mail"):
        filter_of("alerting")(ALL_BY_HOOK, NOW, receivers=[own])


def test_mail_may_have_a_server_and_a_sender_of_its_own_and_hooks_need_none() -> None:
    own = {"to": "a@example.com", "smarthost": "localhost:25", "from": "fleet@example.com"}
    made = filter_of("alerting")(ALL_BY_HOOK, NOW, receivers=[{"name": "audit", "email_configs": [own]}])
    assert made["receivers"][-1]["email_configs"] == [own]


@pytest.mark.parametrize(
    "name,given,found",
    [
        ("alerting", ("yesterday",), "now 'yesterday' is no moment. Give it with its zone"),
        ("page", ("2026-03-25T12:00",), "now '2026-03-25T12:00' has no zone"),
        ("page", ("9999-12-31T00:00Z",), "now '9999-12-31T00:00Z' cannot be. Give a year from 1970 to 2100"),
        ("calendars", (NOW, 0), "days 0 cannot be. Give a whole number from 1 to 3660"),
        ("fairness", (NOW, NOW), "is not after begin"),
        ("fairness", (NOW, "2066-03-25T12:00Z"), "is more than ten years after begin"),
    ],
)
def test_a_moment_or_a_length_that_cannot_be_is_refused(name: str, given: tuple[object, ...], found: str) -> None:
    with pytest.raises(AnsibleFilterError, match=found):
        filter_of(name)(file(), *given)


def test_a_moment_may_be_written_in_any_zone() -> None:
    wanted = utc("2026-12-24T17:00")
    for given in ("2026-12-24T18:00+01:00", "2026-12-24 17:00Z", "2026-12-24T17:00:00+00:00", wanted):
        assert oncall_moments.moment(given, now=utc("2026-01-01T00:00")) == wanted
    assert oncall_moments.moment("", now=wanted) == wanted
    with pytest.raises(BadInput, match=r"at .* has no zone"):
        oncall_moments.moment(datetime(2026, 1, 1), now=wanted)  # noqa: DTZ001 - that is the fault
