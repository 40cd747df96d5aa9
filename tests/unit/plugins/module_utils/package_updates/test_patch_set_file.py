"""Patch sets in files, signed by real keys: what is written, what stays, and what is refused."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import patch_set, patch_set_file

VIM = {"name": "vim", "from": "9.0", "to": "9.1", "security": False, "cves": None, "sha256": ""}
PLANS = {"a": {"release": "debian 12 x86_64", "plan": [VIM]}}
OTHER = {"a": {"release": "debian 12 x86_64", "plan": [{**VIM, "to": "9.2"}]}}


@pytest.fixture
def key(tmp_path: Path) -> str:
    """A key of alice's, and `signers`, who says that it is hers."""
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "alice", "-f", path], check=True)
    (tmp_path / "signers").write_text(f"alice {(tmp_path / 'key.pub').read_text()}")
    return str(path)


def write(
    path: Path, plans: Any = None, *, name: str = "2026-11", key: str = "", check: bool = False
) -> dict[str, Any]:
    return patch_set_file.write(str(path), name, plans or PLANS, key=key, put=os.replace, check=check)


def test_a_patch_set_is_written_and_read_back_whole(tmp_path: Path) -> None:
    told = write(tmp_path / "set.json")
    found = patch_set_file.read(str(tmp_path / "set.json"))
    assert found["packages"]["debian 12 x86_64"]["vim"]["version"] == "9.1"
    assert told == {
        "changed": True,
        "path": str(tmp_path / "set.json"),
        "sha256": found["sha256"],
        "packages": {"debian 12 x86_64": 1},
        "signed": False,
    }
    assert [one.name for one in tmp_path.iterdir()] == ["set.json"]


def test_one_that_says_the_same_keeps_its_time_and_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_bytes(patch_set.canonical(patch_set.make("2026-11", "2001-01-01T00:00:00Z", PLANS)))
    before = path.read_bytes()
    assert write(path)["changed"] is False
    assert path.read_bytes() == before


@pytest.mark.parametrize("more", [{"name": "2026-12"}, {"plans": OTHER}])
def test_one_that_says_something_else_is_not_written_over(tmp_path: Path, more: dict[str, Any]) -> None:
    path = tmp_path / "set.json"
    path.write_bytes(patch_set.canonical(patch_set.make("2026-11", "2001-01-01T00:00:00Z", PLANS)))
    before = path.read_bytes()
    with pytest.raises(BadInput, match="is there already, and says something else"):
        write(path, **more)
    assert path.read_bytes() == before


def test_a_file_that_is_no_patch_set_is_not_written_over_either(tmp_path: Path) -> None:
    (tmp_path / "set.json").write_text("something\n")
    with pytest.raises(BadInput, match="is there already"):
        write(tmp_path / "set.json")


def test_check_mode_tells_and_writes_nothing(tmp_path: Path, key: str) -> None:
    assert write(tmp_path / "set.json", key=key, check=True)["changed"] is True
    assert not list(tmp_path.glob("*set*"))


def test_a_signed_one_is_read_by_those_who_trust_the_signer(tmp_path: Path, key: str) -> None:
    assert write(tmp_path / "set.json", key=key)["signed"] is True
    assert patch_set_file.read(str(tmp_path / "set.json"), f"{tmp_path}/signers")["name"] == "2026-11"


def test_one_that_is_signed_already_keeps_its_signature(tmp_path: Path, key: str) -> None:
    write(tmp_path / "set.json", key=key)
    before = (tmp_path / "set.json.sig").read_bytes()
    assert write(tmp_path / "set.json", key=key)["changed"] is False
    assert (tmp_path / "set.json.sig").read_bytes() == before


def test_an_unsigned_one_gets_its_signature_when_a_key_is_given(tmp_path: Path, key: str) -> None:
    write(tmp_path / "set.json")
    assert write(tmp_path / "set.json", key=key)["changed"] is True
    patch_set_file.read(str(tmp_path / "set.json"), f"{tmp_path}/signers")


def test_an_unsigned_one_is_refused_where_signers_are_named(tmp_path: Path, key: str) -> None:  # noqa: ARG001 - makes signers
    write(tmp_path / "set.json")
    with pytest.raises(BadInput, match=r"set\.json is not signed: .*set\.json\.sig is not there\. Sign it, or name no"):
        patch_set_file.read(str(tmp_path / "set.json"), f"{tmp_path}/signers")


def test_a_whole_one_under_the_signature_of_another_is_refused(tmp_path: Path, key: str) -> None:
    write(tmp_path / "set.json", key=key)
    (tmp_path / "set.json").write_bytes(patch_set.canonical(patch_set.make("2026-11", "2026-11-01T00:00:00Z", OTHER)))
    with pytest.raises(BadInput, match=r"set\.json\.sig does not hold for what it lies beside"):
        patch_set_file.read(str(tmp_path / "set.json"), f"{tmp_path}/signers")


def test_a_file_that_is_missing_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.json is not there\. Make one with playbook patch_plan"):
        patch_set_file.read(str(tmp_path / "none.json"))


def test_a_folder_that_is_missing_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"path: .*/none is no directory on the controller: make it"):
        write(tmp_path / "none" / "set.json")


def test_a_key_that_cannot_sign_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="none cannot sign"):
        write(tmp_path / "set.json", key=str(tmp_path / "none"))
    assert list(tmp_path.iterdir()) == []
