"""Expectations and answers, in tables."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.promql_info.api import Answer, Series
from ansible_collections.groundcrew.fleet.plugins.module_utils.promql_info.judge import against, expectation

EMPTY = Answer("vector", ())


def answer(*texts: str) -> Answer:
    """A series for each text, on hosts a, b, c and so on."""
    return Answer("vector", tuple(Series({"host": host}, ((1.0, text),)) for host, text in zip("abcdefgh", texts)))


@pytest.mark.parametrize(
    "expect, texts",
    [
        ("== 1", ["1", "1"]),
        ("!=0", ["1", "-1"]),
        (">= 0.99", ["0.99"]),
        ("< 1e-3", ["0", "-Inf"]),
        ("> 1", ["+Inf"]),
        ("<= -.5", ["-0.5"]),
        ("non-empty", ["NaN"]),
        ("empty", []),
    ],
)
def test_what_is_as_expected_has_nothing_against_it(expect: str, texts: list[str]) -> None:
    assert against(expectation(expect), answer(*texts)) == ""


@pytest.mark.parametrize(
    "expect, texts, told",
    [
        ("== 1", ["1", "0"], '{host="b"} is 0'),
        ("== 1", [], "the answer is empty"),
        ("non-empty", [], "the answer is empty"),
        ("!= 0", ["NaN"], '{host="a"} is NaN'),
        ("< 1", ["NaN"], '{host="a"} is NaN'),
        ("> 1", ["1"], '{host="a"} is 1'),
        ("empty", ["3"], '{host="a"} is 3'),
    ],
)
def test_what_is_not_as_expected_is_told_by_its_series(expect: str, texts: list[str], told: str) -> None:
    assert against(expectation(expect), answer(*texts)) == told


def test_of_a_time_every_sample_counts() -> None:
    series = Series({"__name__": "up", "job": "node"}, ((10.0, "1"), (20.0, "0"), (30.0, "1")))
    told = against(expectation("== 1"), Answer("matrix", (series,)))
    assert told == 'up{job="node"} is 0 at 20, and as wanted in 2 of 3 samples'


def test_of_many_series_the_first_are_told() -> None:
    assert against(expectation("== 1"), answer(*"00000000")).endswith('{host="e"} is 0 and 3 more')


@pytest.mark.parametrize("text", ["", "1", "=1", "== ", "== one", "nonempty", ">= 0.99 or so", "== nan", "=> 1"])
def test_what_is_no_expectation_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is neither empty, non-empty nor a comparison"):
        expectation(text)
