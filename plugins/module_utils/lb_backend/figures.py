# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Latency and errors of each server from the requests that HAProxy remembers: pure.

HAProxy counts and averages, but it knows no percentile. The role's configuration therefore keeps a short line of each
request in a ring in its memory:

    request TIME BACKEND SERVER METHOD STATUS RECEIVED QUEUED CONNECTED ANSWERED ALL TERMINATION RETRIES

TIME is when the request came, in seconds of the epoch, and the five times are milliseconds, -1 where it never got there.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

WORD = "request"
FIELDS = 13
# Where two instances of an app stand side by side on a host, its servers are HOST-blue and HOST-green.
COLOURS = frozenset({"blue", "green"})
# Who ended the request before its time: the server (S, s), or HAProxy for want of something (R, I). Clients are not ours.
SERVERS_FAULT = frozenset("SsRI")


class Request(NamedTuple):
    """One request: when it came, who answered, and in how many seconds. `failed` is what a user would call an error."""

    at: float
    backend: str
    server: str
    status: int
    seconds: float
    failed: bool
    retries: int


class Window(NamedTuple):
    """Which requests count: those since a moment, and of each server the newest `last`, all where it is 0."""

    since: float = 0.0
    last: int = 0


def parse(lines: Iterable[str]) -> list[Request]:
    """Return the requests in HAProxy's order; other lines of the log, and one that was cut, are passed over."""
    found = []
    for line in lines:
        words = line.split(" ")
        if words[0] == WORD and len(words) == FIELDS:
            request = _request(words)
            found += [request] if request else []
    return found


def _request(words: Sequence[str]) -> Request | None:
    try:
        status, received, queued, connected, answered, everything = (int(word) for word in words[5:11])
        at, retries = float(words[1]), int(words[12].lstrip("+"))
    except ValueError:
        return None
    # What a slow client adds, by sending its request or taking its answer, is not the server's.
    waited = queued + connected + answered if answered >= 0 else everything - max(received, 0)
    failed = status >= 500 or words[11][0] in SERVERS_FAULT
    return Request(at, words[2], words[3], status, max(waited, 0) / 1000, failed, retries)


def figures(requests: Sequence[Request], backends: Collection[str], window: Window) -> dict[str, dict[str, Any]]:
    """Return for each backend and server what the requests within the window were like.

    A request that no server got is told under HAProxy's own word for that, `<NOSRV>`. Requests that a frontend answers
    itself, with a redirect or a refusal, are in none of the `backends`.
    """
    chosen: dict[str, dict[str, list[Request]]] = {}
    for one in requests:
        if one.at >= window.since and one.backend in backends:
            chosen.setdefault(one.backend, {}).setdefault(one.server, []).append(one)
    return {
        backend: {server: _told(rows[-window.last :]) for server, rows in sorted(servers.items())}
        for backend, servers in sorted(chosen.items())
    }


def of_groups(
    requests: Sequence[Request], groups: Mapping[str, Collection[str]], backends: Collection[str], window: Window
) -> dict[str, dict[str, Any]]:
    """Return what the requests to each group of hosts were like, all together: a group's percentile is of all its requests."""
    found: dict[str, list[Request]] = {name: [] for name in groups}
    for one in requests:
        if one.at >= window.since and one.backend in backends:
            for name, hosts in groups.items():
                if one.server in hosts or _host_of(one.server) in hosts:
                    found[name].append(one)
    return {name: _told(rows) for name, rows in found.items()}


def _host_of(server: str) -> str:
    """Return the host of a server that is one of its two colours, "" for any other."""
    host, _dash, colour = server.rpartition("-")
    return host if colour in COLOURS else ""


def _told(rows: Sequence[Request]) -> dict[str, Any]:
    seconds = sorted(row.seconds for row in rows)
    errors = sum(row.failed for row in rows)
    return {
        "requests": len(rows),
        "errors": errors,
        "error_ratio": round(errors / len(rows), 6) if rows else 0.0,
        "retries": sum(row.retries for row in rows),
        "p50_s": quantile(seconds, 0.5),
        "p99_s": quantile(seconds, 0.99),
        "slowest_s": quantile(seconds, 1),
    }


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest of the `ordered` values that at least `share` of them do not exceed; 0 when there are none."""
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 4) if ordered else 0.0


def span(requests: Sequence[Request]) -> Mapping[str, float]:
    """Return the times of the oldest and the newest request; nothing where there is none."""
    return {"oldest": min(one.at for one in requests), "newest": max(one.at for one in requests)} if requests else {}
