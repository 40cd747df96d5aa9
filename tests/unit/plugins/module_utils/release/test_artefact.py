"""Artefacts by tar and zip themselves: what a release may hold, and what is refused by the name of its member."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import unpack
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import artefact
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.artefact import Contents

CONTENT = b"print('shop')\n"


def member(name: str, kind: bytes = tarfile.REGTYPE, **facts: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    info.size = len(CONTENT) if kind == tarfile.REGTYPE else 0
    for fact, value in facts.items():
        setattr(info, fact, value)
    return info


def folder(name: str, **facts: Any) -> tarfile.TarInfo:
    return member(name, tarfile.DIRTYPE, **facts)


def link(name: str, to: str) -> tarfile.TarInfo:
    return member(name, tarfile.SYMTYPE, linkname=to)


def hard(name: str, to: str) -> tarfile.TarInfo:
    return member(name, tarfile.LNKTYPE, linkname=to)


def tar(path: Path, *members: tarfile.TarInfo) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for info in members:
            archive.addfile(info, io.BytesIO(CONTENT) if info.isreg() else None)
    return str(path)


def wheel(path: Path, *members: tuple[str, int]) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        for name, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, CONTENT)
    return str(path)


def test_files_directories_and_links_within_the_tree_are_counted(tmp_path: Path) -> None:
    path = tar(
        tmp_path / "shop.tar.gz",
        folder("."),
        folder("./lib"),
        member("./lib/shop.py"),
        member("bin/shop", mode=0o755),
        link("lib/now", "shop.py"),
        link("bin/deep/lib", "../../lib"),
        link("dangling", "lib/none"),
        hard("copy", "./lib/shop.py"),
        folder("bin"),
    )
    # The three links, the copy, two files, and lib, bin and bin/deep, of which one is implied.
    assert artefact.members(path) == Contents(9, 3 * len(CONTENT))


def test_a_wheel_is_counted_as_a_tar_is(tmp_path: Path) -> None:
    path = wheel(tmp_path / "shop.whl", ("shop/__init__.py", 0), ("shop/run", 0o100755))
    assert artefact.members(path) == Contents(3, 2 * len(CONTENT))


def test_a_wheel_without_dates_is_as_good_as_another(tmp_path: Path) -> None:
    path = str(tmp_path / "shop.whl")
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("shop.py")
        info.date_time = (1980, 0, 0, 0, 0, 0)
        archive.writestr(info, CONTENT)
    assert [member.mtime_s for member in unpack.members(path)] == [0]


@pytest.mark.parametrize(
    "members, said",
    [
        ([member("/etc/passwd")], "member '/etc/passwd' leads out of the tree; make the artefact anew without it"),
        ([member("../shop")], "member '../shop' leads out"),
        ([member("a/../../shop")], "leads out"),
        ([member("a/../shop")], "leads out"),
        ([link("etc", "/etc")], "member 'etc' is a link to '/etc', which leads out"),
        ([link("up", "..")], "is a link to '..', which leads out"),
        ([link("a/up", "../../b")], "leads out"),
        ([folder("a/b"), link("a/b/top", "../.."), link("out", "a/b/top/../x")], "member 'out' is a link to"),
        ([link("lib", "other"), member("lib/shop.py")], "member 'lib/shop.py' lies below 'lib', which is no directory"),
        ([member("lib"), member("lib/shop.py")], "lies below 'lib', which is no directory"),
        ([hard("copy", "/etc/shadow")], "member 'copy' is a hard link to '/etc/shadow', which is no file before it"),
        ([hard("copy", "../shop")], "is a hard link"),
        ([link("a", "b"), hard("copy", "a")], "is a hard link to 'a', which is no file"),
        ([member("null", tarfile.CHRTYPE)], "member 'null' is neither a file, a directory nor a link"),
        ([member("disk", tarfile.BLKTYPE)], "member 'disk' is neither"),
        ([member("pipe", tarfile.FIFOTYPE)], "member 'pipe' is neither"),
        ([member("su", mode=0o4755)], "member 'su' has mode 4755, with setuid, setgid or sticky bit"),
        ([member("sg", mode=0o2755)], "member 'sg' has mode 2755"),
        ([folder("tmp", mode=0o1777)], "member 'tmp' has mode 1777"),
        ([member("a"), member("./a")], "member './a' is there twice"),
        ([folder("a"), folder("a")], "member 'a' is there twice"),
        ([member("a/b"), member("a")], "member 'a' is there twice"),
        ([member(".")], "member '.' is the tree itself, but no directory"),
        ([folder("venv")], "member 'venv' lies in venv/, which each host builds for itself"),
        ([member("./venv/bin/python")], "lies in venv/"),
        ([link("venv", "lib")], "lies in venv/"),
    ],
)
def test_what_has_no_place_in_a_release_is_refused_by_its_name(
    tmp_path: Path, members: Sequence[tarfile.TarInfo], said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        artefact.members(tar(tmp_path / "shop.tar.gz", *members))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "name, mode, said",
    [
        ("../shop.py", 0, "leads out of the tree"),
        ("link", stat.S_IFLNK | 0o777, "neither a file, a directory nor a link"),
        ("su", 0o104755, "has mode 4755"),
    ],
)
def test_a_wheel_is_refused_as_a_tar_is(tmp_path: Path, name: str, mode: int, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        artefact.members(wheel(tmp_path / "shop.whl", (name, mode)))


@pytest.mark.parametrize("most", ["MOST_MEMBERS", "MOST_BYTES"])
def test_more_than_a_host_should_take_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: str) -> None:
    path = tar(tmp_path / "shop.tar.gz", member("a"), member("b"))
    monkeypatch.setattr(unpack, most, 1)
    with pytest.raises(BadInput, match="leave out what the service does not need to run"):
        artefact.members(path)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop.tar.gz").write_bytes(b"an error page\n")
    with pytest.raises(BadInput, match=r"is neither a tar\.gz nor a wheel"):
        artefact.members(str(tmp_path / "shop.tar.gz"))


@pytest.mark.parametrize("make", [lambda path: tar(path, member("a")), lambda path: wheel(path, ("a", 0))])
@pytest.mark.parametrize("left", [0.4, 0.8])
def test_half_an_archive_is_refused(tmp_path: Path, make: Any, left: float) -> None:
    path = Path(make(tmp_path / "shop"))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * left)])
    with pytest.raises(BadInput, match=r"is damaged: .*; bring an untouched copy"):
        artefact.members(str(path))
