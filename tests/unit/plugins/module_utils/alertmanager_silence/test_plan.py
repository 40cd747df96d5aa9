from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import stamp
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence.plan import Want, plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence.state import (
    Matcher,
    Silence,
    parse,
    seconds,
)

CAPTURED = Path(__file__).parents[3] / "fixtures/alertmanager-silences.json"
NOW = seconds("2026-01-31T12:00:00Z")
APP1 = frozenset({Matcher("instance", "app1")})
APP2 = frozenset({Matcher("instance", "app2")})


def silence(name: str, ends_in: float, *, matchers: frozenset[Matcher] = APP1, run: str = "r1") -> Silence:
    return Silence(name, matchers, "groundcrew", f"patching [run {run}]", NOW - 60, NOW + ends_in)


def want(**other: Any) -> Want:
    common = Want("present", APP1, "groundcrew", "patching", 600, extend=True, run_id="r1")
    return common._replace(**other)


def test_live_silences_are_read_and_expired_ones_left_out() -> None:
    found = parse(json.loads(CAPTURED.read_text()))
    assert [(one.id[:8], one.owner, one.comment) for one in found] == [("d006308c", "groundcrew", "x [run r1]")]
    assert found[0].matchers == APP1
    assert stamp(found[0].ends) == "2026-11-23T19:40:00Z"


def test_without_a_silence_one_is_made_for_the_whole_time() -> None:
    changes = plan(want(), [], NOW)
    assert changes.put == (
        {
            "matchers": [{"name": "instance", "value": "app1", "isRegex": False, "isEqual": True}],
            "startsAt": "2026-01-31T12:00:00Z",
            "endsAt": "2026-01-31T12:10:00Z",
            "createdBy": "groundcrew",
            "comment": "patching [run r1]",
        },
    )


@pytest.mark.parametrize(
    "other",
    [
        silence("a", 500, matchers=APP2),
        silence("a", 500, run="r2"),
        silence("a", 500)._replace(owner="ann"),
        silence("a", 500, matchers=frozenset({Matcher("instance", "app1", regex=True)})),
    ],
)
def test_what_belongs_to_others_does_not_count_and_is_not_ended(other: Silence) -> None:
    assert plan(want(), [other], NOW).put
    assert not plan(want(state="absent"), [other], NOW).changed


@pytest.mark.parametrize(
    "ends_in, extend, renewed", [(599, True, False), (301, True, False), (299, True, True), (299, False, False)]
)
def test_a_silence_is_renewed_at_half_time(ends_in: float, *, extend: bool, renewed: bool) -> None:
    changes = plan(want(extend=extend), [silence("a", ends_in)], NOW)
    assert [(body["id"], body["endsAt"]) for body in changes.put] == [("a", "2026-01-31T12:10:00Z")] * renewed
    assert changes.changed == renewed


def test_of_several_the_longest_counts() -> None:
    assert plan(want(), [silence("a", 10), silence("b", 500)], NOW).kept == silence("b", 500)


def test_absent_ends_those_of_the_run_with_the_matchers() -> None:
    mine, other = silence("a", 500), silence("b", 500, matchers=APP2)
    assert plan(want(state="absent"), [mine, other], NOW).expire == (mine,)


def test_absent_without_matchers_ends_all_of_the_run() -> None:
    mine, other, foreign = silence("a", 500), silence("b", 500, matchers=APP2), silence("c", 500, run="r2")
    changes = plan(want(state="absent", matchers=frozenset()), [mine, other, foreign], NOW)
    assert changes.expire == (mine, other)


@pytest.mark.parametrize(
    "other, told",
    [
        ({"state": "absent", "matchers": frozenset(), "run_id": None}, "needs matchers, or the run_id"),
        ({"matchers": frozenset()}, "at least one matcher"),
        ({"duration_s": 0}, "duration_s is 0"),
    ],
)
def test_a_want_that_is_too_wide_is_refused(other: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        plan(want(**other), [], NOW)


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456789Z", "2026-01-31T13:00:00+01:00"]
)
def test_every_way_to_write_a_time_is_read(text: str) -> None:
    assert seconds(text) == NOW
