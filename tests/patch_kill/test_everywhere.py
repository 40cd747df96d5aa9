"""kill -9 in the middle of an update, at 20 moments of each kind and several of the rest: too long for every run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from ansible_collections.groundcrew.fleet.tests.patch_kill.case import Normal
from ansible_collections.groundcrew.fleet.tests.patch_kill.judge import SEED, complaints, everywhere, play_all


def test_next_run_finishes_the_same_plan_wherever_it_was_killed(normal: Mapping[str, Normal], tmp_path: Path) -> None:
    cases = everywhere(min(one.lines for one in normal.values()))
    sys.stdout.write(f"\nkilled: seed {SEED}, {len(cases)} cases\n")
    told = []
    for case, story in play_all(cases, normal, tmp_path).items():
        found = [str(story)] if isinstance(story, AssertionError) else complaints(story, normal[case.host])
        told += [f"{case}: {one}" for one in found]
    assert told == []
