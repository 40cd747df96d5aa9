"""How much room an update needs, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.updates import Update
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import room
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.room import KERNEL, MARGIN, Disk

PATHS = Paths("/state")
BIG = Update("big", "1", "2", size=1000, grows=5000)
SHRINKS = Update("shrinks", "1", "2", size=10, grows=-9000)


def needs(*changes: Update) -> dict[str, int]:
    return {path: needed for path, needed, _what in room.demands(changes, PATHS)}


def test_no_change_needs_no_room() -> None:
    assert room.demands((), PATHS) == ()
    assert room.measure((), PATHS) == ()


def test_archives_are_needed_twice_and_what_shrinks_makes_no_room_for_what_grows() -> None:
    assert needs(BIG, SHRINKS) == {"/usr": 5000 + MARGIN, "/var": MARGIN, "/state/archives": 2 * 1010 + MARGIN}


@pytest.mark.parametrize(
    "name,more", [("linux-image-6.1.0-31-amd64", KERNEL), ("linux-image-amd64", 0), ("kernel-core", KERNEL)]
)
def test_a_kernel_needs_room_on_boot_for_one_more_beside_the_present_one(name: str, more: int) -> None:
    assert needs(BIG._replace(name=name)).get("/boot", 0) == more


def test_what_is_on_one_file_system_is_asked_of_it_together(tmp_path: Path) -> None:
    found = room.measure((BIG,), Paths(str(tmp_path / "not-there-yet")))
    assert sum(disk.needs for disk in found) == 5000 + MARGIN + MARGIN + 2000 + MARGIN
    assert len({disk.path for disk in found}) == len(found)
    assert f"{tmp_path}/not-there-yet/archives" in ", ".join(disk.path for disk in found)
    assert all(disk.free > 0 for disk in found)


def test_a_disk_is_told_in_mebibytes() -> None:
    told = Disk("/var", 3 * 1024**2, 40 * 1024**2, "the archives").told()
    assert told == "/var has 3 MiB free, and the archives needs 40 MiB"
