# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the on-call filters, the lookup and page_route_info call: they read the file, refuse what is wrong, and have the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, FleetError
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import (
    oncall_alerting,
    oncall_calendar,
    oncall_figures,
    oncall_lint,
    oncall_moments,
)
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_contact import plain


def _now(given: object = "") -> datetime:
    clock = datetime.now(timezone.utc).replace(second=0, microsecond=0)
    return oncall_moments.moment(given, now=clock, option="now")


def alerting(
    oncall: object,
    now: object = "",
    horizon_days: int = 60,
    receivers: Sequence[Mapping[str, Any]] | None = None,
    route: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the configuration of Alertmanager for an on-call file. Raise BadInput for one that cannot be right, or mail that cannot be sent."""
    return oncall_alerting.sendable(routes(oncall, now, horizon_days, receivers, route, extra))


def routes(
    oncall: object,
    now: object = "",
    horizon_days: int = 60,
    receivers: Sequence[Mapping[str, Any]] | None = None,
    route: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the configuration as far as it tells who is paged: by which server mail goes may be left open."""
    when = _now(now)
    rota = oncall_lint.check(oncall, when)
    return oncall_alerting.alerting(
        rota, now=when, horizon_days=horizon_days, receivers=plain(receivers or ()), route=route, extra=plain(extra)
    )


def findings(oncall: object, now: object = "") -> list[dict[str, str]]:
    """Return what the linter has to say, errors first."""
    return [one._asdict() for one in oncall_lint.examine(oncall, _now(now))[1]]


def calendars(oncall: object, now: object = "", days: int = 180) -> dict[str, str]:
    """Return the calendar of each person from Monday of this week on."""
    when = _now(now)
    begin = oncall_alerting.monday(when)
    ahead = oncall_moments.days(days, option="days")
    return oncall_calendar.calendars(oncall_lint.check(oncall, when), begin, begin + ahead)


def fairness(oncall: object, begin: object, end: object) -> dict[str, Any]:
    """Return hours on call of each person between two moments."""
    now = _now()
    first, last = (oncall_moments.moment(one, now=now, option=key) for one, key in ((begin, "begin"), (end, "end")))
    if last <= first:
        raise BadInput(f"end {end!r} is not after begin {begin!r}. Swap or mend them")
    if last - first > timedelta(days=3660):
        raise BadInput(f"end {end!r} is more than ten years after begin {begin!r}. Give a shorter time")
    return oncall_figures.fairness(oncall_lint.check(oncall, now), first, last)


def shifts(oncall: object, begin: datetime, end: datetime) -> list[dict[str, str]]:
    """Return who was paged first between two moments."""
    return oncall_figures.shifts(oncall_lint.check(oncall, end), begin, end)


def page(oncall: object, now: object = "") -> dict[str, Any]:
    """Return who is on call now and next."""
    when = _now(now)
    return oncall_figures.page(oncall_lint.check(oncall, when), when)


def metrics(oncall: object, now: object = "", horizon_days: int = 60) -> str:
    """Return until when turns are worked out, as a text of metrics."""
    when = _now(now)
    rota = oncall_lint.check(oncall, when)
    return oncall_figures.metrics(
        {name: oncall_alerting.cover(team, when, horizon_days) for name, team in rota.teams.items()}
    )


def escalation(oncall: object) -> dict[str, Any]:
    """Return what groundcrew-escalate needs to know of the teams."""
    return oncall_figures.escalation(oncall_lint.check(oncall, _now()))


def who(oncall: object, team: str, layer: int, at: object) -> dict[str, Any]:
    """Return who is on call in a layer of a team at a moment, now where it is empty."""
    now = _now()
    when = oncall_moments.moment(at, now=now)
    return oncall_figures.who(oncall_lint.check(oncall, now), team, layer, when)


def in_ansibles_way(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as a filter, which fails as Ansible's filters do."""

    def call(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except FleetError as error:
            raise AnsibleFilterError(str(error)) from error

    return call
