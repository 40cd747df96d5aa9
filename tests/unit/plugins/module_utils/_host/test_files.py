from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "directory").mkdir()
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
    return tmp_path


@pytest.mark.parametrize(
    "name, kind, content, target",
    [
        ("file", "file", b"content", None),
        ("link", "link", None, "nowhere"),
        ("directory", "directory", None, None),
        ("socket", "other", None, None),
        ("none", "absent", None, None),
        ("file/below", "absent", None, None),
    ],
)
def test_kind_and_content_are_what_stands_there(
    tree: Path, name: str, kind: str, content: bytes | None, target: str | None
) -> None:
    state = files.read(str(tree / name))
    assert (state.kind, state.content, state.target, state.exists) == (kind, content, target, kind != "absent")


def test_facts_of_a_file_are_read(tree: Path) -> None:
    state, info = files.read(str(tree / "file")), os.stat(tree / "file")
    assert (state.mode, state.uid, state.gid) == (0o640, info.st_uid, info.st_gid)
    assert (state.mtime_ns, state.ctime) == (info.st_mtime_ns, info.st_ctime)
    assert state.sha256 == files.digest(b"content") == files.digest_of(str(tree / "file"))


def test_content_may_be_left_unread(tree: Path) -> None:
    state = files.read(str(tree / "file"), content=False)
    assert (state.kind, state.content, state.sha256) == ("file", None, None)


def test_listing_is_sorted_and_empty_where_there_is_no_directory(tree: Path) -> None:
    assert files.listing(str(tree)) == ("directory", "file", "link", "socket")
    assert files.listing(str(tree / "none")) == files.listing(str(tree / "file")) == ()


def test_owner_and_group_are_names_or_numbers() -> None:
    assert files.uid_of("root") == files.uid_of("0") == files.uid_of(0) == 0
    assert files.gid_of("root") == files.gid_of(0) == 0
    with pytest.raises(BadInput, match="'nobody-at-all' is not a user of this host"):
        files.uid_of("nobody-at-all")
    with pytest.raises(BadInput, match="'nobody-at-all' is not a group of this host"):
        files.gid_of("nobody-at-all")
