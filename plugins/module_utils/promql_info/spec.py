# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The options of promql_info, and the questions that they stand for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._argspec import RUN_OPTIONS
from .._errors import BadInput
from .._http import ACCESS
from ..alertmanager_silence.state import seconds
from .judge import Expectation, expectation

QUERY: dict[str, dict[str, Any]] = {
    "query": {"type": "str", "required": True},
    "name": {"type": "str"},
    "at": {"type": "str"},
    "range_s": {"type": "float", "default": 0},
    "step_s": {"type": "float", "default": 60},
    "by": {"type": "str"},
    "expect": {"type": "str"},
}
SPEC: dict[str, dict[str, Any]] = {
    "url": {"type": "str", "default": "http://127.0.0.1:9090"},
    "queries": {"type": "list", "elements": "dict", "required": True, "options": QUERY},
    "within_s": {"type": "float", "default": 0},
    "stable": {"type": "int", "default": 1},
    **ACCESS,
    **RUN_OPTIONS,
}
# Prometheus gives no series more points than that.
MOST_POINTS = 11000
# Seconds between two looks.
PAUSE_S = 1.0
_ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)")


class Question(NamedTuple):
    """One query, the name of its answer, and when, how and with which expectation it is asked; `range_s` 0 is an instant."""

    name: str
    query: str
    at: float | None = None
    range_s: float = 0
    step_s: float = 60
    by: str = ""
    expect: Expectation | None = None


class Want(NamedTuple):
    """The questions, and how long to wait until every expectation holds, how many looks in a row."""

    questions: tuple[Question, ...]
    within_s: float = 0
    stable: int = 1


def want_from(options: Mapping[str, Any]) -> Want:
    """Return what the options ask for. Raise BadInput, naming the value, for what cannot be asked."""
    questions = tuple(_question(one) for one in options["queries"])
    if not questions:
        raise BadInput("queries is empty: give at least one, such as {name: up, query: up}")
    names = [one.name for one in questions]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"queries: {', '.join(twice)} is there twice: give each query a name of its own")
    if options["within_s"] < 0:
        raise BadInput(f"within_s {options['within_s']:g} is no time to wait: give seconds, 0 for one look")
    if options["stable"] < 1:
        raise BadInput(f"stable {options['stable']} is no number of looks: give 1 or more")
    if options["within_s"] < (options["stable"] - 1) * PAUSE_S:
        raise BadInput(
            f"within_s {options['within_s']:g} is too short for {options['stable']} looks in a row, {PAUSE_S:g} s apart: give more"
        )
    if options["within_s"] and not any(one.expect for one in questions):
        raise BadInput("within_s waits for nothing: give a query what it is to `expect`, or leave within_s out")
    return Want(questions, options["within_s"], options["stable"])


def _question(one: Mapping[str, Any]) -> Question:
    name = one["name"] or one["query"]
    range_s, step_s = one["range_s"], one["step_s"]
    if range_s < 0 or step_s <= 0 or not math.isfinite(range_s + step_s):
        raise BadInput(f"queries: {name}: range_s {range_s:g} with step_s {step_s:g} is no time: give seconds")
    if range_s / step_s > MOST_POINTS:
        raise BadInput(
            f"queries: {name}: {range_s:g} s in steps of {step_s:g} s are more than {MOST_POINTS} points, and Prometheus gives no "
            f"more: give a step_s of {math.ceil(range_s / MOST_POINTS)} or above"
        )
    try:
        expect = expectation(one["expect"]) if one["expect"] is not None else None
    except BadInput as error:
        raise BadInput(f"queries: {name}: {error}") from None
    return Question(name, one["query"], _moment(name, one["at"]), range_s, step_s, one["by"] or "", expect)


def _moment(name: str, text: str | None) -> float | None:
    if not text:
        return None
    try:
        return seconds(text) if _ZONED.fullmatch(text) else float(text)
    except ValueError:
        raise BadInput(
            f"queries: {name}: at {text!r} is no moment: give it as 2026-01-31T12:00:00Z, or in seconds since 1970"
        ) from None
