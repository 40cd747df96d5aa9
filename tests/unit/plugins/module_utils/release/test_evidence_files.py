"""Evidence in real files with real keys: written by this module and by plain shell, one writer at a time."""

from __future__ import annotations

import concurrent.futures
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import evidence, evidence_files, manifest
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.evidence_files import Place, Said
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.manifest import Manifest

GUIDE = Path(__file__).parents[5] / "docs/guides/from-a-branch-to-production.md"
TESTS = Said("tests", "staging", "ci", {"suite": "smoke", "passed": True})


@pytest.fixture
def artefacts(tmp_path: Path) -> Path:
    """A directory with shop 2.0.0."""
    path = tmp_path / "artefacts"
    path.mkdir()
    package(path, b"the release")
    return path


def package(path: Path, content: bytes, version: str = "2.0.0") -> None:
    name = f"shop-{version}.tar.gz"
    (path / name).write_bytes(content)
    told = Manifest(
        "shop", version, name, hashlib.sha256(content).hexdigest(), len(content), built_at="2026-11-29T00:00:00Z"
    )
    (path / f"shop-{version}.json").write_bytes(manifest.dump(told))


@pytest.fixture
def signers(tmp_path: Path) -> str:
    """The file of those who may sign, ci and alice, with their keys beside it and that of eve, who may not."""
    lines = []
    for name in ("ci", "alice", "eve"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
        lines.append(f"{name} {(tmp_path / f'{name}.pub').read_text()}")
    (tmp_path / "signers").write_text("".join(lines[:2]))
    return str(tmp_path / "signers")


def key(signers: str, name: str = "ci") -> str:
    return str(Path(signers).parent / name)


def place(artefacts: Path) -> Place:
    return evidence_files.locate(str(artefacts), "shop", "2.0.0")


def append(artefacts: Path, said: Said = TESTS, **more: Any) -> str:
    options = {"key": "", "signers": "", "check": False, **more}
    return evidence_files.append(place(artefacts), said, **options)[0].file


def listed(artefacts: Path) -> list[str]:
    directory = artefacts / "shop-2.0.0.evidence"
    return sorted(os.listdir(directory)) if directory.exists() else []


def test_records_are_appended_signed_and_read_with_who_signed_them(artefacts: Path, signers: str) -> None:
    append(artefacts, key=key(signers), signers=signers)
    append(artefacts, Said("approval", "production", "alice", {}), key=key(signers, "alice"), signers=signers)
    found = evidence_files.read(place(artefacts), signers=signers)
    assert [(entry.file, entry.signer, entry.fault) for entry in found.entries] == [
        ("0001-tests-staging.json", "ci", ""),
        ("0002-approval-production.json", "alice", ""),
    ]
    assert found.problems == ()
    assert listed(artefacts) == [
        "0001-tests-staging.json",
        "0001-tests-staging.json.sig",
        "0002-approval-production.json",
        "0002-approval-production.json.sig",
    ]


def test_a_record_is_of_the_very_artefact_and_follows_the_former_one(artefacts: Path) -> None:
    append(artefacts)
    append(artefacts)
    first, second = evidence_files.read(place(artefacts)).entries
    assert (first.record.former, second.record.former) == ("", first.digest)
    assert second.record.sha256 == hashlib.sha256(b"the release").hexdigest()


def test_check_mode_foresees_and_writes_nothing(artefacts: Path, signers: str) -> None:
    assert append(artefacts, check=True, key=key(signers), signers=signers) == "0001-tests-staging.json"
    assert listed(artefacts) == []


def test_of_many_that_write_at_once_each_gets_a_number_of_its_own(artefacts: Path, signers: str) -> None:
    kinds = ["tests", "soak", "gate", "approval"] * 4

    def write(kind: str) -> str:
        return append(artefacts, Said(kind, "staging", "ci", {}), key=key(signers), signers=signers)

    with concurrent.futures.ThreadPoolExecutor(len(kinds)) as pool:
        files = list(pool.map(write, kinds))
    assert sorted(int(file[:4]) for file in files) == list(range(1, len(kinds) + 1))
    found = evidence_files.read(place(artefacts), signers=signers)
    assert found.problems == ()
    assert {entry.fault for entry in found.entries} == {""}


@pytest.mark.parametrize(
    "damage,said",
    [
        (lambda path: (path.with_name(path.name + ".sig")).unlink(), "0001-tests-staging.json is not signed"),
        (
            lambda path: (path.with_name(path.name + ".sig")).write_text("no signature"),
            "0001-tests-staging.json.sig is by nobody in ",
        ),
        (
            lambda path: path.write_bytes(path.read_bytes().replace(b"smoke", b"other")),
            "0001-tests-staging.json.sig does not hold for what it lies beside",
        ),
    ],
)
def test_a_record_whose_signature_does_not_hold_is_told(artefacts: Path, signers: str, damage: Any, said: str) -> None:
    append(artefacts, key=key(signers), signers=signers)
    damage(artefacts / "shop-2.0.0.evidence" / "0001-tests-staging.json")
    (entry,) = evidence_files.read(place(artefacts), signers=signers).entries
    assert said in entry.fault
    assert entry.signer == ""
    assert evidence_files.read(place(artefacts)).entries[0].fault == ""


def test_what_somebody_unknown_has_signed_is_told(artefacts: Path, signers: str) -> None:
    append(artefacts, key=key(signers, "eve"))
    (entry,) = evidence_files.read(place(artefacts), signers=signers).entries
    assert "0001-tests-staging.json.sig is by nobody in " in entry.fault


def test_a_signature_for_another_purpose_does_not_count(artefacts: Path, signers: str) -> None:
    append(artefacts)
    path = artefacts / "shop-2.0.0.evidence" / "0001-tests-staging.json"
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", key(signers), "-n", manifest.NAMESPACE, path], check=True)
    (entry,) = evidence_files.read(place(artefacts), signers=signers).entries
    assert "does not hold for what it lies beside" in entry.fault


@pytest.mark.parametrize(
    "said,options,message",
    [
        (TESTS, {"key": ""}, "key: a record of tests would not be signed, and signers are asked for"),
        (TESTS, {"key": "eve"}, "signs would not be accepted: "),
        (TESTS, {"key": "nobody"}, "cannot sign: "),
        (
            Said("approval", "production", "bob", {}),
            {"key": "alice"},
            "by: 'bob' would approve with the key of 'alice'",
        ),
        (Said("a/b", "staging", "ci", {}), {"key": "ci"}, "kind: 'a/b' must be"),
    ],
)
def test_what_nobody_would_accept_is_not_written(
    artefacts: Path, signers: str, said: Said, options: dict[str, str], message: str
) -> None:
    name = options["key"]
    with pytest.raises(BadInput) as refused:
        append(artefacts, said, key=key(signers, name) if name else "", signers=signers)
    assert message in str(refused.value)
    assert listed(artefacts) == []


def test_nothing_is_added_to_records_that_do_not_hold(artefacts: Path) -> None:
    append(artefacts)
    append(artefacts)
    (artefacts / "shop-2.0.0.evidence" / "0001-tests-staging.json").unlink()
    with pytest.raises(BadInput, match="does not hold, so nothing is added: record 1 is missing"):
        append(artefacts)


def test_nothing_is_added_to_the_records_of_another_artefact(artefacts: Path) -> None:
    append(artefacts)
    package(artefacts, b"the same version, built again")
    with pytest.raises(BadInput, match="a version is built once; package a new version"):
        append(artefacts)


def test_what_a_writer_that_was_killed_has_left_is_in_nobodys_way(artefacts: Path, signers: str) -> None:
    append(artefacts, key=key(signers), signers=signers)
    directory = artefacts / "shop-2.0.0.evidence"
    (directory / "0002-tests-staging.json.sig").write_text("of a record that was never written")
    (directory / ".evidence-x1").write_text("half of")
    append(artefacts, key=key(signers), signers=signers)
    found = evidence_files.read(place(artefacts), signers=signers)
    assert [(entry.file, entry.fault) for entry in found.entries][1] == ("0002-tests-staging.json", "")


def test_a_release_is_found_with_the_digest_of_its_artefact(artefacts: Path) -> None:
    sha256 = hashlib.sha256(b"the release").hexdigest()
    base = f"{artefacts}/shop-2.0.0"
    assert place(artefacts) == Place("shop", "2.0.0", f"{base}.tar.gz", sha256, f"{base}.evidence")


@pytest.mark.parametrize(
    "damage,said",
    [
        (lambda path: (path / "shop-2.0.0.json").unlink(), "shop-2.0.0.json is not there; package shop 2.0.0"),
        (lambda path: (path / "shop-2.0.0.tar.gz").unlink(), "shop-2.0.0.tar.gz cannot be read: No such file"),
        (
            lambda path: (path / "shop-2.0.0.tar.gz").write_bytes(b"x"),
            "one of them was changed: take an untouched copy",
        ),
        (
            lambda path: shutil.copy(path / "shop-1.9.0.json", path / "shop-2.0.0.json"),
            "shop-2.0.0.json is the manifest of shop 1.9.0",
        ),
    ],
)
def test_an_artefact_that_is_not_whole_is_refused(artefacts: Path, damage: Any, said: str) -> None:
    package(artefacts, b"older", "1.9.0")
    damage(artefacts)
    with pytest.raises(BadInput) as refused:
        place(artefacts)
    assert said in str(refused.value)


@pytest.mark.parametrize("name,version", [("../x", "2.0.0"), ("shop", "../2.0.0"), ("shop", "")])
def test_a_name_that_leads_elsewhere_is_refused(artefacts: Path, name: str, version: str) -> None:
    with pytest.raises(BadInput, match="must be"):
        evidence_files.locate(str(artefacts), name, version)


def test_where_other_versions_were_deployed_is_known(artefacts: Path) -> None:
    package(artefacts, b"newer", "2.0.1")
    newer = evidence_files.locate(str(artefacts), "shop", "2.0.1")
    for kind in ("begun", "deployed"):
        evidence_files.append(newer, Said(kind, "staging", "ci", {}), key="", signers="", check=False)
    (Path(newer.directory) / "0009-deployed-staging.json").write_text("damaged")
    append(artefacts, Said("deployed", "staging", "ci", {}))
    assert [one[:2] for one in evidence_files.displaced(place(artefacts))] == [("staging", "2.0.1")]


def shell(artefacts: Path, signers: str, **said: str) -> subprocess.CompletedProcess[str]:
    """Run the lines of the guide, as any CI would."""
    (lines,) = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    told = {"name": "shop", "version": "2.0.0", "key": key(signers, said["by"]), "artefacts": str(artefacts), **said}
    environment = {"PATH": os.environ["PATH"], **told}
    return subprocess.run(["sh", "-c", lines], env=environment, check=False, capture_output=True, text=True)


def test_the_shell_of_the_guide_writes_the_very_records(artefacts: Path, signers: str) -> None:
    data = '{"passed":true,"suite":"smoke"}'
    done = shell(artefacts, signers, kind="tests", environment="staging", by="ci", data=data)
    assert done.returncode == 0, done.stderr
    append(artefacts, key=key(signers), signers=signers)
    done = shell(artefacts, signers, kind="approval", environment="production", by="alice", data="{}")
    assert done.returncode == 0, done.stderr
    found = evidence_files.read(place(artefacts), signers=signers)
    assert found.problems == ()
    assert [(entry.file, entry.signer, entry.fault) for entry in found.entries] == [
        ("0001-tests-staging.json", "ci", ""),
        ("0002-tests-staging.json", "ci", ""),
        ("0003-approval-production.json", "alice", ""),
    ]
    written = (artefacts / "shop-2.0.0.evidence" / found.entries[0].file).read_bytes()
    assert evidence.dump(found.entries[0].record) == written


def test_the_shell_of_the_guide_counts_on_beyond_eight(artefacts: Path, signers: str) -> None:
    for _number in range(8):
        append(artefacts)
    for _number in range(2):
        assert shell(artefacts, signers, kind="soak", environment="staging", by="ci", data="{}").returncode == 0
    assert evidence_files.read(place(artefacts)).following == 11


def test_the_shell_of_the_guide_leaves_no_record_that_is_not_signed(artefacts: Path, signers: str) -> None:
    done = shell(artefacts, signers, kind="approval", environment="production", by="nobody", data="{}")
    assert done.returncode != 0
    assert evidence_files.read(place(artefacts)).entries == ()
    assert shell(artefacts, signers, kind="approval", environment="production", by="ci", data="{}").returncode == 0


def test_the_shell_of_the_guide_waits_for_its_turn(artefacts: Path, signers: str) -> None:
    def write(number: int) -> None:
        if number % 2:
            append(artefacts, key=key(signers))
        else:
            done = shell(artefacts, signers, kind="soak", environment="staging", by="ci", data="{}")
            assert done.returncode == 0, done.stderr

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    found = evidence_files.read(place(artefacts), signers=signers)
    assert (found.problems, found.following, {entry.fault for entry in found.entries}) == ((), 9, {""})
