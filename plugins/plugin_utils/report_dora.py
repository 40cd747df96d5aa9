# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four figures of DORA from ledgers and rollout records, with the rollbacks that really were: pure.

A deployment is a run that brought an app another version; what a host has for the first time outside of a run is none.
It has failed when a host took itself back, when its run took hosts back, when its rollout did not succeed, or when a
later run left its version for the one before.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.metrics import seconds
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import stamp
from ansible_collections.groundcrew.fleet.plugins.module_utils.ledger_info.state import BACK, FIRST, FORWARD, TRY

GOOD = ("done", "finished")
DAY_S = 86400
# Switches without a run id belong together when no hour lies between them.
GAP_S = 3600
# A build without a date of its own has the beginning of time.
EARLIEST_BUILD = "1971"
_ROLLED_BACK = re.compile(r"(?P<app>\S+) back from (?P<version>.+)")


class Event(NamedTuple):
    """One line of a ledger about a release, with the host that has it and its time in seconds since 1970."""

    host: str
    at: float
    told: Mapping[str, Any]

    @property
    def stands(self) -> bool:
        return self.told["result"] in GOOD


class Deployment(NamedTuple):
    """One deployment. `restored_at` is when a failed one was over, None while it is not; `rollback` the run that ended it."""

    run_id: str
    app: str
    versions: tuple[str, ...]
    hosts: tuple[str, ...]
    began: float
    ended: float
    stood: bool
    why: str = ""
    restored_at: float | None = None
    rollback: str = ""
    built: float | None = None
    who: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.why)


def deployments(
    releases: Mapping[str, Iterable[Mapping[str, Any]]], rollouts: Sequence[Mapping[str, Any]]
) -> list[Deployment]:
    """Return the deployments that the hosts' ledgers tell of, oldest first, judged by all that came after them."""
    found: list[Deployment] = []
    known = {one["run_id"]: one for one in rollouts}
    rolled_back = set()
    for run in _runs(_events(releases)):
        forward = [one for one in run if one.told["kind"] in (FIRST, FORWARD)]
        back = [one for one in run if one.told["kind"] == BACK and one.stands]
        if forward:
            found.append(_deployment(run, forward, back, known.get(forward[0].told["run_id"], {})))
        elif back:
            rolled_back.add(back[0].told["run_id"])
            left = {one.told["from"] for one in back}
            found = _rolled_back(found, back[0].told["app"], left, run[-1].at, back[0].told["run_id"])
    # Two colours change places in the load balancer, of which no ledger of an app's host tells.
    for rollout in rollouts:
        told = _ROLLED_BACK.fullmatch(rollout["intent"]) if rollout["name"] == "rollback" else None
        if told and rollout["run_id"] not in rolled_back and any(host["touched"] for host in rollout["hosts"]):
            found = _rolled_back(
                found, told["app"], {told["version"]}, rollout["last"], rollout["run_id"], rollout["began"]
            )
    return _restored(sorted(found, key=lambda one: (one.began, one.app)))


def figures(found: Sequence[Deployment], since: float, days: float) -> dict[str, Any]:
    """Return the four figures of the deployments since then; one that nobody can know is None."""
    counted = [one for one in found if one.began >= since]
    failed = [one for one in counted if one.failed]
    restores = [one.restored_at - one.began for one in failed if one.restored_at is not None]
    leads = [one.ended - one.built for one in counted if one.built is not None and one.stood]
    return {
        "deployments": len(counted),
        "deployments_per_week": round(7 * len(counted) / days, 1),
        "failed": len(failed),
        "change_failure_percent": round(100 * len(failed) / len(counted), 1) if counted else None,
        "restore_s_median": _median(restores),
        "restore_s_worst": round(max(restores)) if restores else None,
        "not_restored": len(failed) - len(restores),
        "lead_s_median": _median(leads),
        "lead_known": len(leads),
    }


def rows(found: Sequence[Deployment], since: float) -> list[dict[str, Any]]:
    """Return the deployments since then as plain data, the newest first."""
    return [_row(one) for one in reversed(found) if one.began >= since]


def _row(one: Deployment) -> dict[str, Any]:
    over = one.restored_at if one.failed else None
    return {
        "when": stamp(one.began),
        "app": one.app,
        "versions": list(one.versions),
        "run_id": one.run_id,
        "who": one.who,
        "hosts": list(one.hosts),
        "failed": one.failed,
        "why": one.why,
        "rollback": one.rollback,
        "restore_s": None if over is None else round(over - one.began),
        "lead_s": None if one.built is None or not one.stood else round(one.ended - one.built),
    }


def _events(releases: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Event]:
    found = [Event(host, seconds(told["when"]) or 0.0, told) for host, several in releases.items() for told in several]
    return sorted(found, key=lambda one: (one.at, one.host))


def _runs(events: Iterable[Event]) -> list[list[Event]]:
    """Return the events of each run and app, in the order in which the runs ended."""
    runs: dict[tuple[str, ...], list[Event]] = {}
    for event in events:
        told = event.told
        if told["run_id"]:
            runs.setdefault((told["run_id"], told["app"]), []).append(event)
            continue
        if told["kind"] == FIRST:
            continue
        before = [
            key
            for key, run in runs.items()
            if key[:3] == ("", told["app"], told["to"]) and event.at - run[-1].at < GAP_S
        ]
        runs.setdefault(before[-1] if before else ("", told["app"], told["to"], told["when"]), []).append(event)
    return sorted(runs.values(), key=lambda run: run[-1].at)


def _deployment(
    run: Sequence[Event], forward: Sequence[Event], back: Sequence[Event], rollout: Mapping[str, Any]
) -> Deployment:
    undone = [one for one in forward if not one.stands]
    over = [one.at for one in (*undone, *back)]
    tries = [one.at for one in run if one.told["kind"] == TRY]
    builds = [seconds(one.told["built_at"]) for one in forward if one.told["built_at"] > EARLIEST_BUILD]
    first = forward[0].told
    return Deployment(
        run_id=first["run_id"],
        app=first["app"],
        versions=tuple(dict.fromkeys(one.told["to"] for one in forward)),
        hosts=tuple(sorted({one.host for one in forward})),
        began=min([*tries, *(one.at for one in forward)]),
        ended=max(one.at for one in forward),
        stood=any(one.stands for one in forward),
        why=_why(undone, back, rollout),
        restored_at=max(over) if over else None,
        built=next((one for one in builds if one is not None), None),
        who=first["who"],
    )


def _why(undone: Sequence[Event], back: Sequence[Event], rollout: Mapping[str, Any]) -> str:
    if undone:
        return f"{undone[0].host} took itself back: {undone[0].told['why'] or 'no reason is known'}"
    if back:
        return f"its run took {', '.join(sorted({one.host for one in back}))} back"
    return "" if rollout.get("ok", True) else str(rollout["verdict"])


def _rolled_back(
    found: Sequence[Deployment], app: str, left: set[str], at: float, run_id: str, before: float | None = None
) -> list[Deployment]:
    """Return the deployments with the latest one of a version that was left marked as failed."""
    for number in range(len(found) - 1, -1, -1):
        one = found[number]
        fits = one.app == app and (left & set(one.versions) or left == {"any version"})
        if fits and one.ended <= (at if before is None else before):
            why = one.why or f"rolled back{f' by {run_id}' if run_id else ''}"
            return [*found[:number], one._replace(why=why, restored_at=at, rollback=run_id), *found[number + 1 :]]
    return list(found)


def _restored(found: Sequence[Deployment]) -> list[Deployment]:
    """What nobody took back is over with the next deployment of the app that stands."""
    return [_over(one, found[number + 1 :]) for number, one in enumerate(found)]


def _over(one: Deployment, later: Iterable[Deployment]) -> Deployment:
    if not one.failed or one.restored_at is not None:
        return one
    stand = (other.ended for other in later if other.app == one.app and not other.failed)
    return one._replace(restored_at=next(stand, None))


def _median(values: Sequence[float]) -> int | None:
    return round(statistics.median(values)) if values else None
