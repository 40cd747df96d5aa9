"""Signatures by ssh-keygen itself: what holds, and what is refused with the cure."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import signature

CONTENT = b"what is signed\n"
SPACE = "a-test"


def make_key(folder: Path, name: str, passphrase: str = "") -> Path:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", path], check=True)
    return path


def allow(folder: Path, *lines: str) -> str:
    (folder / "signers").write_text("".join(f"{line}\n" for line in lines))
    return str(folder / "signers")


@pytest.fixture
def alice(tmp_path: Path) -> Path:
    return make_key(tmp_path, "alice")


@pytest.fixture
def signed(tmp_path: Path, alice: Path) -> str:
    (tmp_path / "content.sig").write_bytes(signature.sign(CONTENT, str(alice), SPACE))
    return str(tmp_path / "content.sig")


def public(key: Path) -> str:
    return key.with_suffix(".pub").read_text().rsplit(" ", 1)[0]


def test_what_was_signed_is_by_the_one_who_signed_it(tmp_path: Path, alice: Path, signed: str) -> None:
    bob = make_key(tmp_path, "bob")
    signers = allow(tmp_path, f"bob@crew {public(bob)}", f"alice@crew {public(alice)}")
    assert signature.verify(CONTENT, signed, signers, SPACE) == "alice@crew"


def test_edited_content_is_refused(tmp_path: Path, alice: Path, signed: str) -> None:
    with pytest.raises(BadInput, match=r"content\.sig does not hold for what it lies beside: .*; sign it anew"):
        signature.verify(CONTENT + b"!", signed, allow(tmp_path, f"alice {public(alice)}"), SPACE)


def test_a_signer_whom_nobody_allowed_is_refused(tmp_path: Path, signed: str) -> None:
    bob = make_key(tmp_path, "bob")
    with pytest.raises(BadInput, match=r"content\.sig is by nobody in .*/signers: .*; add the signer"):
        signature.verify(CONTENT, signed, allow(tmp_path, f"bob {public(bob)}"), SPACE)


def test_a_signature_for_another_purpose_is_refused(tmp_path: Path, alice: Path) -> None:
    (tmp_path / "content.sig").write_bytes(signature.sign(CONTENT, str(alice), "git"))
    with pytest.raises(BadInput, match=r"content\.sig"):
        signature.verify(CONTENT, f"{tmp_path}/content.sig", allow(tmp_path, f"alice {public(alice)}"), SPACE)


def test_a_key_that_is_not_valid_any_more_is_refused(tmp_path: Path, alice: Path, signed: str) -> None:
    signers = allow(tmp_path, f'alice valid-before="20200101" {public(alice)}')
    with pytest.raises(BadInput, match=r"content\.sig"):
        signature.verify(CONTENT, signed, signers, SPACE)


def test_a_key_that_may_sign_other_things_only_is_refused(tmp_path: Path, alice: Path, signed: str) -> None:
    with pytest.raises(BadInput, match=r"content\.sig"):
        signature.verify(CONTENT, signed, allow(tmp_path, f'alice namespaces="git" {public(alice)}'), SPACE)


@pytest.mark.parametrize("content", [b"", b"no signature\n"])
def test_what_is_no_signature_is_refused(tmp_path: Path, alice: Path, content: bytes) -> None:
    (tmp_path / "content.sig").write_bytes(content)
    with pytest.raises(BadInput, match=r"content\.sig"):
        signature.verify(CONTENT, f"{tmp_path}/content.sig", allow(tmp_path, f"alice {public(alice)}"), SPACE)


def test_signers_that_are_not_there_are_refused(tmp_path: Path, signed: str) -> None:
    with pytest.raises(BadInput, match="/none"):
        signature.verify(CONTENT, signed, f"{tmp_path}/none", SPACE)


def test_a_key_that_is_not_there_cannot_sign(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"/none cannot sign: .*; give the path of a private key without passphrase"):
        signature.sign(CONTENT, f"{tmp_path}/none", SPACE)


def test_a_key_with_a_passphrase_fails_at_once_instead_of_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    key = make_key(tmp_path, "locked", "a long passphrase")
    with pytest.raises(BadInput, match="/locked cannot sign"):
        signature.sign(CONTENT, str(key), SPACE)
