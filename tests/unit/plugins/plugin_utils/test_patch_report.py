"""The fleet's report: who is unknown comes first and is never fine, the worst next, and what hosts share is told once."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.patch_report import patch_report
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.patch_verdict import judge
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.patch_answers import (
    NOW,
    answer,
    held,
    reboot,
    run,
    update,
)

TEMPLATES = Path(__file__).resolve().parents[4] / "playbooks/templates"
NASTY = "<b>\"'&"


@pytest.mark.parametrize(
    "result, state, why",
    [
        (answer(), "compliant", ""),
        (answer(plan=[update("curl")], patch_age_days=30.0), "compliant", ""),
        (answer(patch_age_days=30.1), "not compliant", "a security update has been waiting for 30.1 days"),
        (answer(reboot=reboot(True)), "compliant", ""),
        (answer(reboot=reboot(True), last_boot="2026-02-01T00:00:00Z"), "not compliant", "up for 58.5 days"),
        (answer(reboot=reboot(True), last_boot=""), "not compliant", "when the host last booted is not known"),
        (answer(last_boot="2020-01-01T00:00:00Z"), "compliant", ""),
        (answer(interrupted=["libc6"]), "not compliant", "unfinished: libc6"),
        (answer(interrupted=list("abcdefg")), "not compliant", "unfinished: a, b, c, d, e and 2 more"),
        (answer(patch_age_days=None), "unknown", "how long security updates have been waiting is not known"),
        (answer(reboot=reboot(None)), "unknown", "whether a reboot is due is not known"),
        (answer(lists_age_s=None), "unknown", "how old its lists of packages are is not known"),
        (answer(lists_age_s=31 * 86400.0), "unknown", "its lists of packages are 31.0 days old"),
        (answer(patch_age_days=99.0, reboot=reboot(None)), "not compliant", "whether a reboot is due is not known"),
        ({"unreachable": True, "msg": "no\n route"}, "unknown", "unreachable: no route"),
        ({"failed": True, "msg": "no python3-apt"}, "unknown", "not read: no python3-apt"),
        ({"failed": True, **answer()}, "unknown", "not read"),
        ({"skipped": True}, "unknown", "not read"),
        ({}, "unknown", "not read"),
    ],
)
def test_a_host_is_judged_by_the_rule(result: dict[str, Any], state: str, why: str) -> None:
    verdict = judge(result, NOW, 30)
    assert verdict.state == state
    assert why in "; ".join(verdict.why)
    assert bool(verdict.why) == (state != "compliant")


def test_unknown_hosts_come_first_and_then_the_one_that_waits_the_longest() -> None:
    results = {
        "well": answer(),
        "some": answer(patch_age_days=3.0),
        "late": answer(patch_age_days=40.0),
        "later": answer(patch_age_days=50.0),
        "gone": {"unreachable": True},
    }
    told = patch_report(results, ["well", "some", "late", "later", "gone", "never"], NOW)
    assert [host["name"] for host in told["hosts"]] == ["gone", "never", "later", "late", "some", "well"]
    assert (told["fleet"]["compliant"], told["fleet"]["not_compliant"], told["fleet"]["unknown"]) == (2, 2, 2)


def test_age_is_told_of_the_hosts_that_know_it() -> None:
    results = {"a": answer(patch_age_days=1.0), "b": answer(patch_age_days=9.0), "c": answer(patch_age_days=None)}
    fleet = patch_report(results, list(results), NOW)["fleet"]
    assert (fleet["age_days_max"], fleet["age_days_max_host"], fleet["age_days_median"]) == (9.0, "b", 5.0)
    assert fleet["age_days_known"] == 2


def test_nothing_is_foretold_where_a_repair_comes_first() -> None:
    (host,) = patch_report({"a": answer(repair_first=True)}, ["a"], NOW)["hosts"]
    assert (host["foretold"], host["age_days"], host["cves_open"]) == (False, None, None)


def test_cves_come_by_priority_and_then_by_number_of_hosts() -> None:
    rare = update("curl", cves=["CVE-2026-1"], priority="critical")
    wide = update("bash", cves=["CVE-2026-2"], priority="low")
    results = {
        "a": answer(plan=[rare, wide], cves={"open": ["CVE-2026-1", "CVE-2026-2"], "source": "changelogs"}),
        "b": answer(plan=[wide], cves={"open": ["CVE-2026-2", "CVE-2026-3"], "source": "changelogs"}),
        "c": answer(cves={"open": None, "source": ""}),
    }
    told = patch_report(results, list(results), NOW)
    assert [(one["id"], one["packages"], one["hosts"]) for one in told["cves"]] == [
        ("CVE-2026-1", ["curl"], ["a"]),
        ("CVE-2026-2", ["bash"], ["a", "b"]),
        ("CVE-2026-3", [], ["b"]),
    ]
    assert (told["fleet"]["cves_open"], told["fleet"]["cves_hosts"], told["fleet"]["cves_known"]) == (3, 2, 2)


def test_the_same_hold_and_the_same_unit_of_many_hosts_are_told_once() -> None:
    left = {"due": ["ssh.service"], "after": [], "left": {"dbus.service": "reboot"}}
    one = answer(held=[held("nginx")], restart=left)
    told = patch_report({"a": one, "b": one, "c": answer(held=[held("nginx", "phased")])}, ["a", "b", "c"], NOW)
    assert [(hold["why"], hold["hosts"]) for hold in told["held"]] == [("on hold", ["a", "b"]), ("phased", ["c"])]
    assert [(unit["name"], unit["hosts"]) for unit in told["left"]] == [
        ("dbus.service", ["a", "b"]),
        ("ssh.service", ["a", "b"]),
    ]


def test_a_held_security_update_counts_as_pending() -> None:
    told = patch_report({"a": answer(held=[held("nginx", security=True)])}, ["a"], NOW)
    assert told["fleet"]["security"] == 1


def test_runs_are_grouped_over_hosts_and_the_newest_comes_first() -> None:
    results = {
        "a": answer(history=[run("2026-03-02T00:09:00Z", "new", "undone"), run("2026-03-02T00:00:00Z", "new")]),
        "b": answer(history=[run("2026-03-02T01:00:00Z", "new"), run("2026-03-01T00:00:00Z", "old", packages={})]),
    }
    runs = patch_report(results, ["a", "b"], NOW)["runs"]
    assert [(one["run_id"], one["when"], one["results"], one["packages"]) for one in runs] == [
        ("new", "2026-03-02T00:00:00Z", {"undone": ["a"], "done": ["b"]}, ["bash"]),
        ("old", "2026-03-01T00:00:00Z", {"done": ["b"]}, []),
    ]


def test_entries_without_a_run_id_stand_for_themselves() -> None:
    by_hand = answer(history=[run("2026-03-02T00:00:00Z", "")])
    assert [one["hosts"] for one in patch_report({"a": by_hand, "b": by_hand}, ["a", "b"], NOW)["runs"]] == [
        ["a"],
        ["b"],
    ]


def test_a_limit_given_as_text_is_the_number_it_names() -> None:
    assert patch_report({}, [], NOW, "14")["rule"] == patch_report({}, [], NOW, 14)["rule"]


def test_a_page_without_hosts_says_so() -> None:
    assert "There is no host in the inventory" in page({})


def test_a_page_names_the_unknown_hosts_before_all_others() -> None:
    shown = page({"well": answer(), "gone": {"unreachable": True, "msg": "no route"}})
    assert shown.index("<strong>gone</strong>: unreachable: no route") < shown.index("well")


def test_a_page_shows_whatever_hosts_say_as_text() -> None:
    shown = page({NASTY: spoilt(full()), "bad": {"failed": True, "msg": NASTY}})
    assert "<b>" not in shown
    assert shown.count("&lt;b&gt;&#34;&#39;&amp;") > 30


def test_a_page_asks_the_internet_for_nothing() -> None:
    assert not [word for word in ("http:", "https:", "src=", "@import", "url(") if word in page({"a": full()})]


def page(results: dict[str, Any]) -> str:
    """The page as the playbook's template makes it; what is undefined is an error, as for Ansible."""
    loader = jinja2.FileSystemLoader(TEMPLATES)
    # Each value is escaped by the template itself, as Ansible's own environment escapes nothing.
    environment = jinja2.Environment(loader=loader, trim_blocks=True, undefined=jinja2.StrictUndefined)
    told = patch_report(results, list(results), NOW)
    return environment.get_template("patch_report.html.j2").render(patch_report_told=told)


def full() -> dict[str, Any]:
    """The answer of a host where everything is to be told."""
    return answer(
        plan=[
            update("curl", cves=["CVE-2026-1"], config_files=["/etc/curlrc"]),
            update("new", **{"from": "", "cves": None}),
        ],
        held=[held("nginx", security=True)],
        no_longer_needed=["libold1"],
        restart={"due": ["ssh.service"], "after": ["nginx.service"], "left": {"dbus.service": "reboot"}},
        reboot={**reboot(True, "a new kernel"), "after": ["a newer kernel"]},
        space=[{"path": "/boot", "free_bytes": 1, "needs_bytes": 2, "what": "a kernel"}],
        way_back={"complete": False, "missing": {"curl": "no archive has it"}},
        cves={"open": ["CVE-2026-1"], "source": "changelogs"},
        interrupted=["libc6"],
        unknown=["whether cron.service runs replaced code"],
        history=[run("2026-03-01T00:00:00Z", reason="Patch Tuesday")],
        patch_age_days=40.0,
    )


def spoilt(told: dict[str, Any]) -> dict[str, Any]:
    """The same with markup in every text but those that are compared or sorted as words of a list."""
    kept = {"priority", "when", "last_boot"}

    def within(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            keep_keys = {*answer(), *update(""), *held(""), *reboot(None), *run(""), *full()["space"][0]}
            keep_keys |= {"due", "after", "left", "complete", "missing", "open", "source"}
            return {(name if name in keep_keys else name + NASTY): within(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [within(one) for one in value]
        return value + NASTY if isinstance(value, str) and key not in kept else value

    found: dict[str, Any] = within(copy.deepcopy(told))
    return found


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, the keys of dicts left out."""
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(one)
    if isinstance(value, str):
        yield value


def test_the_test_of_escaping_spoils_all_texts_but_times() -> None:
    assert len([one for one in texts(spoilt(full())) if one and NASTY not in one]) == 2
