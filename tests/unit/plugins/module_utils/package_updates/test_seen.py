"""Since when a host knows of an update: remembered over runs, and no loss when it is forgotten."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import seen
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.package_updates.updates_host import NGINX, SSL

DAY = 86400


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(str(tmp_path))


def first_seen(paths: Paths, days_ago: float) -> Path:
    """The note of a host that has seen SSL so many days ago."""
    path = Path(paths.base, "seen.json")
    path.write_text(json.dumps({"libssl3 3.0.2": time.time() - days_ago * DAY}))
    return path


def keys(paths: Paths) -> set[str]:
    return set(json.loads(Path(paths.base, "seen.json").read_text()))


def test_an_update_that_nobody_has_seen_is_of_now(paths: Paths) -> None:
    (found,) = seen.aged([SSL], paths, remember=True)
    assert found._replace(age_days=None) == SSL
    assert found.age_days == pytest.approx(0, abs=0.001)
    assert keys(paths) == {"libssl3 3.0.2"}


def test_an_update_is_as_old_as_its_first_sight(paths: Paths) -> None:
    path = first_seen(paths, 3)
    before = path.stat().st_mtime_ns
    assert seen.aged([SSL], paths, remember=True)[0].age_days == pytest.approx(3, abs=0.001)
    assert path.stat().st_mtime_ns == before


def test_another_version_is_another_update(paths: Paths) -> None:
    first_seen(paths, 3)
    found = seen.aged([SSL._replace(after="3.0.3")], paths, remember=True)
    assert found[0].age_days == pytest.approx(0, abs=0.001)


def test_what_is_no_longer_on_offer_is_forgotten(paths: Paths) -> None:
    seen.aged([SSL, NGINX], paths, remember=True)
    seen.aged([NGINX], paths, remember=True)
    assert keys(paths) == {"nginx 1.24"}


def test_without_leave_to_remember_nothing_is_written(paths: Paths) -> None:
    seen.aged([SSL], paths, remember=False)
    assert list(Path(paths.base).iterdir()) == []


def test_an_age_that_the_manager_tells_is_the_better_one(paths: Paths) -> None:
    assert seen.aged([SSL._replace(age_days=9.5)], paths, remember=True)[0].age_days == 9.5


@pytest.mark.parametrize("content", ["", "{", "[]", '{"libssl3 3.0.2": "long ago"}', '{"libssl3 3.0.2": null}'])
def test_a_damaged_note_is_begun_anew(paths: Paths, content: str) -> None:
    Path(paths.base, "seen.json").write_text(content)
    assert seen.aged([SSL], paths, remember=True)[0].age_days == pytest.approx(0, abs=0.001)
    assert keys(paths) == {"libssl3 3.0.2"}


def test_a_clock_that_was_set_back_makes_no_negative_age(paths: Paths) -> None:
    first_seen(paths, -1)
    assert seen.aged([SSL], paths, remember=False)[0].age_days == 0


def test_a_note_that_cannot_be_taken_is_no_reason_to_tell_nothing(paths: Paths) -> None:
    Path(paths.base, "seen.json.new").mkdir()
    assert seen.aged([SSL], paths, remember=True)[0].age_days == pytest.approx(0, abs=0.001)
