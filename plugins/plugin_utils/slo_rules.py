# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SLOs as rules of Prometheus: what is recorded, and when somebody hears of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

from . import slo_input
from .alert_links import DEFAULT_RUNBOOKS_URL, Links
from .slo_burn import PAGE, SECONDS, TICKET, Pair, pairs, plain
from .slo_input import WINDOW, Slo

FAST, SLOW, UNMEASURED = "SloBudgetBurnsFast", "SloBudgetBurnsSlowly", "SloUnmeasured"
ALERTS = {FAST: PAGE, SLOW: TICKET, UNMEASURED: TICKET}
# These read days of counters, and what they tell does not change within two minutes.
LONG = ("1d", "3d")
UNMEASURED_FOR = "1h"

Rule = dict[str, Any]


def slo_rules(
    slos: Sequence[Mapping[str, Any]],
    runbooks_url: str = DEFAULT_RUNBOOKS_URL,
    monitoring_url: str = "",
    default_owner: str = "",
    interval_s: float | str = 30,
    long_interval_s: float | str = 120,
    kept_days: float | str = slo_input.MOST_DAYS,
) -> dict[str, Any]:
    """Return rule groups, two for each SLO: that of the hours and that of the days. Raise BadInput for what cannot be right."""
    links = Links(runbooks_url, monitoring_url)
    every = (
        {"interval": _interval("interval_s", interval_s)},
        {"interval": _interval("long_interval_s", long_interval_s)},
    )
    groups = []
    for slo in slo_input.read(slos, default_owner=default_owner, kept_days=int(kept_days)):
        groups.append({"name": f"slo-{slo.name}", **every[0], "rules": _short_rules(slo, links)})
        groups.append({"name": f"slo-{slo.name}-days", **every[1], "rules": _long_rules(slo, links)})
    return {"groups": groups}


def _interval(option: str, value: float | str) -> str:
    # Prometheus looks back five minutes: what is recorded more seldom has gaps.
    try:
        seconds = int(float(value))
    except ValueError:
        seconds = 0
    if not 1 <= seconds <= 240:
        raise BadInput(f"{option} is {value!r}. Give whole seconds from 1 to 240")
    return f"{seconds}s"


def _short_rules(slo: Slo, links: Links) -> list[Rule]:
    windows = [window for window in SECONDS if window not in LONG]
    objective = _recorded("slo:objective:ratio", f"vector({plain(slo.objective)})", slo)
    burn = _recorded("slo:burn_rate:1h", f"{_of(slo, 'slo:errors:ratio_rate1h')} / {plain(slo.budget)}", slo)
    recorded = [rule for window in windows for rule in _window_rules(slo, window)]
    return [objective, *recorded, burn, *_burning(slo, FAST, links), _unmeasured(slo, links)]


def _long_rules(slo: Slo, links: Links) -> list[Rule]:
    recorded = [rule for window in LONG for rule in _window_rules(slo, window)]
    # Summed over series: an SLO that changed its owner has two of them for as long as its window.
    spent = [
        f"sum(sum_over_time({_of(slo, name)}[{slo.window_days}d]))"
        for name in ("slo:failures:rate5m", "slo:requests:rate5m")
    ]
    left = f"1 - {spent[0]} / ({spent[1]} > 0) / {plain(slo.budget)}"
    return [*recorded, _recorded("slo:error_budget_left:ratio", left, slo), *_burning(slo, SLOW, links)]


def _window_rules(slo: Slo, window: str) -> list[Rule]:
    requests, failures = f"slo:requests:rate{window}", f"slo:failures:rate{window}"
    good, total = (f"sum({WINDOW.sub(f'[{window}', query)})" for query in (slo.good, slo.total))
    seen = f"sum({_of(slo, requests)})"
    return [
        _recorded(requests, total, slo),
        # No good series at all is a total outage, not a lack of data; scrapes apart in time must not give less than none.
        _recorded(failures, f"clamp_min({seen} - ({good} or {seen} * 0), 0)", slo),
        _recorded(f"slo:errors:ratio_rate{window}", f"{_of(slo, failures)} / ({_of(slo, requests)} > 0)", slo),
    ]


def _recorded(name: str, expr: str, slo: Slo) -> Rule:
    return {"record": name, "expr": expr, "labels": _labels(slo)}


def _labels(slo: Slo) -> dict[str, str]:
    return {"slo": slo.name, "app": slo.app, "owner": slo.owner}


def _of(slo: Slo, name: str) -> str:
    return f'{name}{{slo="{slo.name}"}}'


def _burning(slo: Slo, alert: str, links: Links) -> list[Rule]:
    """The alert, or none where an objective is so low that nothing can burn at such a rate."""
    chosen = [pair for pair in pairs(slo) if pair.severity == ALERTS[alert]]
    if not chosen:
        return []
    expr = "\nor\n".join(_above(slo, pair) for pair in chosen)
    spent = " or ".join(f"{_percent(pair, slo)} % in {pair.long}" for pair in chosen)
    told = (
        f"{{{{ $value | humanizePercentage }}}} of the events of {slo.app} failed lately; {plain(slo.budget * 100)} % may over "
        f"{slo.window_days} days. This alert tells of {spent} of the budget spent."
    )
    summary = f"{slo.name} spends its error budget too {'fast' if alert == FAST else 'soon, though slowly'}"
    return [_alert(slo, alert, links, expr, summary, told)]


def _above(slo: Slo, pair: Pair) -> str:
    ratio = plain(pair.ratio)
    return (
        f"(\n  {_of(slo, f'slo:errors:ratio_rate{pair.long}')} > {ratio}\n"
        f"  and {_of(slo, f'slo:errors:ratio_rate{pair.short}')} > {ratio}\n"
        f"  and {_of(slo, f'slo:failures:rate{pair.long}')} * {SECONDS[pair.long]} >= {plain(slo.min_failures)}\n)"
    )


def _percent(pair: Pair, slo: Slo) -> str:
    return f"{pair.ratio / slo.budget * SECONDS[pair.long] / (slo.window_days * 86400) * 100:.1f}".removesuffix(".0")


def _unmeasured(slo: Slo, links: Links) -> Rule:
    told = "No series answers its query of all events: it is wrong, or nothing is scraped. Until then nothing can burn."
    expr = f"absent({_of(slo, 'slo:requests:rate5m')})"
    summary = f"{slo.name} is not measured"
    return _alert(slo, UNMEASURED, links, expr, summary, told, hold=UNMEASURED_FOR)


def _alert(slo: Slo, alert: str, links: Links, expr: str, summary: str, told: str, *, hold: str = "0s") -> Rule:
    return {
        "alert": alert,
        "expr": expr,
        "for": hold,
        "labels": {**_labels(slo), "severity": ALERTS[alert]},
        "annotations": {"summary": summary, "description": told, **links.of(alert, f"app.html?app={slo.app}")},
    }
