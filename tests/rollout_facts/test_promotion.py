"""Promotion, end to end: what is not proven is refused by name, what is comes and is written down, and approvals are signed."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.tests.rollout_facts.alertmanager import serving
from ansible_collections.groundcrew.fleet.tests.rollout_facts.playing import CHECKOUT, Fleet, Outcome

ENVIRONMENTS = [
    {"name": "development", "target": "app1"},
    {"name": "staging", "target": "app2", "after": "development", "tests": ["smoke"]},
    {"name": "production", "target": "app:!app1:!app2", "after": "staging", "tests": ["smoke"], "approvals": 1},
]


class Promotion:
    """A release of the app shop, people who may sign, and the playbooks that move it."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.artefacts = fleet.base / "artefacts"
        self.evidence = self.artefacts / "shop-2.0.0.evidence"
        self.signers = fleet.base / "signers"
        self.artefacts.mkdir()
        self.package(b"the release")
        for name in ("ci", "alice"):
            self.key(name)

    def package(self, content: bytes) -> None:
        (self.artefacts / "shop-2.0.0.tar.gz").write_bytes(content)
        told = {
            "format": 1,
            "name": "shop",
            "version": "2.0.0",
            "artefact": "shop-2.0.0.tar.gz",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "source": {"repository": "", "revision": "", "ref": "", "dirty": False},
            "built_at": "2026-11-29T00:00:00Z",
            "python": None,
        }
        (self.artefacts / "shop-2.0.0.json").write_text(json.dumps(told))

    def key(self, name: str, *, known: bool = True) -> Path:
        """The key of somebody, who is made, and may sign if `known`."""
        path = self.fleet.base / name
        if not path.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
            if known:
                with self.signers.open("a") as file:
                    file.write(f"{name} {path.with_suffix('.pub').read_text()}")
        return path

    def play(self, playbook: str, *words: str, **variables: Any) -> Outcome:
        told = {
            "deployment_app": "shop",
            "deployment_artefacts": "artefacts",
            "deployment_version": "2.0.0",
            "promote_environments": ENVIRONMENTS,
            "promote_signers": str(self.signers),
            "promote_key": "ci",
            "rollout_role": "app",
            "rollout_balancer": "balancer",
            "rollout_health": {},
            "rollout_preflight": {},
            "rollout_gate_default": {},
            **variables,
        }
        # What is no whole path is meant from where a shell stands.
        self.fleet.environment["PWD"] = str(self.fleet.base)
        path = str(CHECKOUT / "playbooks" / f"{playbook}.yml")
        return self.fleet.end_of(self.fleet._popen(path, "-e", json.dumps(told), *words))

    def tests(self, environment: str, *, passed: bool, fails: str = "") -> None:
        """Write down how the suite smoke went."""
        told = {
            "artefacts": str(self.artefacts),
            "name": "shop",
            "version": "2.0.0",
            "kind": "tests",
            "environment": environment,
            "data": {"suite": "smoke", "passed": passed},
            "key": str(self.key("ci")),
        }
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"groundcrew.fleet.release_evidence": told}]}
        outcome = self.fleet.play(json.dumps([play]))
        assert fails in outcome.output
        assert (outcome.status != 0) == bool(fails), outcome.output

    def data(self, number: int) -> dict[str, Any]:
        """What the record of that number tells."""
        (path,) = self.evidence.glob(f"{number:04d}-*.json")
        found: dict[str, Any] = json.loads(path.read_text())["data"]
        return found

    def kinds(self) -> list[str]:
        return [path.name for path in sorted(self.evidence.glob("*.json"))] if self.evidence.exists() else []


@pytest.fixture
def shop(fleet: Fleet) -> Promotion:
    return Promotion(fleet)


@pytest.mark.every_core
def test_a_release_goes_all_the_way_once_each_environment_has_proven_it(shop: Promotion) -> None:
    came = shop.play("promote", promote_to="development")
    assert came.status == 0, came.output
    assert came.states() == {"app1": "done"}
    assert shop.kinds() == ["0001-begun-development.json", "0002-deployed-development.json"]
    assert shop.data(2)["run_id"] == came.report["run_id"]

    refused = shop.play("promote", promote_to="staging")
    assert refused.status == 2
    assert "tests smoke have not been run in development" in refused.output
    shop.tests("development", passed=True)
    assert shop.play("promote", promote_to="staging").status == 0

    shop.tests("staging", passed=False)
    refused = shop.play("promote", promote_to="production")
    assert "tests smoke failed in staging (0006-tests-staging.json)" in refused.output
    assert "approvals for production: 0 of 1" in refused.output
    shop.tests("staging", passed=True)
    approved = shop.play(
        "approve", promote_to="production", approve_key="alice", approve_by="alice", approve_reason="seen"
    )
    assert approved.status == 0, approved.output
    assert "may come to production: yes" in approved.output
    came = shop.play("promote", promote_to="production")
    assert came.status == 0, came.output
    assert came.states() == {"app3": "done"}
    assert came.noted("apply") == ["app1", "app2", "app3"]
    assert shop.kinds()[-3:] == [
        "0008-approval-production.json",
        "0009-begun-production.json",
        "0010-deployed-production.json",
    ]


def test_what_is_missing_is_listed_and_nothing_is_touched(shop: Promotion) -> None:
    outcome = shop.play("promote", promote_to="production")
    assert outcome.status == 2, outcome.output
    assert "shop 2.0.0 may not come to production:" in outcome.output
    assert "it was not deployed in staging (no record of that of " in outcome.output
    assert "approvals for production: 0 of 1" in outcome.output
    assert outcome.notes == []
    assert shop.kinds() == []


def test_a_rollout_that_failed_leaves_no_record_that_it_was_deployed(shop: Promotion) -> None:
    outcome = shop.play("promote", promote_to="development", broken=["app1"])
    assert outcome.status == 2
    assert shop.kinds() == ["0001-begun-development.json"]


def test_an_artefact_that_was_built_again_is_refused(shop: Promotion) -> None:
    assert shop.play("promote", promote_to="development").status == 0
    shop.package(b"the same version, built again")
    shop.tests("development", passed=True, fails="a version is built once; package a new version")
    outcome = shop.play("promote", promote_to="staging")
    assert outcome.status == 2
    assert "in development another artefact of the same name was deployed" in outcome.output
    assert outcome.noted("apply") == ["app1"]


def test_an_artefact_that_differs_from_its_manifest_is_refused(shop: Promotion) -> None:
    (shop.artefacts / "shop-2.0.0.tar.gz").write_bytes(b"tampered")
    outcome = shop.play("promote", promote_to="development")
    assert outcome.status == 2
    assert "one of them was changed: take an untouched copy" in outcome.output
    assert shop.kinds() == []


def test_the_gate_of_the_rollout_is_a_record_of_its_own(shop: Promotion) -> None:
    with serving() as alertmanager:
        gate = {"alertmanager_url": alertmanager.url, "alerts": []}
        outcome = shop.play("promote", promote_to="development", rollout_gate=gate, promote_figures={"p99_s": 0.2})
    assert outcome.status == 0, outcome.output
    assert shop.kinds()[1] == "0002-gate-development.json"
    assert (shop.data(2)["passed"], shop.data(2)["figures"]) == (True, {"p99_s": 0.2})


def test_an_environment_without_hosts_is_no_proof(shop: Promotion) -> None:
    empty = [{"name": "development", "target": "nowhere"}]
    outcome = shop.play("promote", promote_to="development", promote_environments=empty)
    assert outcome.status != 0, outcome.output
    assert "0002-deployed-development.json" not in shop.kinds()


def test_check_mode_judges_and_writes_nothing(shop: Promotion) -> None:
    outcome = shop.play("promote", "--check", promote_to="development")
    assert outcome.status == 0, outcome.output
    assert not shop.evidence.exists()


@pytest.mark.parametrize(
    "words,variables,said",
    [
        (
            ["--limit", "app1"],
            {"promote_to": "development"},
            "promote brings a release to a whole environment; leave out --limit",
        ),
        ([], {}, "give the environment as promote_to=NAME"),
        (
            [],
            {"promote_to": "development", "rollout_target": "app"},
            "leave out -e rollout_target and deployment_artefact",
        ),
        ([], {"promote_to": "development", "deployment_artefact": "/x.tar.gz"}, "leave out -e rollout_target"),
        (
            [],
            {"promote_to": "moon"},
            "promote_to=moon is no environment; promote_environments has development, staging",
        ),
        (
            [],
            {"promote_to": "development", "promote_key": ""},
            "key: a record of begun would not be signed, and signers are asked for",
        ),
        ([], {"promote_to": "development", "promote_key": "eve"}, "what .*/eve signs would not be accepted"),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything(
    shop: Promotion, words: list[str], variables: dict[str, Any], said: str
) -> None:
    shop.key("eve", known=False)
    outcome = shop.play("promote", *words, **variables)
    assert outcome.status == 2
    assert re.search(said, outcome.output), outcome.output
    assert outcome.notes == []
    assert shop.kinds() == []


@pytest.mark.parametrize(
    "variables,said",
    [
        ({"approve_key": "alice", "approve_by": "bob"}, "by: 'bob' would approve with the key of 'alice'"),
        ({"approve_key": "eve", "approve_by": "eve"}, "what .*/eve signs would not be accepted"),
        ({"approve_by": "alice"}, "give the key that signs it as approve_key=PATH"),
        ({"approve_key": "alice", "approve_by": "alice", "promote_to": "moon"}, "promote_to=moon is no environment"),
    ],
)
def test_an_approval_that_nobody_would_accept_is_not_written(
    shop: Promotion, variables: dict[str, Any], said: str
) -> None:
    shop.key("eve", known=False)
    outcome = shop.play("approve", **{"promote_to": "production", **variables})
    assert outcome.status == 2
    assert re.search(said, outcome.output), outcome.output
    assert shop.kinds() == []


def test_a_refusal_holds_the_release_until_it_is_taken_back(shop: Promotion) -> None:
    alice = {"promote_to": "production", "approve_key": "alice", "approve_by": "alice"}
    outcome = shop.play("approve", **alice, approve_refuse=True, approve_reason="not on a Friday")
    assert outcome.status == 0, outcome.output
    assert "alice refuses it for production: not on a Friday (0001-approval-production.json)" in outcome.output
    assert "alice refuses it" not in shop.play("approve", **alice).output
