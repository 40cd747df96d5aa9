# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests that come with SLOs pass on their rules, and fail on rules that somebody has broken."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.groundcrew.fleet.plugins.filter.slo_tests import FilterModule
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.slo_tests import slo_tests
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.promtool import promtool

pytestmark = pytest.mark.of_python_alone

SHOP: dict[str, Any] = {"app": "shop", "owner": "shop-team", "objective": 99.9, "backend": "shop"}
MAIL: dict[str, Any] = {
    "name": "mail",
    "app": "mailer",
    "owner": "mail-team",
    "objective": 95,
    "window_days": 7,
    "good": 'rate(mails_total{result="sent"}[window])',
    "total": "rate(mails_total[window])",
    "series": {"good": 'mails_total{result="sent"}', "failed": 'mails_total{result="refused"}'},
}

FAST_PAGES: dict[str, Any] = {
    "name": "fast",
    "app": "shop",
    "owner": "shop-team",
    "objective": 99,
    "good": 'rate(seconds_bucket{le="0.3"}[window])',
    "total": "rate(seconds_count[window])",
    "series": {"good": ['seconds_bucket{le="0.3"}', "seconds_count"], "failed": "seconds_count"},
}


def failures(directory: Path, slo: dict[str, Any], paces: Sequence[str], *changes: tuple[str, str]) -> str:
    """What promtool has to say of these tests, the rules changed so."""
    for file in slo_tests([slo]):
        content = file["content"]
        if file["path"].endswith(".rules.yml"):
            for old, new in changes:
                assert old in content, old
                content = content.replace(old, new)
        (directory / file["path"]).write_text(content)
    names = [f"{slo.get('name', 'shop-http')}.{pace}.test.yml" for pace in paces]
    found = promtool("test", "rules", *names, cwd=directory)
    return "" if found.returncode == 0 else found.stdout + found.stderr


@pytest.mark.parametrize(
    "slo,paces",
    [(SHOP, ("minutes", "hours", "days")), (MAIL, ("hours", "days")), (FAST_PAGES, ("hours",))],
    ids=["behind the load balancer", "by queries", "by a histogram"],
)
def test_the_rules_pass_their_own_tests(tmp_path: Path, slo: dict[str, Any], paces: Sequence[str]) -> None:
    assert failures(tmp_path, slo, paces) == ""


@pytest.mark.parametrize(
    "pace,old,new",
    [
        ("minutes", "> 0.0144", "> 0.05"),
        ("minutes", ">= 10", ">= 1"),
        ("hours", "> 0.006", "> 0.02"),
        ("hours", "5xx|other", "other"),
        ("hours", "owner: shop-team", "owner: nobody"),
        ("days", "> 0.001", "> 0.004"),
    ],
)
def test_broken_rules_do_not_pass(tmp_path: Path, pace: str, old: str, new: str) -> None:
    assert "FAILED" in failures(tmp_path, SHOP, [pace], (old, new))


def test_a_query_that_counts_other_things_does_not_pass(tmp_path: Path) -> None:
    assert "FAILED" in failures(tmp_path, {**MAIL, "good": 'rate(mails_total{result="send"}[window])'}, ["hours"])


def test_at_three_nines_a_total_outage_is_a_page_within_two_minutes() -> None:
    (minutes,) = [file["content"] for file in slo_tests([SHOP]) if file["path"] == "shop-http.minutes.test.yml"]
    assert "eval_time: 360m" in minutes
    assert "eval_time: 362m" in minutes


def test_an_slo_that_nobody_could_try_is_refused() -> None:
    untried = {key: value for key, value in MAIL.items() if key != "series"}
    with pytest.raises(AnsibleFilterError, match="SLO mail: no test can be made without series"):
        FilterModule().filters()["slo_tests"]([untried])
