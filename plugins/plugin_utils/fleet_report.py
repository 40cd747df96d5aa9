# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The days of a fleet in one report: deployments, error budgets, pages, silences, remedies and patches. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.metrics import seconds
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import stamp
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters, report_dora, report_pages
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.patch_verdict import LONGEST_REASON, MOST_NAMES

FORMAT = 1
DAY_S = 86400
Series = Sequence[Mapping[str, Any]]


def fleet_report(
    ledgers: Mapping[str, Mapping[str, Any]],
    asked: Sequence[str],
    when: str,
    days: float | str = 7,
    told: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what a page needs of the results of ledger_info by host, for the `days` before `when`.

    `told` has what else is known, each of it missing or None where it is not: `history` of the lookup rollout_history,
    `answers` of promql_info, `alerts_step_s`, `silences` of Alertmanager, `timezone`, and who was on call: `shifts`, else the
    file `oncall` that they are worked out from.
    What is not known is told in `unknown`, by a sentence each, and is None in the figures, never 0.
    """
    # ansible-core 2.16 makes a string of any number that has gone through a variable of a play.
    span, end = float(days), seconds(when)
    if end is None or span <= 0:
        raise BadInput(
            f"{days} days before {when!r} are no time: give days above 0, and a moment such as 2026-03-01T12:00:00Z"
        )
    # And an empty string of null.
    more = {name: None if value == "" else value for name, value in (told or {}).items()}
    since = end - span * DAY_S
    history = more.get("history") or {}
    read = {name: ledgers[name] for name in asked if _reads(ledgers.get(name, {}))}
    unread = [{"name": name, "why": _why_unread(ledgers.get(name, {}))} for name in asked if name not in read]
    rollouts = history.get("rollouts") or []
    shifts, without_shifts = _shifts(more, since, end)
    deployed = report_dora.deployments({name: one["releases"] for name, one in read.items()}, rollouts)
    return {
        "format": FORMAT,
        "when": when,
        "since": stamp(since),
        "days": span,
        "timezone": more.get("timezone") or "UTC",
        "hosts": len(asked),
        "read": len(read),
        "unread": unread,
        "broken": [name for name, one in read.items() if not one["chain_holds"]],
        "dora": report_dora.figures(deployed, since, span) if read else None,
        "deployments": report_dora.rows(deployed, since),
        "rollouts": [_rollout(one) for one in reversed(rollouts) if one["last"] >= since],
        **_watched({**more, "shifts": shifts}, since, asked),
        "heals": _each(read, "heals", since),
        "reboots": _each(read, "reboots", since),
        "unknown": [*_unknown(more, asked, unread, history), *without_shifts, *(history.get("unreadable") or ())],
    }


def _shifts(more: Mapping[str, Any], since: float, end: float) -> tuple[Series, list[str]]:
    """Return who was on call, and in a sentence why that is not known where the file of on-call is wrong by now."""
    if more.get("shifts") or not more.get("oncall"):
        return more.get("shifts") or (), []
    begin, now = (datetime.fromtimestamp(moment, timezone.utc) for moment in (since, end))
    try:
        return oncall_filters.shifts(more["oncall"], begin, now), []
    except BadInput as error:
        return (), [f"the file of on-call is wrong, so pages are not counted by person: {error}"]


def _watched(more: Mapping[str, Any], since: float, asked: Sequence[str]) -> dict[str, Any]:
    """Return what Prometheus and Alertmanager told."""
    silences = more.get("silences")
    alerts = _series(more, "alerts")
    pages = None
    if alerts is not None:
        found = report_pages.episodes(alerts, float(more.get("alerts_step_s") or 60))
        zone = report_pages.zone_of(more.get("timezone") or "UTC")
        told = report_pages.pages(found, silences or (), zone, report_pages.shifts_from(more.get("shifts") or ()))
        pages = {
            "total": len(told),
            "night": sum(one["night"] for one in told),
            "by_owner": report_pages.counted(told, "owner"),
            "by_person": report_pages.counted(told, "person"),
            "each": told,
        }
    return {
        "pages": pages,
        "silences": None if silences is None else report_pages.silences_since(silences, since),
        "budgets": _budgets(more),
        "patches": _patches(more, asked),
    }


def _budgets(more: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return each SLO with what is left of its error budget and what these days took, the worst first."""
    left = _series(more, "budgets")
    if left is None:
        return None
    before, objectives = (_by_slo(_series(more, name) or ()) for name in ("budgets_before", "objectives"))
    found = []
    for key, now in _by_slo(left).items():
        slo, app, owner = key
        earlier = before.get(key)
        found.append(
            {
                "slo": slo,
                "app": app,
                "owner": owner,
                "objective_percent": _percent(objectives.get(key), 4),
                "left_percent": _percent(now),
                "spent_percent": None if earlier is None or now is None else _percent(earlier - now),
            }
        )
    return sorted(
        found, key=lambda one: (one["left_percent"] is not None, one["left_percent"] or 0, one["slo"], one["app"])
    )


def _by_slo(series: Series) -> dict[tuple[str, str, str], float | None]:
    found = {}
    for one in series:
        labels = one["labels"]
        found[labels.get("slo", ""), labels.get("app", ""), labels.get("owner", "")] = one["value"]
    return found


def _percent(ratio: float | None, digits: int = 1) -> float | None:
    return None if ratio is None else round(100 * ratio, digits)


def _patches(more: Mapping[str, Any], asked: Sequence[str]) -> dict[str, Any] | None:
    """Return how many hosts comply with the rule of their patch report; a host without figures is unknown."""
    series = _series(more, "patches")
    if series is None:
        return None
    states = {one["labels"].get("host", ""): one["value"] for one in series}
    return {
        "hosts": len(asked),
        "compliant": sum(states.get(name) == 1 for name in asked),
        "overdue": [name for name in asked if states.get(name) == 0],
        "unknown": [name for name in asked if states.get(name) is None],
    }


def _series(more: Mapping[str, Any], name: str) -> Series | None:
    answer = (more.get("answers") or {}).get(name)
    return None if answer is None else answer["series"]


def _rollout(one: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("run_id", "name", "intent", "reason", "ok", "verdict", "ended")
    states: dict[str, list[str]] = {}
    for host in one["hosts"]:
        states.setdefault(host["state"], []).append(host["host"])
    return {**{key: one[key] for key in kept}, "when": stamp(one["began"]), "states": states}


def _each(read: Mapping[str, Mapping[str, Any]], what: str, since: float) -> list[dict[str, Any]]:
    found = [{"host": name, **one} for name, told in read.items() for one in told[what]]
    recent = [one for one in found if (seconds(one["when"]) or 0) >= since]
    return sorted(recent, key=lambda one: (one["when"], one["host"]), reverse=True)


def _reads(result: Mapping[str, Any]) -> bool:
    return not (result.get("failed") or result.get("unreachable")) and isinstance(result.get("releases"), list)


def _why_unread(result: Mapping[str, Any]) -> str:
    said = " ".join(str(result.get("msg", "")).split())[:LONGEST_REASON]
    how = "unreachable" if result.get("unreachable") else "not read"
    return f"{how}: {said}" if said else how


def _unknown(
    more: Mapping[str, Any], asked: Sequence[str], unread: Sequence[Mapping[str, Any]], history: Mapping[str, Any]
) -> list[str]:
    """Return a sentence for each source that told nothing."""
    told = [] if asked else ["there is no host in the inventory, or the limit leaves none: nothing was read"]
    if unread:
        names = ", ".join(one["name"] for one in unread[:MOST_NAMES])
        more_names = f" and {len(unread) - MOST_NAMES} more" if len(unread) > MOST_NAMES else ""
        told.append(f"the ledger was not read on {names}{more_names}: what was done there is in no figure")
    if not history:
        told.append("the controller's records of rollouts were not read")
    if more.get("answers") is None:
        told.append("Prometheus was not asked, or gave no answer: pages, error budgets and patches are not known")
    if more.get("silences") is None:
        told.append(
            "Alertmanager was not asked, or gave no answer: silences are not known, and silenced alerts count as pages"
        )
    return told
