# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page of the dashboards is made of. The pages themselves are the tables in the files pages_*.py beside this one.

A query is PromQL with these words in it: $host, $app and $backend are what the page is about, $window is the span of a rate,
$range is what the page shows.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["number", "graph", "table", "list", "people"]
# How a value is written: a share of one as per cent, a moment as its age, "up" and "yes" as a word.
Unit = Literal["count", "ratio", "bytes", "bytes/s", "1/s", "s", "age", "up", "yes"]


class Limits(NamedTuple):
    """From which value on something deserves a look, and from which it is bad; downwards where low is bad."""

    warn: float | None = None
    bad: float | None = None
    low_is_bad: bool = False


class Query(NamedTuple):
    """One question to Prometheus.

    `legend` names a series of a graph, with its labels as {label}, or the column of a table. A column shows the value, or the
    values of the label `text`. A row may lack an `optional` column without anything being amiss.
    """

    promql: str
    legend: str = ""
    unit: Unit | None = None
    limits: Limits | None = None
    text: str = ""
    optional: bool = False


class Panel(NamedTuple):
    """A part of a page. `source` is what makes its series, told where there are none, unless `quiet` says that none is fine.

    The rows of a table are one for each value of the labels `key`; `link` is the page that tells more of a row, or of it all.
    """

    title: str
    kind: Kind
    queries: tuple[Query, ...]
    source: str
    unit: Unit = "count"
    limits: Limits | None = None
    good: str = ""
    quiet: str = ""
    link: str = ""
    key: tuple[str, ...] = ()
    section: str = ""
    stacked: bool = False


class Page(NamedTuple):
    """A page. One with a `parameter` is about one host or one app, and `choices` has a series for each that there is.

    `releases` has a series for each release, its value the moment from which on it was active: graphs mark it.
    """

    name: str
    title: str
    about: str
    panels: tuple[Panel, ...]
    parameter: Literal["", "host", "app"] = ""
    choices: str = ""
    releases: str = ""


# Shares of one of what is used up: a processor, memory, a file system.
FULL = Limits(warn=0.8, bad=0.95)
ANY_IS_BAD = Limits(bad=1)
ANY_IS_WORTH_A_LOOK = Limits(warn=1)
DOWN_IS_BAD = Limits(bad=0, low_is_bad=True)
BUDGET = Limits(warn=0.25, bad=0, low_is_bad=True)
# 1 spends a budget exactly in its window, 14.4 two per cent of thirty days' in an hour.
BURN = Limits(warn=1, bad=14.4)
DAY_S = 86400
PATCH_AGE = Limits(warn=14 * DAY_S, bad=30 * DAY_S)
CERTIFICATE = Limits(warn=21 * DAY_S, bad=7 * DAY_S, low_is_bad=True)


def number(
    title: str, promql: str, source: str, *, unit: Unit = "count", limits: Limits | None = None, **more: str
) -> Panel:
    """One figure, or one for each series, named by `legend`."""
    query = Query(promql, more.pop("legend", ""))
    return Panel(title, "number", (query,), source, unit=unit, limits=limits, **more)  # type: ignore[arg-type] # words alone


def firing(title: str, selector: str) -> Panel:
    """The alerts that fire and that `selector` chooses, each since when; they are the same wherever they are shown."""
    chosen = f'ALERTS{{alertstate="firing",alertname!="Watchdog",{selector}}}'
    return Panel(
        title,
        "list",
        (Query(f"ALERTS_FOR_STATE and ignoring(alertstate) {chosen}", "since", "age"),),
        "alert rules",
        quiet="No alert fires.",
        good="nothing fires",
        link="oncall",
        key=("alertname", "severity", "owner", "host", "app", "instance"),
        section="Alerts",
    )
