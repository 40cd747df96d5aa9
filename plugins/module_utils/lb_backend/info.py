# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""All that a HAProxy tells of its backends and servers."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput, Unreadable
from .._host import haproxy
from . import figures
from .figures import Window
from .state import BACKEND, SHOW_STAT, SHOW_STATE, Server, parse, rows_of

SHOW_INFO = "show info"
# Between two looks at requests that are waited for.
PAUSE_S = 1.0
# Some MiB over a socket, beside the requests that HAProxy has to answer meanwhile.
RING_TIMEOUT_S = 30.0
# HAProxy's columns, in our words: since the process started, which is the last reload.
COUNTERS = {
    "requests": "stot",
    "responses_5xx": "hrsp_5xx",
    "connection_errors": "econ",
    "response_errors": "eresp",
    "retries": "wretr",
    "redispatches": "wredis",
}
RING_NAME = re.compile(r"[A-Za-z0-9_.:-]+", re.ASCII)


class Watch(NamedTuple):
    """Groups of hosts to tell figures of, and for how long: `observe_s`, then until group `until` had so many `requests`."""

    groups: Mapping[str, Sequence[str]] = {}
    backend: str = ""
    observe_s: float = 0.0
    until: str = ""
    requests: int = 0
    wait_s: float = 0.0


NOBODY = Watch()


def watch_of(given: Mapping[str, Any]) -> Watch:
    """Return what the options ask for. Raise BadInput for a group to wait for that is none of the groups."""
    until = given["until"] or {"group": "", "requests": 0, "wait_s": 0.0}
    groups = {str(name): tuple(map(str, hosts)) for name, hosts in given["groups"].items()}
    if until["group"] and until["group"] not in groups:
        raise BadInput(
            f"until: group {until['group']!r} is none of the groups: name one of {', '.join(groups) or 'them'}"
        )
    return Watch(
        groups,
        given["backend"] or "",
        max(0.0, given["observe_s"]),
        until["group"],
        until["requests"],
        max(0.0, until["wait_s"]),
    )


class Answers(NamedTuple):
    """What HAProxy said, command by command; `events` is None where nobody asked."""

    stat: str
    state: str
    info: str
    events: str | None


def ask(socket: str, ring: str) -> Answers:
    """Return HAProxy's answers; raise BadInput for a ring whose name cannot be one."""
    if ring and not RING_NAME.fullmatch(ring):
        raise BadInput(f"ring {ring!r} is no name of a ring: give that of a `ring` section in HAProxy's configuration")
    stat, state, info = (haproxy.ask(socket, command) for command in (SHOW_STAT, SHOW_STATE, SHOW_INFO))
    events = haproxy.ask(socket, f"show events {ring}", timeout_s=RING_TIMEOUT_S) if ring else None
    return Answers(stat, state, info, events)


def since(value: str, now: float) -> float:
    """Return the moment that `value` means: seconds before `now`, or a time such as 2026-11-29T02:00:00Z. "" is ever.

    Raise BadInput for anything else, and for a time without a zone.
    """
    if not value:
        return 0.0
    if re.fullmatch(r"\d+(\.\d+)?", value, re.ASCII):
        return now - float(value)
    try:
        moment = dt.datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadInput(f"since {value!r} is no time: give seconds before now, or one such as 2026-11-29T02:00:00Z")
    return moment.timestamp()


def watched(
    read: Callable[[], Answers],
    watch: Watch,
    window: Window,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Return the module's result once the time to observe is over, and the group it waits for has had its requests.

    After `wait_s` more seconds it returns with what there is, and at once where nobody asks at all: a load balancer that stands
    by would be waited for in vain.
    """
    sleep(watch.observe_s)
    ends = clock() + watch.wait_s
    while True:
        found = told(read(), window, watch)
        idle = not any(one["requests"] for one in found["figures"].values())
        if (
            idle
            or found["figures"].get(watch.until, {}).get("requests", watch.requests) >= watch.requests
            or clock() >= ends
        ):
            return found
        sleep(min(PAUSE_S, max(0.0, ends - clock())))


def told(answers: Answers, window: Window, watch: Watch = NOBODY) -> dict[str, Any]:
    """Return the module's result."""
    rows = rows_of(answers.stat)
    servers = parse(answers.stat, answers.state)
    backends = {
        row["pxname"]: {**_backend(row), "servers": _servers(row["pxname"], servers, rows)}
        for row in rows
        if row["svname"] == BACKEND
    }
    latency, remembered, unknown = _latency(answers.events, backends, window)
    if watch.backend and watch.backend not in backends:
        raise BadInput(f"HAProxy has no backend {watch.backend!r}: it has {', '.join(backends) or 'none'}")
    counted = [watch.backend] if watch.backend else backends
    requests = figures.parse((answers.events or "").splitlines()) if watch.groups else []
    return {
        "backends": backends,
        "counters_since": _moment(_started(answers.info)),
        "latency": latency,
        "figures": figures.of_groups(requests, watch.groups, counted, window),
        "window": {"since": _moment(window.since), **remembered},
        "unknown": unknown,
    }


def _servers(backend: str, servers: Sequence[Server], rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    counted = {row["svname"]: _counters(row) for row in rows if row["pxname"] == backend}
    return {one.name: {**_server(one), **counted[one.name]} for one in servers if one.backend == backend}


def _server(one: Server) -> dict[str, Any]:
    facts = {key: value for key, value in one.told().items() if key != "backend"}
    more = {"configured_weight": one.own_weight, "address": one.address, "serving": one.serving, "check": one.check}
    return {**facts, **more}


def _backend(row: Mapping[str, str]) -> dict[str, Any]:
    counted = _counters(row)
    facts = {"status": row["status"], "sessions": int(row["scur"] or 0), "queued": int(row["qcur"] or 0)}
    return {**facts, "active_servers": int(row["act"] or 0), **counted}


def _counters(row: Mapping[str, str]) -> dict[str, int]:
    return {word: int(row.get(column) or 0) for word, column in COUNTERS.items()}


def _latency(
    events: str | None, backends: Mapping[str, Any], window: Window
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    if events is None:
        return {}, {"requests": 0, "oldest": "", "newest": ""}, ["no ring was asked for, so latency is not known"]
    requests = figures.parse(events.splitlines())
    span = {"oldest": "", "newest": "", **{key: _moment(at) for key, at in figures.span(requests).items()}}
    # HAProxy names the rings that it has where it does not know the one that it was asked for.
    unknown = [] if requests or not events else [f"HAProxy remembers no requests: {events.splitlines()[0][:200]}"]
    return figures.figures(requests, backends, window), {"requests": len(requests), **span}, unknown


def _started(info: str) -> float:
    for line in info.splitlines():
        name, _colon, value = line.partition(": ")
        if name == "Start_time_sec" and value.isdigit():
            return float(value)
    raise Unreadable(f"HAProxy's answer to `{SHOW_INFO}` has no Start_time_sec: {info[:200]!r}")


def _moment(at: float) -> str:
    """Return the moment in UTC; "" for ever."""
    if not at:
        return ""
    moment = dt.datetime.fromtimestamp(at, dt.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
