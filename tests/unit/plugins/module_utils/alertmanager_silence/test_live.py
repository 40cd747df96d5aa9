"""Silences in the real Alertmanager: what it does with one that is made, met again, renewed and ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import CommandFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._http import Server
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence import api
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence.apply import converge
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence.plan import Want
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence.state import Matcher, parse
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.promql_info.live_servers import (
    ALERTMANAGER,
    alertmanager,
    needs,
)

pytestmark = needs(ALERTMANAGER)
WANT = Want("present", frozenset(), "ann", "patching", 3600)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with alertmanager(tmp_path_factory.mktemp("alertmanager")) as url:
        yield Server("Alertmanager", url, timeout_s=5)


def in_force(live: Server, host: str) -> dict[str, float]:
    """The silences for a host by their ids, with the seconds that each has left."""
    found = [one for one in parse(api.silences(live)) if host in {matcher.value for matcher in one.matchers}]
    return {one.id: one.ends - time.time() for one in found}


def for_host(host: str, **others: Any) -> Want:
    matchers = {
        Matcher("host", host),
        Matcher("job", "node|haproxy", regex=True),
        Matcher("severity", "info", equal=False),
    }
    return WANT._replace(matchers=frozenset(matchers), **others)


def test_a_silence_is_made_once_and_expired_once(live: Server) -> None:
    made = converge(live, for_host("app1"), now=time.time(), check_mode=False)
    again = converge(live, for_host("app1"), now=time.time(), check_mode=False)
    assert (made["changed"], again["changed"], again["id"]) == (True, False, made["id"])
    assert list(in_force(live, "app1")) == [made["id"]]
    ended = [converge(live, for_host("app1", state="absent"), now=time.time(), check_mode=False) for _time in (1, 2)]
    assert [one["expired"] for one in ended] == [[made["id"]], []]
    assert in_force(live, "app1") == {}


def test_check_mode_says_what_would_be_and_changes_nothing(live: Server) -> None:
    assert converge(live, for_host("app2"), now=time.time(), check_mode=True)["changed"]
    assert in_force(live, "app2") == {}
    made = converge(live, for_host("app2"), now=time.time(), check_mode=False)
    assert converge(live, for_host("app2", state="absent"), now=time.time(), check_mode=True)["expired"] == [made["id"]]
    assert list(in_force(live, "app2")) == [made["id"]]


def test_a_renewed_silence_stays_the_same_one_and_ends_later(live: Server) -> None:
    made = converge(live, for_host("app3")._replace(duration_s=60), now=time.time(), check_mode=False)
    renewed = converge(live, for_host("app3"), now=time.time(), check_mode=False)
    assert (renewed["changed"], renewed["id"]) == (True, made["id"])
    assert in_force(live, "app3") == {made["id"]: pytest.approx(3600, abs=10)}


def test_the_silence_of_another_owner_is_neither_met_nor_ended(live: Server) -> None:
    anns = converge(live, for_host("app4"), now=time.time(), check_mode=False)["id"]
    bobs = converge(live, for_host("app4", owner="bob"), now=time.time(), check_mode=False)["id"]
    assert anns != bobs
    converge(live, for_host("app4", owner="bob", state="absent"), now=time.time(), check_mode=False)
    assert list(in_force(live, "app4")) == [anns]


def test_what_alertmanager_refuses_is_told_with_its_reason(live: Server) -> None:
    wrong = WANT._replace(matchers=frozenset({Matcher("host", "app(", regex=True)}))
    with pytest.raises(CommandFailed, match=r"refused POST .* with 400: .*error parsing regexp"):
        converge(live, wrong, now=time.time(), check_mode=False)
