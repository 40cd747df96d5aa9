"""What release_evidence and release_evidence_info answer for their options."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import evidence_module, manifest
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.manifest import Manifest

SHA256 = hashlib.sha256(b"the release").hexdigest()
ENVIRONMENTS = [{"name": "staging", "target": "stage1"}, {"name": "production", "after": "staging", "soak_s": 3600}]


@pytest.fixture
def artefacts(tmp_path: Path) -> str:
    (tmp_path / "shop-2.0.0.whl").write_bytes(b"the release")
    told = Manifest("shop", "2.0.0", "shop-2.0.0.whl", SHA256, 11, built_at="2026-11-29T00:00:00Z")
    (tmp_path / "shop-2.0.0.json").write_bytes(manifest.dump(told))
    return str(tmp_path)


def add(artefacts: str, kind: str = "deployed", *, check: bool = False, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "artefacts": artefacts,
        "name": "shop",
        "version": "2.0.0",
        "sha256": "",
        "signers": None,
        "kind": kind,
        "environment": "staging",
        "by": "",
        "data": {},
        "key": None,
    }
    return evidence_module.add({**told, **more}, check=check)


def look(artefacts: str, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "artefacts": artefacts,
        "name": "shop",
        "version": "2.0.0",
        "sha256": "",
        "signers": None,
        "environments": ENVIRONMENTS,
        "promote_to": "",
        "authors": [],
        "seen": "",
    }
    return evidence_module.look({**told, **more})


def test_a_record_is_told_with_its_path_and_digest_and_shown_as_what_is_new(artefacts: str) -> None:
    told = add(artefacts)
    path = Path(artefacts, "shop-2.0.0.evidence", "0001-deployed-staging.json")
    assert (told["path"], told["number"], told["sha256"], told["signed"]) == (str(path), 1, SHA256, False)
    assert told["digest"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (told["diff"]["before"], told["diff"]["after"]) == ("", path.read_text())


def test_a_record_is_by_whoever_runs_this_unless_it_says_otherwise(artefacts: str) -> None:
    add(artefacts)
    add(artefacts, by="ci")
    first, second = look(artefacts)["records"]
    assert "@" in first["by"]
    assert second["by"] == "ci"


def test_without_an_environment_to_judge_for_it_only_tells(artefacts: str) -> None:
    told = look(artefacts)
    assert (told["artefact"], told["records"], told["digest"]) == (f"{artefacts}/shop-2.0.0.whl", [], "")
    assert told["holds"] is True
    assert "proven" not in told
    assert told["standing"]["staging"] == {"deployed_at": "", "soaked_s": 0, "rolled_back_at": "", "displaced_by": ""}


def test_it_tells_how_a_release_stands_in_each_environment(artefacts: str) -> None:
    add(artefacts)
    told = look(artefacts)
    assert told["standing"]["staging"]["deployed_at"] == told["records"][0]["at"]
    add(artefacts, "rolled_back")
    told = look(artefacts)
    assert told["standing"]["staging"]["deployed_at"] == ""
    assert told["standing"]["staging"]["rolled_back_at"] == told["records"][1]["at"]


def test_it_judges_and_tells_the_hosts_that_it_is_about(artefacts: str) -> None:
    add(artefacts)
    told = look(artefacts, promote_to="production")
    assert (told["proven"], told["target"], told["after"]) == (False, "production", "staging")
    assert told["missing"] == ["it has soaked in staging for 0 of 60 min"]
    told = look(artefacts, promote_to="staging")
    assert (told["proven"], told["missing"], told["target"], told["after"]) == (True, [], "stage1", "")


def test_an_artefact_that_was_replaced_since_is_refused(artefacts: str) -> None:
    with pytest.raises(BadInput, match="it was replaced: package a new version"):
        add(artefacts, sha256="ab" * 32)
    add(artefacts, sha256=SHA256)


def test_that_the_end_was_cut_off_is_a_problem_and_missing(artefacts: str) -> None:
    seen = add(artefacts)["digest"]
    Path(artefacts, "shop-2.0.0.evidence", "0001-deployed-staging.json").unlink()
    told = look(artefacts, promote_to="staging", seen=seen)
    assert (told["holds"], told["proven"]) == (False, False)
    assert told["problems"] == told["missing"]


def test_signers_that_are_not_there_are_refused(artefacts: str) -> None:
    with pytest.raises(BadInput, match=r"signers: /nowhere is not there; give the file of allowed signers"):
        look(artefacts, signers="/nowhere")
