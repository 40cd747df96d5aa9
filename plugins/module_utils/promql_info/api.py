# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Prometheus' HTTP API: instant and range queries, and in plain words why one got no answer."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from .._errors import BadInput, CommandFailed
from .._http import Refused, Server

# By the type that Prometheus gives its error. What is missing here is no matter of the query.
CURES = {
    "bad_data": "mend the query",
    "execution": "mend the query: aggregate the side that has several series, or ask for less at once",
    "timeout": "ask for less at once, or raise --query.timeout there",
}


class Series(NamedTuple):
    """One series: its labels, and the samples as (seconds since 1970, what Prometheus wrote), oldest first."""

    labels: Mapping[str, str]
    samples: tuple[tuple[float, str], ...]

    @property
    def numbers(self) -> list[tuple[float, float]]:
        """The samples that are a finite number."""
        found = ((when, float(text)) for when, text in self.samples)
        return [(when, value) for when, value in found if math.isfinite(value)]


class Answer(NamedTuple):
    """What a query came to: vector, matrix or scalar, and what Prometheus remarked on it."""

    kind: str
    series: tuple[Series, ...]
    remarks: tuple[str, ...] = ()


def instant(server: Server, query: str, *, at: float | None = None) -> Answer:
    """Return the answer as of `at`, in seconds since 1970, or of now.

    Raise BadInput for what is no PromQL, CommandFailed for every other reason that there is no answer.
    """
    return _ask(server, "query", {"query": query, **({} if at is None else {"time": f"{at:.3f}"})})


def between(server: Server, query: str, *, start: float, end: float, step_s: float) -> Answer:
    """Return the answer at each step from `start` to `end`; it raises what `instant` does."""
    asked = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step_s:g}"}
    return _ask(server, "query_range", asked)


def _ask(server: Server, path: str, asked: Mapping[str, str]) -> Answer:
    try:
        told = server.ask("POST", f"api/v1/{path}", form=asked)
    except Refused as error:
        _refused(server, asked["query"], error)
    try:
        return _parsed(told)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise server.strange(told) from error


def _refused(server: Server, query: str, error: Refused) -> NoReturn:
    """Raise what Prometheus said of the query; what somebody else said in its place goes on as it came."""
    try:
        told = json.loads(error.said)
        kind, said = str(told["errorType"]), str(told["error"])
    except (KeyError, TypeError, ValueError):
        raise error from None
    cure = f"; {CURES[kind]}" if kind in CURES else ""
    wrong = BadInput if kind == "bad_data" else CommandFailed
    raise wrong(f"Prometheus at {server.url} has no answer to the query {query!r}: {said}{cure}") from error


def _parsed(told: Any) -> Answer:
    kind, result = str(told["data"]["resultType"]), told["data"]["result"]
    if kind == "string":
        raise BadInput(f"the query is the text {result[1]!r}, and no figures come of it: mend the query")
    rows = [{"metric": {}, "value": result}] if kind == "scalar" else result
    remarks = [*(told.get("warnings") or ()), *(told.get("infos") or ())]
    return Answer(kind, tuple(_series(row) for row in rows), tuple(str(one) for one in remarks))


def _series(row: Mapping[str, Any]) -> Series:
    if "histogram" in row or "histograms" in row:
        raise CommandFailed(
            f"the query gives native histograms ({tell(row['metric'])}), which are no numbers: put it into "
            "histogram_quantile(), histogram_sum() or histogram_count()"
        )
    samples = row["values"] if "values" in row else [row["value"]]
    return Series(dict(row["metric"]), tuple((float(when), str(text)) for when, text in samples))


def tell(labels: Mapping[str, str]) -> str:
    """Return a series' name as PromQL writes it, such as up{job="node"}."""
    inner = ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__")
    return f"{labels.get('__name__', '')}{{{inner}}}"
