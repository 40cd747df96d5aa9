"""What a host is read to have of an app."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import record, state, tell
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.record import Record


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A host with 1 (before), 2 (runs), 3 (staged), 4 (failed) and 5 (cut off while it was unpacked)."""
    notes = tmp_path / "base/releases/shop"
    notes.mkdir(parents=True)
    for version in "12345":
        (tmp_path / "shop/releases" / version).mkdir(parents=True)
    facts = {"1": {"activated_at": "x"}, "2": {"activated_at": "y"}, "3": {}, "4": {"failed": True}}
    for version, more in facts.items():
        manifest = {"source": {"revision": "abc"}, "built_at": "then"}
        (notes / f"{version}.json").write_bytes(record.dump(Record("shop", version, "a" * 64, manifest, **more)))  # type: ignore[arg-type]  # any of them
    (tmp_path / "shop/releases/.hidden").mkdir()
    os.symlink("releases/2", tmp_path / "shop/current")
    os.symlink("releases/1", tmp_path / "shop/former")
    (tmp_path / "shop/shared/uploads").mkdir(parents=True)
    return tmp_path


def test_each_release_is_told_with_what_it_is_to_the_host(host: Path) -> None:
    root = str(host / "shop")
    told = tell.report("shop", root, state.layout("shop", root, str(host / "base")), 2)
    assert (told["active"], told["former"], told["shared"]) == ("2", "1", ["uploads"])
    assert {one["version"]: one["state"] for one in told["releases"]} == {
        "1": "former",
        "2": "active",
        "3": "staged",
        "4": "failed",
        "5": "incomplete",
    }
    assert (told["releases"][0]["revision"], told["releases"][4]["revision"]) == ("abc", "")


def test_a_record_without_its_directory_is_incomplete(host: Path) -> None:
    (host / "shop/releases/3").rmdir()
    known = state.layout("shop", str(host / "shop"), str(host / "base"))
    assert known.complete("3") is None
    assert tell.state(known.releases["3"], known) == "incomplete"


def test_a_host_that_never_had_the_app_has_nothing(tmp_path: Path) -> None:
    assert state.layout("shop", str(tmp_path / "none"), str(tmp_path)) == state.Layout()


def test_an_app_that_lives_elsewhere_is_not_taken_for_one_without_releases(host: Path) -> None:
    note = host / "base/releases/shop/1.json"
    note.write_bytes(record.dump(Record("shop", "1", "a" * 64, {}, root="/srv/shop")))
    with pytest.raises(BadInput, match="shop lives in /srv/shop on this host, not in"):
        state.layout("shop", str(host / "shop"), str(host / "base"))


def test_a_link_that_leads_elsewhere_is_none_of_ours(host: Path) -> None:
    (host / "shop/current").unlink()
    os.symlink("/srv/elsewhere", host / "shop/current")
    assert state.layout("shop", str(host / "shop"), str(host / "base")).active == ""
