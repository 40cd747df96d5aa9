# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SLOs become rules that Prometheus takes; what cannot be right is refused with its name and a cure."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.filter.slo_rules import FilterModule
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import slo_input
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.slo_burn import SECONDS, pairs, plain
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.slo_rules import slo_rules
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.promtool import promtool

SHOP: dict[str, Any] = {"app": "shop", "owner": "shop-team", "objective": 99.9, "backend": "shop"}
MAIL: dict[str, Any] = {
    "name": "mails-sent",
    "app": "mailer",
    "owner": "mail-team",
    "objective": "99.5",
    "good": 'rate(mails_total{result="sent"}[window])',
    "total": "rate(mails_total[window])",
}


def rules_of(*slos: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    return [rule for group in slo_rules(slos, **options)["groups"] for rule in group["rules"]]


def alert(name: str, *slos: dict[str, Any], **options: Any) -> dict[str, Any]:
    (found,) = [rule for rule in rules_of(*slos, **options) if rule.get("alert") == name]
    return found


def recorded(name: str, slo: dict[str, Any]) -> str:
    (found,) = [rule["expr"] for rule in rules_of(slo) if rule.get("record") == name]
    return str(found)


def burn_rates(objective: float, window_days: int) -> dict[str, tuple[str, str]]:
    (slo,) = slo_input.read([{**SHOP, "objective": objective, "window_days": window_days}])
    return {pair.long: (plain(pair.burn_rate), plain(pair.ratio)) for pair in pairs(slo)}


@pytest.mark.parametrize(
    "objective,window_days,wanted",
    [
        (99.9, 30, {"1h": ("14.4", "0.0144"), "6h": ("6", "0.006"), "1d": ("3", "0.003"), "3d": ("1", "0.001")}),
        (
            99.9,
            28,
            {"1h": ("13.44", "0.01344"), "6h": ("5.6", "0.0056"), "1d": ("2.8", "0.0028"), "3d": ("1", "0.001")},
        ),
        (99.99, 90, {"1h": ("43.2", "0.00432"), "6h": ("18", "0.0018"), "1d": ("9", "0.0009"), "3d": ("3", "0.0003")}),
        # A week's budget may go in seven days: three at that rate tell nothing that one does not.
        (99.9, 7, {"1h": ("3.36", "0.00336"), "6h": ("1.4", "0.0014"), "1d": ("1", "0.001")}),
        # 14.4 and 6 times a half are more than all requests.
        (50, 30, {"1h": ("14.4", "0.95"), "3d": ("1", "0.5")}),
        (5, 90, {"1h": ("43.2", "0.995")}),
    ],
)
def test_burn_rates_follow_the_window_of_the_objective(
    objective: float, window_days: int, wanted: dict[str, tuple[str, str]]
) -> None:
    assert burn_rates(objective, window_days) == wanted


def test_whatever_the_objective_a_total_outage_pages_and_what_is_allowed_does_not() -> None:
    for tenths in range(1, 1000):
        for window_days in (7, 14, 28, 30, 90):
            (slo,) = slo_input.read([{**SHOP, "objective": tenths / 10, "window_days": window_days}])
            found = pairs(slo)
            assert all(slo.budget <= pair.ratio < 1 for pair in found), slo
            assert found[0].long == "1h"
            assert sorted(found, key=lambda pair: -pair.ratio) == found


def test_an_slo_behind_the_load_balancer_needs_four_lines() -> None:
    (slo,) = slo_input.read([SHOP])
    assert (slo.name, slo.objective, slo.window_days) == ("shop-http", Decimal("0.999"), 30)
    assert 'proxy="shop"' in slo.good


@pytest.mark.parametrize("window", SECONDS)
def test_every_window_is_recorded_as_requests_failures_and_their_ratio(window: str) -> None:
    names = {rule.get("record"): rule for rule in rules_of(MAIL)}
    for name in (f"slo:requests:rate{window}", f"slo:failures:rate{window}", f"slo:errors:ratio_rate{window}"):
        assert names[name]["labels"] == {"slo": "mails-sent", "app": "mailer", "owner": "mail-team"}
    assert f"[{window}]" in recorded(f"slo:requests:rate{window}", MAIL)


def test_a_window_may_be_that_of_a_subquery() -> None:
    slo = {**MAIL, "total": "max_over_time(mails[window:1m])"}
    assert recorded("slo:requests:rate6h", slo) == "sum(max_over_time(mails[6h:1m]))"


def test_objective_burn_rate_and_budget_are_recorded() -> None:
    assert recorded("slo:objective:ratio", MAIL) == "vector(0.995)"
    assert recorded("slo:burn_rate:1h", MAIL).endswith("/ 0.005")
    assert "[30d]" in recorded("slo:error_budget_left:ratio", MAIL)


def test_an_alert_says_whose_it_is_and_where_to_look() -> None:
    found = alert("SloBudgetBurnsFast", SHOP, runbooks_url="https://wiki/", monitoring_url="https://mon1/")
    assert found["labels"] == {"slo": "shop-http", "app": "shop", "owner": "shop-team", "severity": "page"}
    assert found["annotations"]["runbook_url"] == "https://wiki/SloBudgetBurnsFast.md"
    assert found["annotations"]["dashboard"] == "https://mon1/consoles/app.html?app=shop"
    assert "2 % in 1h or 5 % in 6h" in found["annotations"]["description"]


def test_an_objective_at_which_nothing_burns_for_days_has_no_alert_for_it() -> None:
    names = [rule.get("alert") for rule in rules_of({**SHOP, "objective": 5, "window_days": 90})]
    assert [name for name in names if name] == ["SloBudgetBurnsFast", "SloUnmeasured"]


def test_slos_without_an_owner_get_that_of_the_filter() -> None:
    nobody = {key: value for key, value in SHOP.items() if key != "owner"}
    assert alert("SloUnmeasured", nobody, default_owner="ops")["labels"]["owner"] == "ops"


@pytest.mark.parametrize(
    "differs,told",
    [
        ({"objective": 0}, "SLO shop-http: objective is 0. Give percent"),
        ({"objective": 100}, "objective is 100"),
        ({"objective": "99,9"}, "objective is '99,9'"),
        ({"objective": True}, "objective is True"),
        ({"objective": "NaN"}, "objective is 'NaN'"),
        ({"window_days": 6}, "window_days is 6. Give whole days from 7 to 90"),
        ({"window_days": 7.5}, "window_days is 7.5"),
        ({"min_failures": 0}, "min_failures is 0"),
        ({"app": ""}, "app is ''"),
        ({"owner": None}, "owner is ''"),
        ({"owner": 'a"b'}, "owner is 'a\"b'"),
        ({"name": "{{ x }}"}, "name is '{{ x }}'"),
        ({"objectiv": 99}, "unknown key objectiv. Did you mean objective?"),
        ({"latency_ms": 300}, "latency_ms cannot be had. HAProxy's metrics have an average"),
        ({"good": "rate(x[window])"}, "it has backend and good. Give backend alone"),
        ({"name": "x", "backend": 'shop"}'}, "Give the name of a backend"),
    ],
)
def test_what_cannot_be_right_is_refused(differs: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput) as refused:
        slo_rules([{**SHOP, **differs}])
    assert told in str(refused.value)


def test_an_slo_is_not_told_of_more_days_than_samples_are_kept() -> None:
    assert slo_rules([{**SHOP, "window_days": 35}], kept_days=35)["groups"]
    with pytest.raises(BadInput, match="window_days is 36, and samples are kept for 35 days"):
        slo_rules([{**SHOP, "window_days": 36}], kept_days="35")


@pytest.mark.parametrize(
    "differs,told",
    [
        ({"total": "rate(mails_total[5m])"}, "total is 'rate(mails_total[5m])', without [window]"),
        ({"good": "rate(mails_total[windows])"}, "without [window]"),
        ({"total": None}, "it has good alone. Give both queries"),
        ({"good": None, "total": None}, "it has neither good nor total"),
        ({"name": None}, "it has no name"),
        ({"series": {"good": "a"}}, "Give good and failed"),
        ({"series": {"good": "a", "failed": "rate(b[5m])"}}, "series.failed is 'rate(b[5m])'. Give one series"),
        ({"series": {"good": [], "failed": "b"}}, "series.good is []"),
    ],
)
def test_queries_that_cannot_be_right_are_refused(differs: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput) as refused:
        slo_rules([{**MAIL, **differs}])
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "slos,told",
    [([SHOP, SHOP], "SLO shop-http: there are 2 of that name"), (SHOP, "no list"), (["shop"], "SLO 1 is 'shop'")],
)
def test_a_list_that_cannot_be_right_is_refused(slos: Any, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        slo_rules(slos)


def test_rules_that_would_have_gaps_are_refused() -> None:
    with pytest.raises(BadInput, match=r"long_interval_s is 600\. Give whole seconds from 1 to 240"):
        slo_rules([SHOP], long_interval_s=600)


def test_the_filter_fails_in_ansibles_way() -> None:
    with pytest.raises(AnsibleFilterError, match="no list"):
        FilterModule().filters()["slo_rules"](SHOP)


def test_fifty_slos_take_less_than_a_second_and_promtool_accepts_them(tmp_path: Path) -> None:
    slos = [{**SHOP, "name": f"slo-{number}"} for number in range(50)]
    started = time.process_time()
    rules = slo_rules(slos)
    assert time.process_time() - started < 1
    (tmp_path / "slo.yml").write_text(json.dumps(rules))
    checked = promtool("check", "rules", "slo.yml", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "1350 rules found" in checked.stdout
