"""Reading real files below a temporary directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.systemd import UnitState
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import state
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.want import (
    Access,
    DirectoryWant,
    FileWant,
    Want,
)


def test_files_purged_directories_and_missing_parents_are_read(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_bytes(b"a")
    (tmp_path / "d" / "link").symlink_to("a")
    (tmp_path / "d" / "below").mkdir()
    want = Want(
        "shop",
        files=(FileWant(f"{tmp_path}/d/a", b"x"), FileWant(f"{tmp_path}/new/deep/b", b"x")),
        directories=(DirectoryWant(f"{tmp_path}/d", purge=True),),
    )
    have = state.read(want)

    assert have.files[f"{tmp_path}/d/a"].content == b"a"
    assert not have.files[f"{tmp_path}/new/deep/b"].exists
    assert [one.path for one in have.listings[f"{tmp_path}/d"]] == [f"{tmp_path}/d/a", f"{tmp_path}/d/link"]
    assert have.missing == {f"{tmp_path}/new", f"{tmp_path}/new/deep"}


def test_a_preview_is_read_and_is_not_given_a_directory(tmp_path: Path) -> None:
    path = f"{tmp_path}/none/a"
    have = state.read(Want("shop", previews=(FileWant(path, b"x"),)))
    assert (list(have.files), have.missing) == ([path], frozenset())


def test_the_parents_of_what_is_to_be_absent_may_be_missing(tmp_path: Path) -> None:
    assert state.read(Want("shop", files=(FileWant(f"{tmp_path}/none/a"),))).missing == frozenset()


def test_a_file_in_the_place_of_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(BadInput, match="is not a directory"):
        state.read(Want("shop", files=(FileWant(f"{tmp_path}/a/b", b""),)))


def test_a_link_to_a_directory_is_that_directory(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    read = state.read(Want("shop", directories=(DirectoryWant(f"{tmp_path}/link"),)))
    assert read.directories[f"{tmp_path}/link"].path == f"{tmp_path}/real"


def test_an_unknown_owner_is_refused_but_not_in_a_rehearsal() -> None:
    want = Want("shop", files=(FileWant("/tmp/a", b"", None, Access(owner="nobody-of-this-name")),))
    with pytest.raises(BadInput, match="nobody-of-this-name"):
        state.read(want)
    assert state.read(want._replace(rehearsal=True)).users == {}


def test_a_link_that_is_switched_to_an_old_file_has_changed_now(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
    link = tmp_path / "link"
    link.symlink_to("a")
    before = state._watched(str(link))
    while (tmp_path / "b").stat().st_ctime_ns == _switch(link).st_ctime_ns:
        pass
    after = state._watched(str(link))

    assert after.stat != before.stat
    assert after.leads_to == f"{tmp_path}/b"
    assert after.changed_at > (tmp_path / "b").stat().st_ctime
    assert state._digest(str(link)) == files.digest(b"b")


def _switch(link: Path) -> os.stat_result:
    link.unlink()
    link.symlink_to("b")
    return link.lstat()


def test_what_is_absent_changed_when_its_directory_did(tmp_path: Path) -> None:
    watched = state._watched(f"{tmp_path}/none/a")
    assert (watched.exists, watched.changed_at) == (False, tmp_path.stat().st_mtime)


def test_a_link_to_a_directory_has_that_directory_for_content(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "link").symlink_to("one")
    assert state._digest(f"{tmp_path}/link") == state._digest(f"{tmp_path}/one")
    assert state._digest(f"{tmp_path}/none") == ""


def test_what_only_a_restart_reads_anew_is_known() -> None:
    unit = UnitState("a.service", fragment="/x/a.service", environment_files=("/etc/env",), binary="/bin/a")
    assert [path for path in ("/x/a.service", "/etc/env", "/bin/a", "/etc/a.conf") if state.is_program(path, unit)] == [
        "/x/a.service",
        "/etc/env",
        "/bin/a",
    ]
    assert state.is_program("/etc/systemd/system/a.timer", unit)
