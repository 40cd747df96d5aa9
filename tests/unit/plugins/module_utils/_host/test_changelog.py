"""Which CVEs an update closes, from the changelog in its archive."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import changelog

CHANGELOG = """\
openssl (3.0.17-1~deb12u3) bookworm-security; urgency=medium

  * CVE-2025-9230 (Out-of-bounds read)
  * Fix CVE-2025-9231, see also CVE-2025-9230.

 -- Somebody <somebody@debian.org>  Sat, 27 Sep 2025 10:00:00 +0200

openssl (3.0.16-1~deb12u1) bookworm; urgency=medium

  * CVE-2024-13176

 -- Somebody <somebody@debian.org>  Sat, 27 Sep 2024 10:00:00 +0200

openssl (3.0.15-1~deb12u1) bookworm; urgency=medium

  * CVE-2023-0001, and CVE-12-3, which is none.
"""


def compare(one: str, other: str) -> int:
    return (one > other) - (one < other)


@pytest.mark.parametrize(
    "before,found",
    [
        ("3.0.17-1~deb12u3", ()),
        ("3.0.16-1~deb12u1", ("CVE-2025-9230", "CVE-2025-9231")),
        # Of a version that the changelog does not have, all that is newer counts.
        ("3.0.16-9", ("CVE-2025-9230", "CVE-2025-9231")),
        ("3.0.15-1~deb12u1", ("CVE-2024-13176", "CVE-2025-9230", "CVE-2025-9231")),
        ("1.0", ("CVE-2023-0001", "CVE-2024-13176", "CVE-2025-9230", "CVE-2025-9231")),
    ],
)
def test_what_is_named_above_the_installed_version_is_closed(before: str, found: tuple[str, ...]) -> None:
    assert changelog.cves_in(CHANGELOG, before, compare) == found


def test_an_archive_is_found_by_name_and_version_in_the_last_folder_that_has_it(tmp_path: Path) -> None:
    store, cache = tmp_path / "store", tmp_path / "cache"
    for folder, name in (
        (store, "vim_2%3a9.0_amd64.deb"),
        (cache, "vim_2%3a9.0_amd64.deb"),
        (cache, "vim_2%3a9.0.1_amd64.deb"),
        (cache, "vim-tiny_1_amd64.deb"),
        (cache, "g++_1_amd64.deb"),
    ):
        folder.mkdir(exist_ok=True)
        (folder / name).touch()
    found = changelog.archives_in((str(cache), str(store)))
    assert found[changelog.stem("vim", "2:9.0")] == f"{store}/vim_2%3a9.0_amd64.deb"
    assert found[changelog.stem("vim:amd64", "2:9.0.1")] == f"{cache}/vim_2%3a9.0.1_amd64.deb"
    assert found[changelog.stem("g++", "1")] == f"{cache}/g++_1_amd64.deb"
    assert changelog.stem("vim", "1") not in found
    assert changelog.archives_in((f"{tmp_path}/none",)) == {}


@pytest.mark.parametrize("error", [SystemError("E:Invalid archive member header"), EOFError(), zlib.error()])
def test_a_damaged_archive_tells_no_cves_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(_file: object) -> None:
        raise error

    # Where Python has no apt, as on a controller.
    monkeypatch.setitem(sys.modules, "apt_inst", SimpleNamespace(DebFile=refuse))
    archive = tmp_path / "vim_1_amd64.deb"
    archive.touch()
    assert changelog.cves(str(archive), "0", compare) is None
