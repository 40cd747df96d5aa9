# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who was paged and when, from the history of alerts: episodes, silences, nights and shifts. Pure.

Prometheus knows when an alert was firing and Alertmanager which silences there were, and neither keeps whom it told:
an alert that wakes somebody, that began to fire and that no silence covered then, is what this calls a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import stamp
from ansible_collections.groundcrew.fleet.plugins.module_utils.alertmanager_silence.state import seconds
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import CALM
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_moments import NIGHT_BEGINS, NIGHT_ENDS

NOBODY = "nobody"
# Labels that tell nothing of what an alert is about.
_PLAIN = ("__name__", "alertname", "alertstate", "severity", "owner")


class Episode(NamedTuple):
    """An alert that fired from `start` to `end`, in seconds since 1970."""

    labels: Mapping[str, str]
    start: float
    end: float


class Shift(NamedTuple):
    """Who is paged for an owner between two moments, and the zone of that person's nights; "" owns what nobody else does."""

    owner: str
    person: str
    start: float
    end: float
    zone: tzinfo


def episodes(series: Iterable[Mapping[str, Any]], step_s: float) -> list[Episode]:
    """Return the times of firing in an answer of promql_info for `ALERTS`, counted over each step; a gap of two steps ends one.

    A value tells of the step before it, so that one which fired for seconds is seen too. It may have begun with that step.
    """
    found = []
    for one in series:
        times = sorted(when for when, _value in one["values"])
        start = 0
        for number in range(1, len(times) + 1):
            if number == len(times) or times[number] - times[number - 1] > 2 * step_s:
                found.append(Episode(one["labels"], times[start] - step_s, times[number - 1]))
                start = number
    return sorted(found, key=lambda one: (one.start, sorted(one.labels.items())))


def is_silenced(episode: Episode, silences: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether one of the silences, as Alertmanager tells them, covered the beginning of the episode."""
    return any(
        seconds(one["startsAt"]) <= episode.start < seconds(one["endsAt"])
        and all(_fits(matcher, episode.labels) for matcher in one["matchers"])
        for one in silences
    )


def is_night(at: float, zone: tzinfo) -> bool:
    """Tell whether it was night then, from 22:00 to 6:00 by the clocks of the zone, summer time included."""
    clock = datetime.fromtimestamp(at, zone).time()
    return clock >= NIGHT_BEGINS or clock < NIGHT_ENDS


def zone_of(name: str) -> tzinfo:
    """Return the time zone of that name. Raise BadInput for none."""
    try:
        return timezone.utc if name == "UTC" else ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise BadInput(f"time zone {name!r} is none. For instance Europe/Berlin, or UTC") from None


def shifts_from(told: Iterable[Mapping[str, Any]]) -> list[Shift]:
    """Return the shifts that a rotation tells, each with `owner`, `person`, `start` and `end` in RFC 3339, and `timezone`."""
    return [
        Shift(one["owner"], one["person"], seconds(one["start"]), seconds(one["end"]), zone_of(one["timezone"]))
        for one in told
    ]


def pages(
    found: Sequence[Episode], silences: Sequence[Mapping[str, Any]], zone: tzinfo, shifts: Sequence[Shift] = ()
) -> list[dict[str, Any]]:
    """Return the pages, newest first: what, for which owner, to whom by the shifts, and whether it was that person's night."""
    told = []
    owners = {shift.owner for shift in shifts}
    for one in reversed(found):
        if one.labels.get("severity") in CALM or is_silenced(one, silences):
            continue
        owner = one.labels.get("owner") or NOBODY
        whose = owner if owner in owners else ""
        on_call = next(
            (shift for shift in shifts if shift.owner == whose and shift.start <= one.start < shift.end), None
        )
        about = [f"{name}={value}" for name, value in sorted(one.labels.items()) if name not in _PLAIN]
        told.append(
            {
                "when": stamp(one.start),
                "alert": one.labels.get("alertname", ""),
                "about": ", ".join(about),
                "owner": owner,
                "person": on_call.person if on_call else "",
                "night": is_night(one.start, on_call.zone if on_call else zone),
                "seconds": round(one.end - one.start),
            }
        )
    return told


def counted(told: Iterable[Mapping[str, Any]], by: str) -> list[dict[str, Any]]:
    """Return how many pages there were, and at night, by `owner` or `person`; those with the most first."""
    found: dict[str, dict[str, Any]] = {}
    for one in told:
        if one[by]:
            row = found.setdefault(one[by], {"name": one[by], "pages": 0, "night": 0})
            row["pages"] += 1
            row["night"] += one["night"]
    return sorted(found.values(), key=lambda row: (-row["pages"], -row["night"], row["name"]))


def silences_since(told: Iterable[Mapping[str, Any]], since: float) -> list[dict[str, Any]]:
    """Return the silences that were in force since then, the latest to end first."""
    found = [one for one in told if seconds(one["endsAt"]) >= since and one["status"]["state"] != "pending"]
    return [
        {
            "by": one["createdBy"],
            "comment": one["comment"],
            "from": stamp(seconds(one["startsAt"])),
            "to": stamp(seconds(one["endsAt"])),
            "active": one["status"]["state"] == "active",
            "matchers": [_told(matcher) for matcher in one["matchers"]],
        }
        for one in sorted(found, key=lambda one: seconds(one["endsAt"]), reverse=True)
    ]


def _told(matcher: Mapping[str, Any]) -> str:
    sign = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
    return f'{matcher["name"]}{sign[matcher.get("isEqual", True), matcher["isRegex"]]}"{matcher["value"]}"'


def _fits(matcher: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value = labels.get(matcher["name"], "")
    if matcher["isRegex"]:
        try:
            same = re.fullmatch(matcher["value"], value) is not None
        except re.error:
            # Go's expressions have forms that Python's have not: such a silence is taken for none.
            return False
    else:
        same = value == matcher["value"]
    return same is bool(matcher.get("isEqual", True))
