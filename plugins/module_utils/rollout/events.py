# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The rollout record's events, and the fold that turns them into the state of every host.

A host is *planned*, then *begun* (named before it is contacted, so that one that never answers is counted), has
its lock granted, is *touched* (from here on it may have changed), and in the end *done* or *failed*.
*lost*: begun, and never heard of again. *skipped*: done by an earlier attempt. *undone*: taken back.
*stuck*: it could not be taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import Unreadable

VERSION = 1
FINISHED = ("done", "skipped")
OPEN = ("begun", "touched")
MISSED = ("failed", "lost")
Event = Mapping[str, Any]


class Host(NamedTuple):
    """One host of a run. `touched` outlives attempts until the host is undone.

    `locked` while this attempt has its lock, `undoing` while it is taken back.
    """

    state: str = "planned"
    wave: int = 0
    attempt: int = 0
    locked: bool = False
    touched: bool = False
    undoing: bool = False
    load_balancer: str = ""
    why: str = ""
    began: float = 0.0
    ended: float = 0.0


class Run(NamedTuple):
    """A run as its record tells it. `stopped` says why no further wave may start; `ended` that the verdict was given."""

    run_id: str
    name: str
    intent: str
    reason: str
    attempt: int
    waves: tuple[tuple[str, ...], ...]
    limit: int
    take_back: str
    driver: Mapping[str, Any]
    hosts: Mapping[str, Host]
    began: float
    last: float
    stopped: str = ""
    ended: bool = False

    def in_state(self, *states: str) -> tuple[str, ...]:
        """Return the hosts that are in one of the states, in the run's order."""
        return tuple(name for name, host in self.hosts.items() if host.state in states)


def host_event(
    host: str, state: str, *, why: str = "", load_balancer: str = "", keeps_lock: bool = False
) -> dict[str, Any]:
    """Return the event that brings `host` into `state`, or that says `locked` or `undoing`."""
    return {"event": "host", "host": host, "state": state, "why": why, "load_balancer": load_balancer} | (
        {"keeps_lock": True} if keeps_lock else {}
    )


def stop_event(why: str) -> dict[str, Any]:
    """Return the event after which no further wave starts."""
    return {"event": "stop", "why": why}


def fold(events: Iterable[Event], run: Run | None = None) -> Run | None:
    """Return the run that the events tell, or None when there is none; with `run`, go on from there.

    Raise Unreadable for events of another version, or before the first `begin`.
    """
    for event in events:
        if event.get("v") != VERSION:
            raise Unreadable(f"the rollout record has format {event.get('v')!r}, this collection reads {VERSION}")
        run = _begin(run, event) if event["event"] == "begin" else _apply(run, event)
    return run


def _begin(before: Run | None, event: Event) -> Run:
    wave_of = {host: number for number, wave in enumerate(event["waves"], 1) for host in wave}
    old = before.hosts if before else {}
    kept = [name for name, host in old.items() if host.touched or host.state in FINISHED]
    hosts = {}
    for name in dict.fromkeys([*kept, *event["hosts"]]):
        hosts[name] = _planned_again(old.get(name, Host()), event["attempt"], wave_of.get(name))
    return Run(
        run_id=event["run_id"],
        name=event["name"],
        intent=event["intent"],
        reason=event["reason"],
        attempt=event["attempt"],
        waves=tuple(tuple(wave) for wave in event["waves"]),
        limit=event["limit"],
        take_back=event["take_back"],
        driver=event["driver"],
        hosts=hosts,
        began=event["at"],
        last=event["at"],
    )


def _planned_again(host: Host, attempt: int, wave: int | None) -> Host:
    """Return the host as the new attempt finds it; one that is not in its waves stays what it was."""
    if wave is None:
        return host._replace(state="skipped") if host.state == "done" else host
    return Host(wave=wave, attempt=attempt, touched=host.touched)


def _apply(run: Run | None, event: Event) -> Run:
    if run is None:
        raise Unreadable("the rollout record does not start with its beginning. Start a new run")
    run = run._replace(last=event["at"])
    if event["event"] == "host":
        name = event["host"]
        return run._replace(hosts={**run.hosts, name: _host(run.hosts.get(name, Host()), event)})
    if event["event"] == "stop":
        return run._replace(stopped=run.stopped or event["why"])
    if event["event"] == "end":
        return run._replace(ended=True)
    return run


def _host(host: Host, event: Event) -> Host:
    state, at = event["state"], event["at"]
    if state == "undoing":
        return host._replace(undoing=True)
    if state == "locked":
        return host._replace(locked=True)
    if state in OPEN:
        kept = host.state if host.undoing else state
        return host._replace(state=kept, touched=host.touched or state == "touched", began=host.began or at)
    return host._replace(
        # The rescue of a host that never answered reports it failed: lost is what it is, with the first reason.
        state="lost" if (host.state, state) == ("lost", "failed") else state,
        touched=host.touched and state != "undone",
        locked=host.locked and (state == "lost" or event.get("keeps_lock", False)),
        undoing=False,
        load_balancer=event["load_balancer"] or host.load_balancer,
        why=host.why if host.state in MISSED and state == "failed" else event["why"] or host.why,
        ended=at,
    )


def open_hosts(run: Run, *, apart_from: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the hosts of this attempt that were begun and have not ended."""
    return tuple(
        name
        for name, host in run.hosts.items()
        if host.state in OPEN and host.attempt == run.attempt and name not in apart_from
    )
