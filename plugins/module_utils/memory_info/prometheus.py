# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Prometheus' HTTP API: the two questions that a forecast needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .._errors import CommandFailed
from .._http import Server
from .forecast import Sample


def samples(server: Server, query: str, *, start: float, end: float, step_s: float) -> list[Sample]:
    """Return time and value of the one series that the query gives; raise CommandFailed for none or several."""
    asked = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step_s:g}"}
    series = _one(server, "query_range", asked)["values"]
    return [(float(when), float(value)) for when, value in series if math.isfinite(float(value))]


def value(server: Server, query: str) -> float:
    """Return the present value of the one series that the query gives; raise CommandFailed for none or several."""
    return float(_one(server, "query", {"query": query})["value"][1])


def _one(server: Server, path: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
    answer = server.ask("POST", f"api/v1/{path}", form=asked)
    try:
        found = list(answer["data"]["result"])
    except (KeyError, TypeError) as error:
        raise server.strange(answer) from error
    if len(found) != 1:
        how = f"gives {len(found)} series and one is needed" if found else "gives nothing: has it the host's label?"
        raise CommandFailed(f"Prometheus at {server.url}: {asked['query']} {how}")
    one: Mapping[str, Any] = found[0]
    return one
