# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures gate of a rollout: what load balancers or Prometheus say of the hosts that have the change, and of the rest."""

from __future__ import annotations

import math
import re
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, FleetError, Unreadable
from ansible_collections.groundcrew.fleet.plugins.module_utils._http import Server
from ansible_collections.groundcrew.fleet.plugins.module_utils.promql_info import api
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import figures
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.figures import (
    CANARY,
    REST,
    Figures,
    Limits,
    Watch,
)

PAUSE_S = 2.0
# In queries: a regular expression of the hosts' names, and the seconds to look back.
HOSTS, WINDOW = "$hosts", "$window"


def check(gate: Mapping[str, Any]) -> None:
    """Raise BadInput for a gate that asks nobody, or asks in a way that cannot tell one host from another."""
    if not (gate["alertmanager_url"] or gate["load_balancers"] or gate["prometheus"]):
        raise BadInput("gate: it asks nobody. Give alertmanager_url, load_balancers or prometheus")
    figures.limits(gate)
    if gate["observe_s"] < 0:
        raise BadInput(f"gate: observe_s {gate['observe_s']:g} is no time to watch. Give seconds, 0 for none")
    asked = gate["prometheus"] or {}
    parts = urllib.parse.urlsplit(asked.get("url", "http://prometheus"))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"gate: prometheus.url {asked['url']!r} is no http or https URL. For instance http://mon1:9090")
    for name in ("requests", "errors", "p99"):
        if asked.get(name) and HOSTS not in asked[name]:
            raise BadInput(
                f"gate: prometheus.{name} {asked[name]!r} has no {HOSTS}, so it cannot tell changed hosts from the rest. "
                f'For instance sum(increase(http_requests_total{{instance=~"({HOSTS}):.*"}}[{WINDOW}]))'
            )


def of_balancers(answers: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Figures], list[str]]:
    """Return both groups' figures from the results of lb_backend_info, and why a load balancer told none."""
    silent = [
        f"load balancer {one.get('item', '')} told no figures: {one.get('msg', 'no answer')}"
        for one in answers
        if one.get("unreachable") or one.get("failed") or "figures" not in one
    ]
    told = [one["figures"] for one in answers if "figures" in one]
    return {group: figures.add(figures.parse(one[group]) for one in told) for group in (CANARY, REST)}, silent


def of_prometheus(server: Server, asked: Mapping[str, Any], watch: Watch, window_s: float) -> dict[str, Figures]:
    """Return both groups' figures as Prometheus answers the queries of `asked`. Raise FleetError where it gives no number."""
    found = {}
    for group, hosts in ((CANARY, watch.canary), (REST, watch.rest)):
        values = {
            name: _value(server, _filled(asked[name], hosts, window_s)) if hosts else None
            for name in ("requests", "errors", "p99")
            if asked.get(name)
        }
        requests, errors = (round(values[name] or 0) for name in ("requests", "errors"))
        found[group] = Figures(requests, errors, values.get("p99"))
    return found


def wait_until_enough(
    ask: Callable[[], dict[str, Figures]],
    limits: Limits,
    wait_s: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Figures]:
    """Return the figures as soon as there was enough traffic to judge by, else those after `wait_s` seconds."""
    ends, found = clock() + wait_s, ask()
    while not figures.is_enough(found[CANARY], limits) and clock() < ends:
        sleep(min(PAUSE_S, max(0.0, ends - clock())))
        found = ask()
    return found


def _filled(query: str, hosts: Sequence[str], window_s: float) -> str:
    # Within a quoted string of PromQL a backslash stands doubled.
    names = "|".join(re.escape(host).replace("\\", "\\\\") for host in hosts)
    return query.replace(HOSTS, names).replace(WINDOW, f"{max(1, math.ceil(window_s))}s")


def _value(server: Server, query: str) -> float | None:
    """Return the one number that a query comes to, None where there is none (no series, or not a number)."""
    try:
        series = api.instant(server, query).series
    except FleetError as error:
        raise Unreadable(f"the query {query!r} has no answer: {error}") from error
    if len(series) > 1:
        raise Unreadable(
            f"Prometheus at {server.url} answered {query!r} with {len(series)} series: make it one, with sum() or max()"
        )
    numbers = series[0].numbers if series else []
    return numbers[-1][1] if numbers else None
