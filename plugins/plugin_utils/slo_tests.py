# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that promtool runs on the rules of SLOs: each alert fires in time, and holds its tongue otherwise. Pure.

A test writes counters of good and failed events, minute by minute, and asks at certain minutes which alerts fire. When they
have to is computed from the windows and burn rates: with a share f of failures since minute 0, a window of w minutes goes
over its ratio r after w r / f of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

from . import slo_input
from .slo_burn import PAGE, SECONDS, Pair, pairs
from .slo_input import Slo
from .slo_rules import ALERTS, FAST, SLOW, UNMEASURED, slo_rules

# Events a minute: much, so that no guard against little traffic holds; little, so that one does.
BUSY, QUIET = 6000, 1
HOUR, DAY = 60, 24 * 60
# Scrape, evaluation, and the extrapolation at the ends of a range.
SLACK = 1
# Series of others, which fail all the time: whoever counts them too is found out.
STRANGERS = {"haproxy_backend_http_responses_total": ('proxy="no-such-backend",code="5xx",host="lb1"',)}


class Phase(NamedTuple):
    """For so many minutes, so many good and failed events in each of them."""

    minutes: int
    good: float
    failed: float


class Look(NamedTuple):
    """At this minute the alert fires, or does not."""

    minute: int
    alert: str
    fires: bool


class Pace(NamedTuple):
    """Minutes between two scrapes and between two evaluations: the longer a story, the less closely it is followed."""

    scrape: int
    evaluation: int

    def met(self, look: Look) -> Look:
        """Return the look at the evaluation before it if nothing may fire by then, else at the one after it."""
        turn = math.ceil if look.fires else math.floor
        return look._replace(minute=turn(look.minute / self.evaluation) * self.evaluation)


class Story(NamedTuple):
    """What happens to an SLO, and what is heard of it."""

    name: str
    phases: tuple[Phase, ...]
    looks: tuple[Look, ...]
    budget_left: float | None = None


def slo_tests(slos: Sequence[Mapping[str, Any]], default_owner: str = "") -> list[dict[str, str]]:
    """Return files for a directory of their own, in which `promtool test rules *.test.yml` is run.

    Four for each SLO: its rules, and tests of minutes, hours and days. Raise BadInput for an SLO with good and total but
    without `series`, whose queries nobody could try.
    """
    files = []
    for slo, given in zip(slo_input.read(slos, default_owner=default_owner), slos):
        _refuse_untried(slo)
        rules = f"{slo.name}.rules.yml"
        files.append(_file(rules, slo_rules([given], default_owner=default_owner)))
        for name, pace, stories in (
            ("minutes", Pace(1, 2), _stories_of_minutes(slo)),
            ("hours", Pace(1, 10), _stories_of_hours(slo)),
            ("days", Pace(2, 60), _stories_of_days(slo)),
        ):
            files.append(_file(f"{slo.name}.{name}.test.yml", _document(slo, rules, stories, pace)))
    return files


def _refuse_untried(slo: Slo) -> None:
    if not slo.good_series:
        raise BadInput(
            f"SLO {slo.name}: no test can be made without series. Give a series that counts good events and one that counts failed "
            'ones, such as series: {good: requests_total{code="200"}, failed: requests_total{code="500"}}'
        )


def _file(path: str, content: Mapping[str, Any]) -> dict[str, str]:
    return {"path": path, "content": yaml.safe_dump(dict(content), sort_keys=False, width=150)}


def _document(slo: Slo, rules: str, stories: Sequence[Story], pace: Pace) -> dict[str, Any]:
    return {
        "rule_files": [rules],
        "evaluation_interval": f"{pace.evaluation}m",
        # Otherwise promtool takes them in any order, and the days would miss the hours of the same moment.
        "group_eval_order": [f"slo-{slo.name}", f"slo-{slo.name}-days"],
        "tests": [_test(slo, story, pace) for story in stories],
    }


def _test(slo: Slo, story: Story, pace: Pace) -> dict[str, Any]:
    asked = [_asked(slo, pace.met(look)) for look in story.looks]
    if story.budget_left is not None:
        end = sum(phase.minutes for phase in story.phases)
        asked.append(_asked_for_budget(slo, end, story.budget_left))
    return {
        "name": f"{slo.name}: {story.name}",
        "interval": f"{pace.scrape}m",
        "input_series": _input_series(slo, story.phases, pace),
        "promql_expr_test": asked,
    }


def _asked(slo: Slo, look: Look) -> dict[str, Any]:
    labels = {
        "alertname": look.alert,
        "alertstate": "firing",
        "app": slo.app,
        "owner": slo.owner,
        "severity": ALERTS[look.alert],
        "slo": slo.name,
    }
    series = "ALERTS{" + ", ".join(f'{name}="{value}"' for name, value in labels.items()) + "}"
    return {
        "expr": f'ALERTS{{alertname="{look.alert}",slo="{slo.name}",alertstate="firing"}}',
        "eval_time": f"{look.minute}m",
        "exp_samples": [{"labels": series, "value": 1}] if look.fires else [],
    }


def _asked_for_budget(slo: Slo, minute: int, left: float) -> dict[str, Any]:
    return {
        "expr": f'round(slo:error_budget_left:ratio{{slo="{slo.name}"}}, 0.05)',
        "eval_time": f"{minute}m",
        "exp_samples": [{"labels": f'{{app="{slo.app}", owner="{slo.owner}", slo="{slo.name}"}}', "value": left}],
    }


def _input_series(slo: Slo, phases: Sequence[Phase], pace: Pace) -> list[dict[str, str]]:
    if not phases:
        return []
    names = dict.fromkeys([*slo.good_series, *slo.failed_series])
    series = [{"series": name, "values": _values(_rates(slo, name, phases), pace)} for name in names]
    length = sum(phase.minutes for phase in phases) // pace.scrape
    strangers = [
        {"series": f"{metric}{{{labels}}}", "values": f"0+{BUSY}x{length}"}
        for metric, all_labels in STRANGERS.items()
        for labels in all_labels
        if slo.failed_series[0].startswith(metric)
    ]
    return [*series, *strangers]


def _rates(slo: Slo, name: str, phases: Sequence[Phase]) -> list[tuple[int, float]]:
    """What the series counts in each phase: good events, failed ones, or both, as the count of a histogram does."""
    good, failed = name in slo.good_series, name in slo.failed_series
    return [(phase.minutes, phase.good * good + phase.failed * failed) for phase in phases]


def _values(rates: Sequence[tuple[int, float]], pace: Pace) -> str:
    """Return a counter in promtool's notation: `start+step x times` gives one value more than times."""
    reached = 0.0
    parts = []
    for minutes, rate in rates:
        step, times = rate * pace.scrape, minutes // pace.scrape
        parts.append(f"{reached:.6f}+{step:.6f}x{times - 1}")
        reached += step * times
    return " ".join([*parts, f"{reached:.6f}"])


def _stories_of_minutes(slo: Slo) -> list[Story]:
    first = pairs(slo)[0]
    due = math.ceil(HOUR * float(first.ratio))
    return [
        Story(
            "everything fails, and somebody is paged at once",
            # Six good hours: with fewer the second pair, whose window is six, would be as fast.
            (Phase(6 * HOUR, BUSY, 0), Phase(due + 2 * SLACK, 0, BUSY)),
            (Look(6 * HOUR, FAST, fires=False), Look(6 * HOUR + due + SLACK, FAST, fires=True)),
        ),
        Story(
            "one request in the night fails, of one in ten minutes",
            (Phase(2 * HOUR, 0.1, 0), Phase(10, 0, 0.1), Phase(2 * HOUR, 0.1, 0)),
            tuple(Look(2 * HOUR + after, alert, fires=False) for after in (12, 40, 2 * HOUR) for alert in (FAST, SLOW)),
        ),
        _quiet_outage(slo, first),
        Story(
            "nobody asks for anything",
            (Phase(2 * HOUR, 0, 0),),
            tuple(Look(2 * HOUR, alert, fires=False) for alert in ALERTS),
        ),
        Story(
            "there are no series at all",
            (),
            (Look(HOUR - 10, UNMEASURED, fires=False), Look(HOUR + SLACK, UNMEASURED, fires=True)),
        ),
    ]


def _stories_of_hours(slo: Slo) -> list[Story]:
    found = pairs(slo)
    slow = [_slow_burn(found, number) for number, pair in enumerate(found) if number and pair.severity == PAGE]
    return [*slow, _noise(slo, 8 * HOUR, budget_left=0.5)]


def _stories_of_days(slo: Slo) -> list[Story]:
    """Only the slowest of the tickets has a story: what spends the budget faster is a ticket of its own, and of this one."""
    found = pairs(slo)
    slow = [_slow_burn(found, len(found) - 1)] if found[-1].severity != PAGE else []
    return [*slow, _noise(slo, 4 * DAY)]


def _slow_burn(found: Sequence[Pair], number: int) -> Story:
    """A share of failures half-way between this pair's ratio and that of the faster one, which therefore keeps still."""
    pair = found[number]
    share = float(pair.ratio + found[number - 1].ratio) / 2
    window = SECONDS[pair.long] // 60
    due = window * float(pair.ratio) / share
    early, late = window + int(due * 0.8), window + math.ceil(due * 1.05) + SLACK
    alert = FAST if pair.severity == PAGE else SLOW
    looks = [Look(early, alert, fires=False), Look(late, alert, fires=True)]
    if alert == SLOW:
        looks.append(Look(late, FAST, fires=False))
    return Story(
        f"{share * 100:.4g} % fail, and {pair.long} of it are enough",
        (Phase(window, BUSY, 0), Phase(late - window + HOUR, BUSY * (1 - share), BUSY * share)),
        tuple(looks),
    )


def _noise(slo: Slo, minutes: int, budget_left: float | None = None) -> Story:
    share = float(slo.budget) / 2
    looks = [Look(at, alert, fires=False) for at in (HOUR, minutes // 2, minutes) for alert in ALERTS]
    return Story(
        "half of what may fail does, all the time",
        (Phase(minutes, BUSY * (1 - share), BUSY * share),),
        tuple(looks),
        budget_left,
    )


def _quiet_outage(slo: Slo, pair: Pair) -> Story:
    """Few ask, and all of them in vain: as soon as enough have failed, and the hour is over its ratio."""
    enough = float(slo.min_failures) / QUIET
    due = math.ceil(max(enough, HOUR * float(pair.ratio)))
    end = 2 * HOUR + due + SLACK
    return Story(
        "few ask for anything, and everything fails",
        (Phase(2 * HOUR, QUIET, 0), Phase(due + 2 * SLACK, 0, QUIET)),
        (Look(2 * HOUR + int(due * 0.7), FAST, fires=False), Look(end, FAST, fires=True)),
    )
