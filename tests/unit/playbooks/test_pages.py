"""The pages of the reports: whole for what is known and for what is not, and nothing that a host says gets into their markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.fleet_report import fleet_report
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.patch_report import patch_report
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils import patch_answers
from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parents[3] / "playbooks/templates"
NOW = "2026-03-01T12:00:00Z"
BAD = "</td><script>alert('x')</script>\"'&"
VOID = {"meta", "link"}


class Markup(HTMLParser):
    """The tags that are open, and the names of all that there were; closing one that is not open is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, _attrs: Any) -> None:
        self.seen.add(tag)
        if tag not in VOID and tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def rendered(name: str, **variables: Any) -> str:
    # As Ansible renders them.
    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES), trim_blocks=True, undefined=StrictUndefined, autoescape=False
    )
    return jinja.get_template(name).render(**variables)


def check(page: str) -> None:
    """The markup is whole, runs nothing and loads nothing."""
    markup = Markup()
    markup.feed(page)
    markup.close()
    assert markup.open == []
    assert not markup.seen & {"script", "link", "img", "iframe"}
    assert not re.search(r"(src|href)=\"?(https?:)?//|@import|url\(", page)


def switch(**more: Any) -> dict[str, Any]:
    told = {"when": "2026-03-01T10:00:00Z", "kind": "forward", "from": "1", "to": BAD, "run_id": BAD, "app": BAD}
    return {**told, "result": "undone", "who": BAD, "why": BAD, "reason": BAD, "built_at": "", "revision": "", **more}


def hostile() -> dict[str, Any]:
    """A report in which whoever can say something says what is markup."""
    event = {"when": "2026-03-01T11:00:00Z", "result": BAD, "why": BAD, "unit": BAD, "away_s": None}
    ledger = {
        "chain_holds": False,
        "releases": [switch()],
        "heals": [event],
        "reboots": [event, {**event, "away_s": 31.5}],
    }
    labels = {"alertname": BAD, "severity": "page", "owner": BAD, "app": BAD, "slo": BAD, "host": "a"}
    one = {"series": [{"labels": labels, "value": -0.5}, {"labels": {"slo": "b"}, "value": None}]}
    alerts = {"series": [{"labels": labels, "values": [[1772359200.0, 1.0]]}]}
    matcher = {"name": BAD, "value": BAD, "isRegex": True}
    silence = {"startsAt": NOW, "endsAt": NOW, "matchers": [matcher], "createdBy": BAD, "comment": BAD}
    host = {"host": BAD, "state": BAD, "touched": True}
    rollout = {"run_id": "r", "name": BAD, "intent": BAD, "reason": "why", "ok": False, "verdict": BAD, "ended": True}
    shift = {
        "owner": BAD,
        "person": BAD,
        "start": "2026-02-01T00:00:00Z",
        "end": "2026-04-01T00:00:00Z",
        "timezone": "UTC",
    }
    return fleet_report(
        {"a": ledger, "b": {"unreachable": True, "msg": BAD}},
        ["a", "b"],
        NOW,
        7,
        {
            "history": {
                "rollouts": [{**rollout, "began": 1772359200.0, "last": 1772359260.0, "hosts": [host]}],
                "unreadable": [BAD],
            },
            "answers": {"alerts": alerts, "budgets": one, "budgets_before": one, "objectives": one, "patches": one},
            "silences": [{**silence, "status": {"state": "active"}}],
            "shifts": [shift],
        },
    )


def test_nothing_that_anybody_says_gets_into_the_markup() -> None:
    page = rendered("report.html.j2", report_told=hostile())
    check(page)
    assert page.count("&lt;script&gt;") > 20


def test_what_is_not_known_is_said_in_each_part() -> None:
    page = rendered("report.html.j2", report_told=fleet_report({}, [], NOW))
    check(page)
    for what in ("Pages are", "Silences are", "Error budgets are", "How hosts stand to their patches is"):
        assert f"{what} not known: nobody was asked, or nobody answered." in page


def test_of_a_quiet_week_the_page_says_so() -> None:
    nothing: dict[str, Any] = {"series": []}
    quiet = dict.fromkeys(("alerts", "budgets", "budgets_before", "objectives", "patches"), nothing)
    ledger: dict[str, Any] = {"chain_holds": True, "releases": [], "heals": [], "reboots": []}
    told = {"history": {"rollouts": [], "unreadable": []}, "answers": quiet, "silences": []}
    page = rendered("report.html.j2", report_told=fleet_report({"a": ledger}, ["a"], NOW, 1, told))
    check(page)
    assert "nothing failed" in page
    assert "none to judge" in page
    assert "Not known:</span></p>" not in page


def test_long_lists_have_their_beginning_on_the_page() -> None:
    several = [switch(run_id=f"r{number}", when=f"2026-03-01T10:00:{number:02d}Z") for number in range(40)]
    ledger = {"chain_holds": True, "releases": several, "heals": [], "reboots": []}
    page = rendered("report.html.j2", report_told=fleet_report({"a": ledger}, ["a"], NOW))
    assert page.count("<code>r") == 30
    assert "10 more are in the JSON." in page


@pytest.mark.parametrize("result", [patch_answers.answer(interrupted=[BAD]), {"failed": True, "msg": BAD}])
def test_the_page_of_patches_is_whole_too(result: dict[str, Any]) -> None:
    page = rendered("patch_report.html.j2", patch_report_told=patch_report({"a": result}, ["a"], NOW))
    check(page)
    assert "&lt;script&gt;" in page
