"""What the store of archives has, and what a step of packages leaves alone because it is somebody else's."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import CommandFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import dpkg
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.run import Completed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import archives, by_apt, packages, steps
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.journal import Entry
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

MEMBER = b"debian-binary   0           0     0     100644  %-10d`\n"
WHOLE = b"!<arch>\n" + MEMBER % 4 + b"2.0\n" + MEMBER % 3 + b"123\n" + MEMBER % 2 + b"12"


class Fetching(World):
    """A real disk; whoever is asked for archives leaves `parts` where it stands, built long ago, and ends with `rc`."""

    def __init__(self, parts: Sequence[str], rc: int = 0) -> None:
        self._parts, self._rc = parts, rc

    def run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        folder = argv[1].partition("=")[2]
        for name in self._parts:
            Path(folder, name).write_bytes(b"archive")
            os.utime(Path(folder, name), (1e9, 1e9))
        return Completed(tuple(argv), self._rc, "", "No space left on device" if self._rc else "", timeout_s)


@pytest.fixture(autouse=True)
def _two_architectures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dpkg, "foreign", lambda: frozenset({"i386"}))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "archives"
    path.mkdir()
    return path


def names(store: Path) -> set[str]:
    return {one.name for one in store.iterdir()}


def test_a_library_that_is_there_for_two_architectures_has_an_archive_for_each(store: Path) -> None:
    for name in ("libz1_1%3a2_amd64.deb", "libz1_1%3a2_i386.deb", "tool_1_all.deb", "far_1_i386.deb"):
        (store / name).touch()
    held = archives.Held(str(store))
    found = {name: os.path.basename(held.find(name, "1:2")) for name in ("libz1", "libz1:amd64", "libz1:i386")}
    assert found == {
        "libz1": "libz1_1%3a2_amd64.deb",
        "libz1:amd64": "libz1_1%3a2_amd64.deb",
        "libz1:i386": "libz1_1%3a2_i386.deb",
    }
    assert held.find("tool", "1") == held.find("tool:i386", "1") == f"{store}/tool_1_all.deb"
    assert archives.missing(str(store), {"far": "1", "far:i386": "1"}) == {"far": "1"}


def test_what_is_fetched_is_as_new_as_the_day_whenever_it_was_built(store: Path) -> None:
    by_apt.fetch(Fetching(["a_1_all.deb"]), str(store), {"a": "1"})
    assert names(store) == {"a_1_all.deb"}
    assert time.time() - (store / "a_1_all.deb").stat().st_mtime < 60


def test_a_part_of_an_archive_never_comes_into_the_store(store: Path) -> None:
    with pytest.raises(CommandFailed, match="No space left"):
        by_apt.fetch(Fetching(["a_1_all.deb"], rc=100), str(store), {"a": "1"})
    assert names(store) == set()


def test_what_a_killed_run_left_in_the_workshop_goes_before_the_next_one(store: Path) -> None:
    (store / "partial/dpkg-repack.a").mkdir(parents=True)
    (store / "partial/dpkg-repack.a/control").touch()
    (store / "partial/b_1_all.deb").touch()
    by_apt.pack(Fetching(["a_1_all.deb"]), str(store), "a", "0:1")
    assert names(store) == {"a_0%3a1_all.deb"}


def test_what_a_change_needs_counts_as_new_again(store: Path) -> None:
    for name in ("a_1_all.deb", "b_1_all.deb"):
        (store / name).write_bytes(WHOLE)
        os.utime(store / name, (1e9, 1e9))
    archives.prepare(World(), str(store), [archives.stem("a", "1")])
    assert names(store) == {"a_1_all.deb"}
    assert time.time() - (store / "a_1_all.deb").stat().st_mtime < 60


@pytest.mark.parametrize(
    "content", [b"", b"!<arc", b"junk", WHOLE[:-1], WHOLE[:-9], WHOLE + b"-", b"!<arch>\n" + b"x" * 60]
)
def test_a_damaged_archive_is_fetched_again(store: Path, content: bytes) -> None:
    (store / "a_1_all.deb").write_bytes(content)
    archives.prepare(World(), str(store), [archives.stem("a", "1")])
    assert archives.missing(str(store), {"a": "1"}) == {"a": "1"}


def step(*, way_back: bool = False) -> steps.Step:
    return steps.package(
        "install", {"libz1": "2", "tool": "2", "new": "1", "gone": ""}, archived=True, way_back=way_back
    )


WAS = {"libz1:amd64": "1", "libz1:i386": "1", "tool": "1", "gone": "1", "other": "1"}


def test_with_a_way_back_required_nothing_begins_without_it(store: Path) -> None:
    entry = Entry(step(way_back=True), before={"installed": {"tool": "1"}})
    world = Fetching(["libz1_2_amd64.deb", "tool_2_all.deb", "new_1_all.deb"])
    with pytest.raises(CommandFailed, match="a way back is required, and nothing could be had to return to of tool 1"):
        packages.stage(world, entry, str(store))
    packages.stage(world, entry._replace(step=step()), str(store))


def test_archives_do_not_go_over_what_somebody_else_has_brought_meanwhile(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        by_apt, "known", lambda: {"tool": ("i", "3"), "libz1:amd64": ("i", "1"), "libz1:i386": ("i", "9")}
    )
    entry = Entry(step(), before={"installed": WAS, "auto": []})
    with pytest.raises(
        CommandFailed, match="somebody else has changed packages meanwhile: tool is 3 now; make a new plan"
    ):
        packages.apply(World(), entry, str(store))


def test_the_way_back_leaves_what_is_somebody_elses() -> None:
    entry = Entry(step(), before={"installed": WAS, "others": {}})
    now = {
        "libz1:amd64": ("i", "2"),
        "libz1:i386": ("i", "2"),
        "tool": ("i", "3"),
        "new": ("F", "1"),
        "other": ("i", "2"),
        "postgresql": ("i", "15"),
    }
    left, told = packages.not_ours(entry, now)
    assert left == {"libz1:i386", "tool", "other", "postgresql"}
    assert told == "left as somebody else has made them meanwhile: tool 3"
    assert packages.way_back(entry.before, now, left) == (["new"], [], {"gone": "1", "libz1:amd64": "1"})


def test_of_a_step_that_does_not_name_all_that_it_touches_everything_goes_back() -> None:
    plain = Entry(steps.package("install", {"tool": "2"}), before={"installed": WAS, "others": {}})
    assert packages.not_ours(plain, {"postgresql": ("i", "15")}) == (frozenset(), "")


@pytest.mark.parametrize(
    "said, busy",
    [
        ("dpkg: error: dpkg frontend lock was locked by another process with pid 7", True),
        ("dpkg: error: dpkg database lock is locked by another process", True),
        ("cannot open block device\ndpkg: error processing package unlocker (--configure):", False),
    ],
)
def test_only_dpkgs_own_word_makes_it_busy(said: str, *, busy: bool) -> None:
    assert by_apt.is_busy(Completed(("dpkg",), 1, "", said, 0.0)) is busy


def test_a_version_is_not_that_of_another_architecture() -> None:
    assert packages.version_in({"libz1:i386": "1"}, "libz1") == ""
    assert packages.version_in({"libz1:i386": "1", "libz1:amd64": "2"}, "libz1") == "2"


def test_many_packages_have_more_time() -> None:
    many = steps.package("install", {f"p{number}": "1" for number in range(300)})
    assert float(many.args["timeout_s"]) > 2 * float(step().args["timeout_s"])
