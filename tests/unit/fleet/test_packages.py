from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.tests.fleet import packages


@pytest.mark.parametrize(
    "versions, number",
    [
        ([], 1),
        (["1:1.2.13.dfsg-1", "2024a-0"], 1),
        (["1:1.2.13.dfsg-1+gc1", "2024a-0"], 2),
        (["1:1.2.13.dfsg-1+gc2", "2024a-0+gc11"], 12),
    ],
)
def test_the_next_upgrade_is_newer_than_every_earlier_one(versions: list[str], number: int) -> None:
    assert packages.next_number(versions) == number


@pytest.fixture
def deb(tmp_path: Path) -> Path:
    control = tmp_path / "tree/DEBIAN/control"
    control.parent.mkdir(parents=True)
    control.write_text(
        "Package: media-types\nVersion: 10.0.0\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: Version: 1\n"
    )
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", tmp_path / "tree", tmp_path], check=True, capture_output=True
    )
    return tmp_path / "media-types_10.0.0_all.deb"


def test_a_repacked_package_differs_in_its_version_only(deb: Path, tmp_path: Path) -> None:
    packages.repack(deb, "10.0.0+gc1", tmp_path)
    made = tmp_path / "media-types_10.0.0+gc1_all.deb"
    fields = subprocess.run(["dpkg-deb", "--field", made], check=True, capture_output=True, text=True).stdout
    assert "Version: 10.0.0+gc1\n" in fields
    assert "Description: Version: 1\n" in fields


def test_a_repository_names_its_packages_and_its_label(deb: Path, tmp_path: Path) -> None:
    directory = tmp_path / "security"
    directory.mkdir()
    packages.repack(deb, "10.0.0+gc1", directory)
    packages.index(directory, "Debian-Security", "bookworm")
    assert "Filename: ./media-types_10.0.0+gc1_all.deb" in (directory / "Packages").read_text()
    release = (directory / "Release").read_text()
    assert "Label: Debian-Security\n" in release
    assert "SHA256:\n" in release
