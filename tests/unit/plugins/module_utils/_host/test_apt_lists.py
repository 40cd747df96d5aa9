from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import apt_lists

HOUR = 3600


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    path = tmp_path / "lists"
    path.mkdir()
    (path / "deb.example.org_dists_bookworm_InRelease").touch()
    return path


def age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def is_fresh(lists: Path, *sources: Path) -> bool:
    return apt_lists.are_fresh(HOUR, lists=str(lists), sources=[str(source) for source in sources])


def test_lists_just_fetched_are_fresh(lists: Path) -> None:
    assert is_fresh(lists)


def test_old_lists_are_not_fresh(lists: Path) -> None:
    age(lists, 2 * HOUR)
    assert not is_fresh(lists)


def test_a_directory_that_somebody_has_emptied_has_no_age_however_new_it_is(lists: Path) -> None:
    assert apt_lists.age_s(str(lists)) == pytest.approx(0, abs=5)
    for one in lists.iterdir():
        one.unlink()
    (lists / "partial").mkdir()
    (lists / "lock").touch()
    assert not is_fresh(lists)
    assert apt_lists.age_s(str(lists)) is None


def test_lists_that_are_not_there_are_not_fresh(tmp_path: Path) -> None:
    assert not is_fresh(tmp_path / "absent")


def test_lists_fetched_before_a_source_came_are_not_fresh(lists: Path, tmp_path: Path) -> None:
    age(lists, 60)
    sources = tmp_path / "sources.list.d"
    sources.mkdir()
    assert not is_fresh(lists, sources)


def test_a_source_that_was_unpacked_with_an_old_time_is_new_all_the_same(lists: Path, tmp_path: Path) -> None:
    sources = tmp_path / "sources.list.d"
    sources.mkdir()
    age(lists, 60)
    (sources / "new.list").touch()
    age(sources / "new.list", 24 * HOUR)
    assert not is_fresh(lists, sources / "new.list")


def test_sources_that_are_not_there_change_nothing(lists: Path, tmp_path: Path) -> None:
    assert is_fresh(lists, tmp_path / "sources.list")
