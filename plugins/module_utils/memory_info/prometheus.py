# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The two questions to Prometheus that a forecast needs."""

from __future__ import annotations

from .._errors import CommandFailed
from .._http import Server
from ..promql_info import api
from ..promql_info.api import Answer, Series
from .forecast import Sample


def samples(server: Server, query: str, *, start: float, end: float, step_s: float) -> list[Sample]:
    """Return time and value of the one series that the query gives; raise FleetError for none or several."""
    return _one(server, query, api.between(server, query, start=start, end=end, step_s=step_s)).numbers


def value(server: Server, query: str) -> float:
    """Return the present value of the one series that the query gives; raise FleetError for none or several."""
    return float(_one(server, query, api.instant(server, query)).samples[-1][1])


def _one(server: Server, query: str, answer: Answer) -> Series:
    found = answer.series
    if len(found) != 1:
        how = f"gives {len(found)} series and one is needed" if found else "gives nothing: has it the host's label?"
        raise CommandFailed(f"Prometheus at {server.url}: {query} {how}")
    return found[0]
