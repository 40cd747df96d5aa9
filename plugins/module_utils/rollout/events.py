# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The rollout record's events, and the fold that turns them into the state of every host.

A host is *planned*, then *begun* (named before it is contacted, so that one that never answers is counted), has
its lock granted, is *touched* (from here on it may have changed), and in the end *done* or *failed*.
*lost*: begun, and never heard of again. *skipped*: done by an earlier attempt. *undone*: taken back.
*stuck*: it could not be taken back. *opted out*: it takes no part, since somebody said so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import Unreadable

VERSION = 1
FINISHED = ("done", "skipped")
OPTED_OUT = "opted out"
OPEN = ("begun", "touched")
MISSED = ("failed", "lost")
Event = Mapping[str, Any]


class Host(NamedTuple):
    """One host of a run. `touched` outlives attempts until the host is undone.

    `locked` while this attempt has its lock, `undoing` while it is taken back. `looked`: the preflight has let it pass.
    `spared`: it failed before it left its load balancers. `silenced`: the hosts of Alertmanager, each with its address,
    that keep a silence for it; it outlives attempts until it is ended. `handled`: an earlier attempt has begun its turn, and
    may have left it drained.
    """

    state: str = "planned"
    wave: int = 0
    attempt: int = 0
    locked: bool = False
    touched: bool = False
    undoing: bool = False
    looked: bool = False
    spared: bool = False
    silenced: tuple[tuple[str, str], ...] = ()
    handled: bool = False
    load_balancer: str = ""
    why: str = ""
    began: float = 0.0
    ended: float = 0.0


class Run(NamedTuple):
    """A run as its record tells it. `stopped` says why no further wave may start; `ended` that the verdict was given.

    `stands`: it stopped for a reason that lies outside of the change, so what was changed is not taken back.
    `outside_windows` is why it may run when no window is open.
    """

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
    stands: bool = False
    ended: bool = False
    outside_windows: str = ""

    def in_state(self, *states: str) -> tuple[str, ...]:
        """Return the hosts that are in one of the states, in the run's order."""
        return tuple(name for name, host in self.hosts.items() if host.state in states)


def host_event(host: str, state: str, *, why: str = "", load_balancer: str = "", **flags: bool) -> dict[str, Any]:
    """Return the event that brings `host` into `state`, or that says `locked`, `undoing` or `looked`.

    `flags` are `keeps_lock` and `spared`.
    """
    told = {"event": "host", "host": host, "state": state, "why": why, "load_balancer": load_balancer}
    return {**told, **{name: True for name, flag in flags.items() if flag}}


def stop_event(why: str, *, stands: bool = False) -> dict[str, Any]:
    """Return the event after which no further wave starts; with `stands` nobody is taken back either."""
    return {"event": "stop", "why": why, "stands": stands}


def plan_event(waves: Iterable[Sequence[str]]) -> dict[str, Any]:
    """Return the event that lays the waves of this attempt out anew, before the first one."""
    return {"event": "plan", "waves": [list(wave) for wave in waves]}


def silence_event(host: str, at: Iterable[Sequence[str]]) -> dict[str, Any]:
    """Return the event that says where a silence for the host is kept now: hosts and addresses, none when it ended."""
    return {"event": "silence", "host": host, "at": [list(one) for one in at]}


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
    wave_of = _wave_of(event["waves"])
    old = before.hosts if before else {}
    kept = [name for name, host in old.items() if host.touched or host.state in FINISHED]
    hosts = {}
    for name in dict.fromkeys([*kept, *event["hosts"]]):
        hosts[name] = _planned_again(old.get(name, Host()), event["attempt"], wave_of.get(name))
    for name, why in event.get("opted_out", {}).items():
        hosts[name] = Host(state=OPTED_OUT, why=why, touched=old.get(name, Host()).touched)
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
        outside_windows=event.get("outside_windows", ""),
    )


def _wave_of(waves: Sequence[Sequence[str]]) -> dict[str, int]:
    return {host: number for number, wave in enumerate(waves, 1) for host in wave}


def _planned_again(host: Host, attempt: int, wave: int | None) -> Host:
    """Return the host as the new attempt finds it; one that is not in its waves stays what it was."""
    if wave is None:
        return host._replace(state="skipped") if host.state == "done" else host
    handled = host.handled or bool(host.began)
    return Host(wave=wave, attempt=attempt, touched=host.touched, silenced=host.silenced, handled=handled)


def _apply(run: Run | None, event: Event) -> Run:
    if run is None:
        raise Unreadable("the rollout record does not start with its beginning. Start a new run")
    run = run._replace(last=event["at"])
    if event["event"] in ("host", "silence"):
        name = event["host"]
        host = run.hosts.get(name, Host())
        after = _host(host, event) if event["event"] == "host" else _silence(host, event)
        return run._replace(hosts={**run.hosts, name: after})
    if event["event"] == "plan":
        return _laid_out(run, event["waves"])
    if event["event"] == "stop" and not run.stopped:
        return run._replace(stopped=event["why"], stands=event.get("stands", False))
    if event["event"] == "end":
        return run._replace(ended=True)
    return run


def _laid_out(run: Run, waves: Sequence[Sequence[str]]) -> Run:
    """Return the run with other waves for this attempt; a host that has none any more needs none."""
    wave_of = _wave_of(waves)
    hosts = {
        name: host._replace(wave=wave_of.get(name, 0)) if host.attempt == run.attempt else host
        for name, host in run.hosts.items()
    }
    return run._replace(waves=tuple(tuple(wave) for wave in waves), hosts=hosts)


def _silence(host: Host, event: Event) -> Host:
    return host._replace(silenced=tuple((at, url) for at, url in event["at"]))


def _host(host: Host, event: Event) -> Host:
    state, at = event["state"], event["at"]
    if state == "looked":
        return host._replace(looked=True)
    if state == "undoing":
        return host._replace(undoing=True, spared=False)
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
        spared=host.spared or event.get("spared", False),
        load_balancer=event["load_balancer"] or host.load_balancer,
        why=host.why if _is_told(host.state, state) else event["why"] or host.why,
        ended=at,
    )


def _is_told(before: str, after: str) -> bool:
    """Whether the first reason stays: what becomes of a host that failed already is told by another event."""
    return (before in MISSED and after == "failed") or before == after == "stuck"


def open_hosts(run: Run, *, apart_from: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the hosts of this attempt that were begun and have not ended."""
    return tuple(
        name
        for name, host in run.hosts.items()
        if host.state in OPEN and host.attempt == run.attempt and name not in apart_from
    )
