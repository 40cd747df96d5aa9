# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Ask Prometheus until every expectation holds, and tell the answers as plain data."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from .._errors import BadInput, CommandFailed
from .._http import Server
from . import api, judge
from .api import Answer, Series
from .spec import PAUSE_S, Question, Want


class Seen(NamedTuple):
    """The last answers by the names of their questions, and what speaks against them, a sentence each."""

    answers: dict[str, dict[str, Any]]
    against: tuple[str, ...]
    seconds: float


def look(
    server: Server,
    want: Want,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Seen:
    """Return the answers as soon as they are as expected, so often in a row as wanted, else those when time is over.

    Raise BadInput at once for a query that can have no answer, and CommandFailed where nothing is expected and there is
    none: while it waits, a Prometheus that does not answer is only not there yet.
    """
    began, in_a_row = clock(), 0
    while True:
        answers, against = _once(server, want)
        in_a_row = 0 if against else in_a_row + 1
        spent = clock() - began
        if in_a_row >= want.stable:
            return Seen(answers, (), spent)
        if spent + PAUSE_S > want.within_s:
            few = f"it was as expected in {in_a_row} of {want.stable} looks in a row: give it more time (within_s)"
            return Seen(answers, tuple(against) or (few,), spent)
        sleep(PAUSE_S)


def _once(server: Server, want: Want) -> tuple[dict[str, dict[str, Any]], list[str]]:
    answers, against = {}, []
    for question in want.questions:
        try:
            answer = _ask(server, question)
        except CommandFailed as error:
            if not any(one.expect for one in want.questions):
                raise
            against.append(f"{_named(question)} has no answer: {error}")
            continue
        why = judge.against(question.expect, answer) if question.expect else ""
        answers[question.name] = {**_told(question, answer), "met": not why if question.expect else None}
        if why and question.expect:
            against.append(
                f"{_named(question)} is to be {question.expect.text}: {why}; {_cure(server, question, answer)}"
            )
    return answers, against


def _ask(server: Server, question: Question) -> Answer:
    if not question.range_s:
        return api.instant(server, question.query, at=question.at)
    end = time.time() if question.at is None else question.at
    return api.between(server, question.query, start=end - question.range_s, end=end, step_s=question.step_s)


def _named(question: Question) -> str:
    return f"query {question.query}" if question.name == question.query else f"{question.name} ({question.query})"


def _cure(server: Server, question: Question, answer: Answer) -> str:
    url = server.url.rstrip("/")
    if not answer.series:
        return f"see whether the target is scraped, and by which labels: {url}/targets"
    return f"look at {url}/graph?{urlencode({'g0.expr': question.query, 'g0.tab': '1'})}"


def _told(question: Question, answer: Answer) -> dict[str, Any]:
    """Return the answer as plain data: what is no finite number is None, for JSON has no word for it."""
    latest = [_number(one.samples[-1][1]) if one.samples else None for one in answer.series]
    return {
        "query": question.query,
        "kind": answer.kind,
        "series": [_series(one, answer.kind) for one in answer.series],
        "value": latest[0] if len(latest) == 1 else None,
        "by": _by(question, answer, latest) if question.by else {},
        "remarks": list(answer.remarks),
    }


def _series(one: Series, kind: str) -> dict[str, Any]:
    if kind == "matrix":
        return {"labels": dict(one.labels), "values": [[when, _number(text)] for when, text in one.samples]}
    when, text = one.samples[-1]
    return {"labels": dict(one.labels), "value": _number(text), "text": text, "time": when}


def _by(question: Question, answer: Answer, latest: list[float | None]) -> dict[str, float | None]:
    names = [one.labels.get(question.by, "") for one in answer.series]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(
            f"{_named(question)} gives several series with {question.by}={twice[0]!r}: aggregate them, such as with sum by "
            f"({question.by}) (…)"
        )
    return dict(zip(names, latest))


def _number(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
