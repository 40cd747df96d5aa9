"""What may be asked, and what is refused before anybody is asked."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.promql_info.spec import Question, want_from

PLAIN = {"query": "up", "name": None, "at": None, "range_s": 0.0, "step_s": 60.0, "by": None, "expect": None}


def options(*queries: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"queries": [{**PLAIN, **one} for one in queries], "within_s": 0, "stable": 1, **others}


def test_a_query_is_its_own_name_unless_it_has_one() -> None:
    want = want_from(options({}, {"name": "load", "query": "node_load1", "by": "host"}))
    assert want.questions == (Question("up", "up"), Question("load", "node_load1", by="host"))


@pytest.mark.parametrize(
    "text, seconds", [("2026-01-31T12:00:00Z", 1769860800), ("2026-01-31T13:00:00.5+01:00", 1769860800), ("17.5", 17.5)]
)
def test_a_moment_is_read_in_each_of_its_forms(text: str, seconds: float) -> None:
    assert want_from(options({"at": text})).questions[0].at == seconds


@pytest.mark.parametrize(
    "queries, others, told",
    [
        ([], {}, "queries is empty"),
        ([{}, {}], {}, "queries: up is there twice"),
        ([{"range_s": -1.0}], {}, "range_s -1 with step_s 60 is no time"),
        ([{"step_s": 0.0}], {}, "step_s 0 is no time"),
        ([{"range_s": 86400.0, "step_s": 1.0}], {}, "more than 11000 points.*a step_s of 8 or above"),
        ([{"at": "yesterday"}], {}, "at 'yesterday' is no moment"),
        ([{"at": "2026-01-31T12:00:00"}], {}, "is no moment"),
        ([{"expect": "fine"}], {}, "queries: up: expect 'fine' is neither"),
        ([{"expect": "empty"}], {"within_s": -1}, "within_s -1 is no time to wait"),
        ([{"expect": "empty"}], {"stable": 0}, "stable 0 is no number of looks"),
        ([{"expect": "empty"}], {"stable": 3, "within_s": 1}, "within_s 1 is too short for 3 looks"),
        ([{}], {"within_s": 5}, "within_s waits for nothing"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_value(
    queries: list[dict[str, Any]], others: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        want_from(options(*queries, **others))
