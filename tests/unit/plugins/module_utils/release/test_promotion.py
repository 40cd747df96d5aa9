"""Whether a release may come: a table of records, what an environment asks for, and what is missing, in words."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import promotion
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.environments import Environment
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.evidence import Chain, Entry, Record
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.promotion import Case, Displacement

SHA256, OTHER = "ab" * 32, "cd" * 32
NOW = dt.datetime(2026, 11, 29, 13, 0, tzinfo=dt.timezone.utc)
Event = tuple[str, str, dict[str, Any]]


def entry(number: int, kind: str, environment: str, **more: Any) -> Entry:
    """A record made at noon by `by` and signed by whoever `signer` is, by default the same."""
    by = more.pop("by", "ci")
    signer, fault = more.pop("signer", by), more.pop("fault", "")
    at, sha256 = more.pop("at", "12:00"), more.pop("sha256", SHA256)
    told = Record(number, "shop", "2.0.0", sha256, "", kind, environment, by, f"2026-11-29T{at}:00Z", more)
    return Entry(told.file, "", told, signer, fault)


def missing(wanted: Environment, *events: Event, **more: Any) -> list[str]:
    entries = tuple(entry(number, kind, where, **data) for number, (kind, where, data) in enumerate(events, 1))
    problems = more.pop("problems", ())
    return promotion.judge(wanted, Case(Chain(entries, problems), SHA256, NOW, **{"signed": True, **more}))


DEPLOYED: Event = ("deployed", "staging", {})
PLAIN = Environment("production", after="staging")
SOAK = Environment("production", after="staging", soak_s=3600)
TESTED = Environment("production", after="staging", tests=("smoke", "load"))
GATED = Environment("production", after="staging", gate=True)
APPROVED = Environment("production", approvals=1, approvers=("alice", "bob"))


def approval(by: str = "alice", **more: Any) -> Event:
    return ("approval", "production", {"by": by, **more})


@pytest.mark.parametrize(
    "wanted,events,said",
    [
        (Environment("development"), [], []),
        (PLAIN, [DEPLOYED], []),
        (PLAIN, [], ["it was not deployed in staging (no record of that of abababababab)"]),
        (
            PLAIN,
            [("deployed", "development", {})],
            ["it was not deployed in staging (no record of that of abababababab)"],
        ),
        (PLAIN, [("begun", "staging", {})], ["it was not deployed in staging (no record of that of abababababab)"]),
        (
            PLAIN,
            [("deployed", "staging", {"sha256": OTHER})],
            [
                "in staging another artefact of the same name was deployed (cdcdcdcdcdcd), and not this one (abababababab)"
            ],
        ),
        (
            PLAIN,
            [DEPLOYED, ("rolled_back", "staging", {"reason": "slow"})],
            ["it was rolled back in staging at 2026-11-29T12:00:00Z (slow), and not deployed again"],
        ),
        (PLAIN, [DEPLOYED, ("rolled_back", "staging", {}), DEPLOYED], []),
        (PLAIN, [DEPLOYED, ("rolled_back", "production", {})], []),
        (SOAK, [DEPLOYED], []),
        (SOAK, [("deployed", "staging", {"at": "12:40"})], ["it has soaked in staging for 20 of 60 min"]),
        (SOAK, [("deployed", "staging", {"at": "12:01"})], ["it has soaked in staging for 59 of 60 min"]),
        (
            SOAK._replace(soak_s=90),
            [("deployed", "staging", {"at": "12:59"})],
            ["it has soaked in staging for 60 of 90 s"],
        ),
        (SOAK, [("deployed", "staging", {"at": "13:04"})], ["it has soaked in staging for 0 of 60 min"]),
        (SOAK, [DEPLOYED, ("deployed", "staging", {"at": "12:50"})], []),
        (
            SOAK,
            [DEPLOYED, ("rolled_back", "staging", {}), ("deployed", "staging", {"at": "12:58"})],
            ["it has soaked in staging for 2 of 60 min"],
        ),
        (
            TESTED,
            [DEPLOYED, ("tests", "staging", {"suite": "smoke", "passed": False, "failed": 2})],
            [
                "tests smoke failed in staging, 2 of them (0002-tests-staging.json)",
                "tests load have not been run in staging",
            ],
        ),
        (
            TESTED,
            [
                DEPLOYED,
                ("tests", "staging", {"suite": "smoke", "passed": False}),
                ("tests", "staging", {"suite": "smoke", "passed": "True"}),
                ("tests", "development", {"suite": "load", "passed": True}),
            ],
            ["tests load have not been run in staging"],
        ),
        (
            TESTED,
            [
                DEPLOYED,
                *(("tests", "staging", {"suite": one, "passed": True, "sha256": OTHER}) for one in TESTED.tests),
            ],
            ["tests smoke have not been run in staging", "tests load have not been run in staging"],
        ),
        (
            Environment("development", tests=("unit",)),
            [("tests", "development", {"suite": "unit", "passed": True})],
            [],
        ),
        (GATED, [("gate", "staging", {"passed": True}), DEPLOYED], []),
        (GATED, [DEPLOYED], ["no gate was asked in the rollout to staging: set rollout_gate there"]),
        (
            GATED,
            [DEPLOYED, ("gate", "staging", {"passed": False})],
            ["the gate in staging did not hold (0002-gate-staging.json)"],
        ),
        (
            GATED,
            [("gate", "staging", {"passed": True}), ("rolled_back", "staging", {}), DEPLOYED],
            ["no gate was asked in the rollout to staging: set rollout_gate there"],
        ),
        (APPROVED, [approval()], []),
        (APPROVED, [approval(approved=True)], []),
        (APPROVED, [], ["approvals for production: 0 of 1, by alice, bob"]),
        (APPROVED, [("approval", "staging", {"by": "alice"})], ["approvals for production: 0 of 1, by alice, bob"]),
        (APPROVED, [approval("eve")], ["approvals for production: 0 of 1, by alice, bob (eve is no approver)"]),
        (
            APPROVED,
            [approval("alice", signer="eve")],
            [
                "approvals for production: 0 of 1, by alice, bob (0001-approval-production.json says that it is by alice, and is signed by eve)"
            ],
        ),
        (APPROVED, [approval(sha256=OTHER)], ["approvals for production: 0 of 1, by alice, bob"]),
        (
            APPROVED,
            [approval(), ("rolled_back", "production", {})],
            ["approvals for production: 0 of 1, by alice, bob"],
        ),
        (APPROVED._replace(approvals=2), [approval(), approval()], ["approvals for production: 1 of 2, by alice, bob"]),
        (APPROVED._replace(approvals=2), [approval(), approval("bob")], []),
        (
            APPROVED,
            [approval(), approval("bob", approved=False, reason="not on a Friday")],
            ["bob refuses it for production: not on a Friday (0002-approval-production.json)"],
        ),
        (APPROVED, [approval(approved=False), approval()], []),
        (APPROVED._replace(approvers=()), [approval("eve")], []),
        (
            APPROVED,
            [("built", "development", {"by": "ci", "authors": ["alice"]}), approval()],
            ["approvals for production: 0 of 1, by alice, bob (alice is an author of it)"],
        ),
        (
            APPROVED,
            [("built", "development", {"by": "alice"}), approval()],
            ["approvals for production: 0 of 1, by alice, bob (alice is an author of it)"],
        ),
        (APPROVED._replace(own_approval=True), [("built", "development", {"by": "alice"}), approval()], []),
    ],
)
def test_what_is_missing(wanted: Environment, events: list[Event], said: list[str]) -> None:
    assert missing(wanted, *events) == said


def test_authors_who_are_told_cannot_approve_either() -> None:
    assert missing(APPROVED, approval(), authors=["alice"]) == [
        "approvals for production: 0 of 1, by alice, bob (alice is an author of it)"
    ]


def test_without_signers_nobody_can_approve() -> None:
    assert missing(APPROVED, approval(), signed=False) == [
        "approvals for production cannot be judged without signers: name the file of those who may sign"
    ]


def test_everything_is_told_at_once_the_chain_and_the_signatures_first() -> None:
    wanted = SOAK._replace(tests=("smoke",), gate=True, approvals=1)
    said = missing(
        wanted, ("deployed", "staging", {"at": "12:59", "fault": "1 is not signed"}), problems=("record 1 is gone",)
    )
    assert said == [
        "record 1 is gone",
        "1 is not signed",
        "it has soaked in staging for 1 of 60 min",
        "tests smoke have not been run in staging",
        "no gate was asked in the rollout to staging: set rollout_gate there",
        "approvals for production: 0 of 1",
    ]


@pytest.mark.parametrize(
    "environment,at,said",
    [
        ("staging", "12:20", ["it has soaked in staging for 20 of 60 min, since 2.0.1 took its place"]),
        ("staging", "11:00", []),
        ("development", "12:20", []),
    ],
)
def test_a_soak_ends_when_another_version_takes_its_place(environment: str, at: str, said: list[str]) -> None:
    when = dt.datetime.fromisoformat(f"2026-11-29T{at}:00+00:00")
    assert missing(SOAK, DEPLOYED, displaced=[Displacement(environment, "2.0.1", when)]) == said
