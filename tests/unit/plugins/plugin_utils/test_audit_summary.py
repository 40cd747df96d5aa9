"""The fleet's page has the worst first: hosts by score, rules by weight times number of hosts."""

from __future__ import annotations

from typing import Any

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.audit_summary import audit_summary


def rule(name: str, *, ok: bool = False, weight: int = 1, left_out: str = "") -> dict[str, Any]:
    return {"id": name, "layer": name.split("-", 1)[0], "ok": ok, "weight": weight, "left_out": left_out}


AUDITS = {
    "good": {"score": 90, "rules": [rule("ssh-a", ok=True), rule("ssh-b"), rule("kernel-c", left_out="a container")]},
    "poor": {"score": 20, "rules": [rule("ssh-a", weight=3), rule("ssh-b"), rule("kernel-c", weight=2)]},
}


def test_worst_host_comes_first_and_who_did_not_answer_is_named() -> None:
    told = audit_summary(AUDITS, ["good", "gone", "poor"])
    assert [host["name"] for host in told["hosts"]] == ["poor", "good"]
    assert told["unread"] == ["gone"]


def test_rules_come_by_weight_times_number_of_hosts() -> None:
    told = audit_summary(AUDITS, ["good", "poor"])
    assert [(one["id"], one["hosts"]) for one in told["rules"]] == [
        ("ssh-a", ["poor"]),
        ("kernel-c", ["poor"]),
        ("ssh-b", ["good", "poor"]),
    ]


def test_what_is_left_out_is_neither_kept_nor_broken() -> None:
    (host,) = audit_summary(AUDITS, ["good"])["hosts"]
    assert (host["kept"], len(host["broken"]), len(host["left_out"])) == (1, 1, 1)
    assert host["layers"] == {"ssh": 1, "kernel": 0}
