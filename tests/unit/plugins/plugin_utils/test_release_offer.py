"""What the controller offers of a release, and what it refuses before any host is asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import unpack
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import manifest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import release_offer


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A directory with a program, and a link that leads out of it."""
    path = tmp_path / "2"
    path.mkdir()
    (path / "run").write_text("#!/bin/sh\n")
    (path / "run").chmod(0o700)
    (tmp_path / "shared.py").write_text("same\n")
    os.symlink("../shared.py", path / "server.py")
    (path / "__pycache__").mkdir()
    (path / "__pycache__/x.pyc").write_text("")
    return path


def offered(source: Path, scratch: Path) -> release_offer.Offer:
    scratch.mkdir()
    return release_offer.of_source(str(source), "shop", "2", str(scratch))


def test_a_directory_is_packed_into_the_same_bytes_each_time(source: Path, tmp_path: Path) -> None:
    first, second = offered(source, tmp_path / "a"), offered(source, tmp_path / "b")
    assert first.manifest == second.manifest
    assert Path(first.archive).read_bytes() == Path(second.archive).read_bytes()


def test_a_link_is_packed_as_the_file_that_it_points_to(source: Path, tmp_path: Path) -> None:
    found = {one.name: one for one in unpack.members(offered(source, tmp_path / "a").archive)}
    assert {name: (one.kind, one.executable) for name, one in found.items()} == {
        "run": ("file", True),
        "server.py": ("file", False),
    }


def test_the_manifest_of_a_directory_is_one(source: Path, tmp_path: Path) -> None:
    offer = offered(source, tmp_path / "a")
    told = manifest.parse(offer.manifest)
    assert (told.name, told.version, told.sha256) == ("shop", "2", manifest.digest_of(offer.archive))


def test_a_directory_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no directory on the controller"):
        release_offer.of_source(str(tmp_path / "none"), "shop", "2", str(tmp_path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="has no files: build the release"):
        release_offer.of_source(str(tmp_path / "empty"), "shop", "2", str(tmp_path))


def test_a_link_that_leads_nowhere_is_refused(source: Path, tmp_path: Path) -> None:
    (tmp_path / "shared.py").unlink()
    with pytest.raises(BadInput, match="is a link that leads to no file"):
        offered(source, tmp_path / "a")


def test_an_artefact_comes_with_what_lies_beside_it(source: Path, tmp_path: Path) -> None:
    offer = offered(source, tmp_path / "a")
    (tmp_path / "a/shop-2.json").write_bytes(offer.manifest)
    assert release_offer.of_artefact(offer.archive) == offer
    (tmp_path / "a/shop-2.json.sig").write_bytes(b"signed")
    assert release_offer.of_artefact(offer.archive).signature == b"signed"


def test_an_artefact_that_is_missing_alone_or_another_is_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not on the controller"):
        release_offer.of_artefact(str(tmp_path / "shop-3.tar.gz"))
    offer = offered(source, tmp_path / "a")
    with pytest.raises(BadInput, match=r"has no manifest 'shop-2\.json' beside it"):
        release_offer.of_artefact(offer.archive)
    (tmp_path / "a/shop-2.json").write_bytes(offer.manifest)
    with open(offer.archive, "ab") as file:
        file.write(b"more")
    with pytest.raises(BadInput, match="copy both again"):
        release_offer.of_artefact(offer.archive)


def test_a_pinned_manifest_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not on the controller"):
        release_offer.of_manifest(str(tmp_path / "shop-2.json"))
