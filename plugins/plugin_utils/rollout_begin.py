# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a rollout begins: everything that can be refused is refused here, before any host hears of it."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import decide, waves
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.events import Run
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.waves import Size
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import (
    rollout_alerts,
    rollout_calendar,
    rollout_driver,
    rollout_figures,
    rollout_record,
    rollout_windows,
)
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_record import Place

# A pattern for a play that has nobody to go over.
NO_HOST = "all:!all"


class Wanted(NamedTuple):
    """What `begin` was asked for, understood; `resume` is auto, never or a run id.

    `opted_out` says why each host that takes no part does not; the other ones are `hosts`.
    """

    name: str
    intent: str
    reason: str
    run_id: str
    hosts: tuple[str, ...]
    sizes: tuple[Size, ...]
    limit: int
    take_back: str
    resume: str
    opted_out: Mapping[str, str]
    outside_windows: str


def in_force(options: Mapping[str, Any], now: datetime, *, check: bool) -> list[str]:
    """Return what the head says of windows and freezes at `now`. Raise BadInput for those that cannot be understood.

    And where nothing may begin now, unless this is a check or `outside_windows` says why it may all the same.
    """
    when = rollout_windows.understand(options["windows"], options["freezes"])
    outside = rollout_calendar.outside_reason(options["outside_windows"])
    closed = rollout_calendar.closed(when, now, outside=outside)
    if closed and not check:
        raise BadInput(
            f"{closed}. Wait, or say in a sentence why it cannot: -e 'rollout_outside_windows=\"…\"' (it goes into the record)"
        )
    lines = rollout_calendar.tell(when, now)
    return [*lines, "check mode tells only: a real run would be refused now"] if closed else lines


def understand(options: Mapping[str, Any], opted_out: Mapping[str, str]) -> Wanted:
    """Return what the options ask for; raise BadInput naming the first value that cannot be right."""
    everybody = waves.check_hosts([str(host) for host in options["hosts"]])
    hosts = tuple(host for host in everybody if host not in opted_out)
    if options["take_back"] != "none" and not options["can_take_back"]:
        raise BadInput(
            f"take_back: {options['take_back']!r}, but nothing undoes this change. Use none, or name rollout_undo"
        )
    if options["gate"]:
        if options["gate"]["alertmanager_url"]:
            rollout_alerts.check_url(options["gate"]["alertmanager_url"])
        rollout_alerts.check_wait(options["gate"]["wait_s"])
        rollout_figures.check(options["gate"])
    return Wanted(
        name=_word(options["name"], "name", r"[a-z0-9][a-z0-9_-]{0,39}", "small letters, digits and dashes"),
        intent=options["intent"],
        reason=options["reason"] or "",
        run_id=_word(
            options["run_id"] or "", "run_id", r"([A-Za-z0-9][\w.-]{0,99})?", "letters, digits, dashes and dots"
        ),
        hosts=hosts,
        sizes=waves.parse_waves(options["waves"]),
        limit=waves.parse_limit(options["limit"], len(hosts)),
        take_back=options["take_back"],
        resume=options["resume"],
        opted_out=opted_out,
        outside_windows=rollout_calendar.outside_reason(options["outside_windows"]),
    )


def _word(given: str, option: str, pattern: str, cure: str) -> str:
    if re.fullmatch(pattern, given, re.ASCII):
        return given
    raise BadInput(f"{option}: {given!r} would not do as a part of a file name. Use {cure}")


def begin(wanted: Wanted, place: Place, driver: Mapping[str, Any]) -> Run:
    """Begin a run or resume one, as the only one to do so at this moment, and return it.

    Raise HostLocked when another living driver rolls out one of the hosts. One on another machine cannot be seen and
    counts as alive: its run is taken over only by whoever names it, as `resume` or `run_id`.
    """
    with rollout_record.opening(place) as runs:
        others = [run for run in runs if dict(run.driver) != dict(driver)]
        earlier = None if place.check else _earlier(wanted, runs, others)
        if not place.check:
            rollout_record.refuse_second(others, wanted.hosts, take_over=earlier.run_id if earlier else "")
        event = _event(wanted, earlier, driver)
        path = place.record(event["run_id"])
        if place.check:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        return rollout_record.append(path, lambda _before: [event])


def _earlier(wanted: Wanted, runs: Sequence[Run], others: Sequence[Run]) -> Run | None:
    """Return the run to resume. A run id of the user's own that is on record means that run.

    Only by name a run of `others` whose driver may live: left to itself, a resumed run is one that was interrupted.
    """
    if wanted.run_id and any(run.run_id == wanted.run_id for run in runs):
        if wanted.resume == "never":
            raise BadInput(f"run_id: {wanted.run_id} is on record already. Give another one, or resume=auto")
        return decide.to_resume(runs, want=wanted.run_id, name=wanted.name, intent=wanted.intent, now=time.time())
    if wanted.run_id and wanted.resume == "auto":
        return None
    if wanted.resume == "auto":
        runs = [run for run in runs if run not in others or not rollout_driver.lives(run.driver)]
    return decide.to_resume(runs, want=wanted.resume, name=wanted.name, intent=wanted.intent, now=time.time())


def _event(wanted: Wanted, earlier: Run | None, driver: Mapping[str, Any]) -> dict[str, Any]:
    left = decide.remaining(earlier, wanted.hosts)
    return {
        "event": "begin",
        "run_id": earlier.run_id if earlier else wanted.run_id or _new_run_id(wanted.name),
        "name": wanted.name,
        "intent": wanted.intent,
        "reason": wanted.reason or (earlier.reason if earlier else ""),
        "attempt": earlier.attempt + 1 if earlier else 1,
        "hosts": list(wanted.hosts),
        "waves": [list(wave) for wave in waves.split(left, wanted.sizes, total=len(wanted.hosts))],
        "limit": wanted.limit,
        "take_back": wanted.take_back,
        "driver": dict(driver),
        "opted_out": dict(wanted.opted_out),
        "outside_windows": wanted.outside_windows,
    }


def _new_run_id(name: str) -> str:
    """Return an id that sorts by time and reads well: 20261123T1731-deploy-ab12."""
    return f"{time.strftime('%Y%m%dT%H%M', time.gmtime())}-{name}-{secrets.token_hex(2)}"


def plan_facts(batches: Sequence[Sequence[str]], *, sentinels: bool) -> dict[str, Any]:
    """Return what one serial play iterates: hosts, serial, sentinels, and `planned`, the hosts that are real."""
    layout = waves.lay_out(batches, sentinels=sentinels)
    return {
        "planned": [host for batch in batches for host in batch],
        "hosts": list(layout.hosts),
        "serial": list(layout.serial),
        "sentinels": list(layout.sentinels),
    }


def look_at(plan: Mapping[str, Any]) -> list[str] | str:
    """Return whom the preflight's play goes over: all planned hosts, and a sentinel, since all of them might be dead."""
    return [*plan["planned"], *plan["sentinels"][:1]] if plan["planned"] else NO_HOST
