# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SLOs as the inventory has them, read and refused: pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

# What a query has in place of its range. Square brackets with a word are no PromQL, and nothing to Jinja.
WINDOW = re.compile(r"\[window(?=[\]:])")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
SERIES = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*(\{[^{}]*\})?")
KEYS = ("name", "app", "owner", "objective", "window_days", "backend", "good", "total", "min_failures", "series")
# Shorter, and a page would be for a burn that the objective allows; longer, and nobody remembers the start.
FEWEST_DAYS, MOST_DAYS = 7, 90
NO_LATENCY = (
    "HAProxy's metrics have an average of the last 1024 requests and no histogram, from which no share of slow requests can be told. "
    "Give good and total from a histogram of the app"
)


class Slo(NamedTuple):
    """`objective` is a ratio below 1, `good` and `total` are PromQL with [window] that give events a second.

    `good_series` and `failed_series` are the series that go up by one at a good and at a failed event, none if not given.
    """

    name: str
    app: str
    owner: str
    objective: Decimal
    window_days: int
    good: str
    total: str
    min_failures: Decimal
    good_series: tuple[str, ...] = ()
    failed_series: tuple[str, ...] = ()

    @property
    def budget(self) -> Decimal:
        """The ratio of events that may fail."""
        return 1 - self.objective


def read(slos: Sequence[Mapping[str, Any]], *, default_owner: str = "", kept_days: int = MOST_DAYS) -> list[Slo]:
    """Return the SLOs, their queries whole. Raise BadInput that names the SLO, the key, the value and the cure.

    For instance {app: shop, owner: shop, objective: 99.9, backend: shop} is called shop-http and counts the answers of all
    load balancers for the backend shop. `kept_days` is for how long samples are kept: what is left of a budget is told by them.
    """
    if isinstance(slos, (str, Mapping)) or not isinstance(slos, Sequence):
        raise BadInput(f"monitoring_slos is no list: {slos!r}. Give a list of dictionaries, one for each SLO")
    found = [_slo(one, number, default_owner) for number, one in enumerate(slos)]
    for one in found:
        if one.window_days > kept_days:
            raise BadInput(
                f"SLO {one.name}: window_days is {one.window_days}, and samples are kept for {kept_days} days. "
                "Give fewer days, or raise monitoring_retention_days"
            )
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"SLO {name}: there are {names.count(name)} of that name. Give each a name of its own")
    return found


def _slo(given: object, number: int, default_owner: str) -> Slo:
    if not isinstance(given, Mapping):
        raise BadInput(
            f"SLO {number + 1} is {given!r}. Give a dictionary with app, owner, objective and backend, or good and total"
        )
    name = str(given.get("name") or (f"{given['backend']}-http" if given.get("backend") else ""))
    where = f"SLO {name or number + 1}"
    _refuse_unknown(given, where)
    if not name:
        raise BadInput(f"{where}: it has no name. Give one, such as name: {given.get('app') or 'shop'}-answers")
    wanted = {"name": name, "app": given.get("app"), "owner": given.get("owner") or default_owner}
    for key, value in wanted.items():
        if not NAME.fullmatch(str(value or "")):
            raise BadInput(
                f"{where}: {key} is {value!r}. Give letters, digits, dots, dashes and underscores, such as {key}: shop"
            )
    good, total, good_series, failed_series = _queries(given, where)
    return Slo(
        name,
        str(wanted["app"]),
        str(wanted["owner"]),
        _objective(given, where),
        _window_days(given, where),
        good,
        total,
        _min_failures(given, where),
        good_series,
        failed_series,
    )


def _refuse_unknown(given: Mapping[str, Any], where: str) -> None:
    for key in given:
        if key in KEYS:
            continue
        if str(key).startswith("latency"):
            raise BadInput(f"{where}: {key} cannot be had. {NO_LATENCY}")
        close = difflib.get_close_matches(str(key), KEYS, n=1)
        cure = f"Did you mean {close[0]}?" if close else f"It takes {', '.join(KEYS)}"
        raise BadInput(f"{where}: it has the unknown key {key}. {cure}")


def _objective(given: Mapping[str, Any], where: str) -> Decimal:
    value = _number(given.get("objective"))
    if value is None or not 0 < value < 100:
        raise BadInput(
            f"{where}: objective is {given.get('objective')!r}. Give percent, more than 0 and less than 100, such as 99.9"
        )
    return value / 100


def _window_days(given: Mapping[str, Any], where: str) -> int:
    value = _number(given.get("window_days", 30))
    if value is None or value != int(value) or not FEWEST_DAYS <= value <= MOST_DAYS:
        raise BadInput(
            f"{where}: window_days is {given.get('window_days')!r}. Give whole days from {FEWEST_DAYS} to {MOST_DAYS}, such as 30"
        )
    return int(value)


def _min_failures(given: Mapping[str, Any], where: str) -> Decimal:
    value = _number(given.get("min_failures", 10))
    if value is None or value < 1:
        raise BadInput(
            f"{where}: min_failures is {given.get('min_failures')!r}. Give the failures below which nobody hears of it, 1 or more"
        )
    return value


def _number(value: object) -> Decimal | None:
    # ansible-core 2.16 makes a string of any number that has gone through a variable of a play.
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _queries(given: Mapping[str, Any], where: str) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    asked = [key for key in ("good", "total") if given.get(key)]
    if given.get("backend"):
        if asked or given.get("series"):
            raise BadInput(
                f"{where}: it has backend and {', '.join(asked) or 'series'}. Give backend alone, or good and total"
            )
        return _of_backend(str(given["backend"]), where)
    if len(asked) < 2:
        raise BadInput(
            f"{where}: it has {asked[0] if asked else 'neither good nor total'} alone. Give both queries, or backend for HTTP behind HAProxy"
        )
    for key in asked:
        if not WINDOW.search(str(given[key])):
            raise BadInput(
                f"{where}: {key} is {given[key]!r}, without [window]. Write that for its range, such as rate(requests_total[window])"
            )
    good, failed = _series(given.get("series"), where)
    return str(given["good"]).strip(), str(given["total"]).strip(), good, failed


def _of_backend(backend: str, where: str) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    """Answers of HAProxy for a backend, those of its own when no server is there included; clients that left do not count."""
    if not NAME.fullmatch(backend):
        raise BadInput(f"{where}: backend is {backend!r}. Give the name of a backend of HAProxy")
    metric = "haproxy_backend_http_responses_total"
    good = f'rate({metric}{{proxy="{backend}",code!~"5xx|other"}}[window])'
    total = f'rate({metric}{{proxy="{backend}",code!="other"}}[window])'
    # One load balancer is well and the other is not: whoever looks at one of them sees nothing, or only failures.
    good_series, failed_series = (
        f'{metric}{{proxy="{backend}",code="{code}",host="{host}"}}' for code, host in (("2xx", "lb1"), ("5xx", "lb2"))
    )
    return good, total, (good_series,), (failed_series,)


def _series(given: object, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if given is None:
        return (), ()
    if not isinstance(given, Mapping) or set(given) != {"good", "failed"}:
        raise BadInput(f"{where}: series is {given!r}. Give good and failed, a series of your metrics each, or a list")
    return _names(given, "good", where), _names(given, "failed", where)


def _names(given: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = given[key]
    names = [str(one).strip() for one in (value if isinstance(value, (list, tuple)) else [value])]
    if not names or not all(SERIES.fullmatch(name) for name in names):
        raise BadInput(
            f'{where}: series.{key} is {value!r}. Give one series, or a list, such as requests_total{{code="200"}}'
        )
    return tuple(names)
