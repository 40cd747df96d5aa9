"""kill -9 in the middle of an update: the next run finishes the same plan, and nothing is left over. A case of each kind."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Union

import pytest
from ansible_collections.groundcrew.fleet.tests.patch_kill.case import Case, Normal, Story
from ansible_collections.groundcrew.fleet.tests.patch_kill.judge import (
    SEED,
    complaints,
    overlaps,
    play_all,
    short,
    whole,
)

# As many lines as dpkg writes to its log in an undisturbed run.
LINES = 56
CASES = short(LINES)
Stories = Mapping[Case, Union[Story, AssertionError]]


@pytest.fixture(scope="module")
def stories(normal: Mapping[str, Normal], tmp_path_factory: pytest.TempPathFactory) -> Stories:
    sys.stdout.write(f"\nkilled: seed {SEED}, dpkg's log has {[one.lines for one in normal.values()]} lines more\n")
    return play_all(CASES, normal, tmp_path_factory.mktemp("records"))


@pytest.mark.parametrize("host", ["old", "new"])
def test_undisturbed_update_brings_the_plan_and_its_way_back_all_of_it(normal: Mapping[str, Normal], host: str) -> None:
    found = normal[host]
    versions = {name: version for name, (_state, version) in found.new["packages"].items() if name != "kill-held"}
    assert versions == {one["name"]: one["to"] for one in found.plan}
    assert [*whole(found.new, found.new), *whole(found.back, found.old)] == []
    assert found.new["replaced_code"] == []
    assert found.lines == LINES


@pytest.mark.parametrize("case", CASES, ids=str)
def test_next_run_finishes_the_same_plan(stories: Stories, normal: Mapping[str, Normal], case: Case) -> None:
    story = stories[case]
    if isinstance(story, AssertionError):
        raise story
    assert complaints(story, normal[case.host]) == []


def test_scripts_side_by_side_would_be_noticed() -> None:
    marks = ["begin a 1 9 0.1", "begin b 2 9 0.2", "end a 1 9 0.3", "end b 2 9 0.4"]
    assert list(overlaps(marks, [])) == ["b began while a still ran"]
    assert list(overlaps(marks, [1])) == []
    assert list(overlaps(["begin a 1 8 0.1", "begin a 1 9 0.2"], [])) == []
