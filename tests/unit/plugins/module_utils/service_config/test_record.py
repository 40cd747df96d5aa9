"""When a unit does not run with what is on disk: the table of cases."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import record
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.record import (
    CHANGED,
    REMOVED,
    Entry,
    Record,
    Watched,
)

STARTED_AT = 1000.0
BEFORE, AFTER = 999.0, 1001.0
HERE, OTHER = (1, 2, 3, 4, 5), (1, 9, 3, 4, 9)


def never_read(path: str) -> str:
    raise AssertionError(f"{path} was read, though its ctime or identity told enough")


@pytest.mark.parametrize(
    "case, now, entry, digest, why",
    [
        ("older than the unit, no record: ctime decides", Watched(BEFORE, HERE), None, None, ""),
        (
            "older than the unit, though it differs: restarted by hand",
            Watched(BEFORE, HERE),
            Entry("old", OTHER),
            None,
            "",
        ),
        ("younger than the unit, no record: ctime decides", Watched(AFTER, HERE), None, None, CHANGED),
        ("as young as the unit counts as younger", Watched(STARTED_AT, HERE), None, None, CHANGED),
        ("recorded by a reload, untouched since", Watched(AFTER, HERE), Entry("old", HERE), None, ""),
        ("touched or its mode changed, same bytes", Watched(AFTER, OTHER), Entry("old", HERE), "old", ""),
        ("recorded before it was written, same bytes", Watched(AFTER, HERE), Entry("old"), "old", ""),
        ("changed after it was recorded", Watched(AFTER, OTHER), Entry("old", HERE), "new", CHANGED),
        ("recorded before it was written, changed since", Watched(AFTER, HERE), Entry("old"), "new", CHANGED),
        ("never was there", Watched(AFTER), None, None, ""),
        ("removed after the unit read it", Watched(AFTER), Entry("old", HERE), None, REMOVED),
        ("removed before the unit started", Watched(BEFORE), Entry("old", HERE), None, ""),
    ],
)
def test_a_path_is_stale_when_the_unit_has_not_read_it(
    case: str, now: Watched, entry: Entry | None, digest: str | None, why: str
) -> None:
    read = never_read if digest is None else lambda _path: digest
    assert record.stale("/etc/shop.conf", now, entry, STARTED_AT, read) == why, case


def test_a_record_comes_back_as_it_was_written() -> None:
    kept = Record({"/etc/a": Entry("1", HERE), "/etc/b": Entry("2")}, {"/bin/a": Entry("3", OTHER)})
    assert record.parse(record.dump(kept)) == kept


@pytest.mark.parametrize(
    "text", [None, b"", b"{", b"[]", b'{"version": 2}', b'{"version": 1}', b'{"version": 1, "config": 3}']
)
def test_a_damaged_record_counts_as_none(text: bytes | None) -> None:
    assert record.parse(text) == Record()


def test_a_binary_of_known_identity_is_not_read_again() -> None:
    assert record.entry_of("/bin/a", Watched(AFTER, HERE), Entry("1", HERE), never_read) == Entry("1", HERE)
