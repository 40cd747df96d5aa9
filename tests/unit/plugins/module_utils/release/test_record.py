"""What is remembered of a release, and what counts as nothing remembered."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import record
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.record import Record

WHOLE = Record(
    "shop",
    "2",
    "a" * 64,
    {"name": "shop"},
    expanded=({"name": "m", "undo": ["x"]},),
    contracted=("m",),
    contract_due=("m",),
)


def test_a_record_comes_back_as_it_was_kept() -> None:
    assert record.parse(record.dump(WHOLE)) == WHOLE


@pytest.mark.parametrize(
    "text", [None, b"", b"{", b"[]", b"{}", b'{"format": 2}', b'{"format": 1}', b'{"format": 1, "x": 1}']
)
def test_what_cannot_be_understood_is_no_record(text: bytes | None) -> None:
    assert record.parse(text) is None
