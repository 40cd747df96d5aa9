"""Which releases go, and which never do."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.prune import prunable
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.release.release_host import layout, noted

FIVE = tuple(noted(version) for version in "12345")
NEW = {"activated_at": "", "staged_at": "2026-11-20T00:00:00Z"}

CASES = [
    ("few are all kept", layout(*FIVE, active="5", former="4"), 5, ()),
    ("the oldest go first", layout(*FIVE, active="5", former="4"), 2, ("1", "2", "3")),
    ("what runs and the way back stay, however old", layout(*FIVE, active="1", former="2"), 1, ("3", "4")),
    (
        "one that waits for its switch stays",
        layout(*FIVE[:4], noted("5", **NEW), noted("6", **NEW), active="4"),
        1,
        ("1", "2", "3"),
    ),
    (
        "one that waits for its switch stays while others come and go before it",
        layout(*FIVE[:1], noted("2", activated_at=""), *FIVE[2:], active="5"),
        1,
        ("1", "3", "4"),
    ),
    (
        "a failed one goes before an old good one",
        layout(*FIVE[:4], noted("5", failed=True), active="4", former="3"),
        3,
        ("5", "1"),
    ),
    ("nothing goes while an undo is due", layout(*FIVE[:4], noted("5", undo_due=True), active="4"), 1, ()),
    ("what is incomplete is left alone", layout(*FIVE, active="5", incomplete=("0",)), 4, ("1",)),
]


@pytest.mark.parametrize("known, keep, gone", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_releases_beyond_those_that_are_kept_go(known: Any, keep: int, gone: tuple[str, ...]) -> None:
    assert prunable(known, keep) == gone
