"""Whole trees that come and go in a transaction, on real files: there whole or not at all, and back as they were."""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, StepFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import (
    interpreter,
    journal,
    ledger,
    quarantine,
    recovery,
    steps,
    unpacking,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.interpreter import Context
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, Step
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

MTIME_S = 1_700_000_000
FAILS = steps.argv(["false"])


class Stopped(BaseException):
    """What no code of ours catches: as if the process were gone."""


class Counting(World):
    """Keeps the names of its operations, and stops before one of them."""

    def __init__(self, stop: int = -1) -> None:
        self.done: list[str] = []
        self.stop = stop

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if name.startswith("_") or name not in vars(World):
            return found

        def noted(*arguments: Any) -> Any:
            if len(self.done) == self.stop:
                raise Stopped
            self.done.append(name)
            return found(*arguments)

        return noted


def info(name: str, content: bytes = b"", **facts: Any) -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.size, made.mtime, made.uid, made.gid = len(content), MTIME_S, 4711, 4711
    for fact, value in facts.items():
        setattr(made, fact, value)
    return made, content


def tar(path: str, *members: tuple[tarfile.TarInfo, bytes]) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for made, content in members:
            archive.addfile(made, io.BytesIO(content))
    return path


@pytest.fixture
def archive(tmp_path: Path) -> str:
    return tar(
        str(tmp_path / "shop-2.tar.gz"),
        info("bin/shop", b"#!/bin/sh\n", mode=0o700),
        info("lib", type=tarfile.DIRTYPE, mode=0o700),
        info("lib/shop.py", b"print()\n", mode=0o666),
        info("lib/empty.py"),
        info("lib/now", type=tarfile.SYMTYPE, linkname="shop.py"),
        info("bin/again", type=tarfile.LNKTYPE, linkname="bin/shop"),
    )


@pytest.fixture
def releases(root: str) -> str:
    """Two releases, the first of which has a link to what is not its own."""
    for name in ("releases", "releases/1", "releases/1/lib", "data"):
        os.mkdir(f"{root}/{name}")
    Path(root, "releases/1/lib/shop.py").write_text("old\n")
    os.chmod(f"{root}/releases/1/lib", 0o500)
    Path(root, "data/kept").write_text("kept\n")
    os.symlink("../../data", f"{root}/releases/1/data")
    os.symlink("releases/1", f"{root}/current")
    return f"{root}/releases"


def tree(path: str, archive: str) -> Step:
    return steps.tree(path, archive, sha256=files.digest_of(archive))


def plan_of(*taken: Step) -> Plan:
    return Plan("change", tuple(taken))


def look(root: str) -> dict[str, Any]:
    found = {}
    for top, folders, names in os.walk(root):
        for name in (*folders, *names):
            state = files.read(f"{top}/{name}")
            found[state.path] = state._replace(ctime=0, mtime_ns=state.mtime_ns if state.kind == files.FILE else 0)
    return found


def test_a_tree_is_all_of_ours_and_readable_by_everyone(releases: str, archive: str, context: Context) -> None:
    interpreter.execute(plan_of(tree(f"{releases}/2", archive)), context)
    found = {path[len(releases) + 3 :]: state for path, state in look(f"{releases}/2").items()}
    assert {name: (state.kind, state.mode) for name, state in found.items() if state.kind != files.LINK} == {
        "bin": ("directory", 0o755),
        "bin/shop": ("file", 0o755),
        "bin/again": ("file", 0o755),
        "lib": ("directory", 0o755),
        "lib/shop.py": ("file", 0o644),
        "lib/empty.py": ("file", 0o644),
    }
    assert {(state.uid, state.gid) for state in found.values()} == {(os.geteuid(), os.getegid())}
    assert found["lib/now"].target == "shop.py"
    assert (found["bin/again"].content, found["lib/shop.py"].content) == (b"#!/bin/sh\n", b"print()\n")
    assert found["lib/shop.py"].mtime_ns == MTIME_S * 10**9
    assert ledger.entries(context.paths)[-1]["changes"] == [
        {"kind": "tree", "target": f"{releases}/2", "from": "absent", "to": files.digest_of(archive)}
    ]


def test_a_wheel_is_unpacked_as_a_tar_is(releases: str, tmp_path: Path, context: Context) -> None:
    path = str(tmp_path / "shop-2.whl")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(zipfile.ZipInfo("shop/__init__.py", (2023, 11, 14, 22, 13, 20)), "x = 1\n")
    interpreter.execute(plan_of(tree(f"{releases}/2", path)), context)
    found = files.read(f"{releases}/2/shop/__init__.py")
    assert (found.content, found.mode, found.mtime_ns) == (b"x = 1\n", 0o644, MTIME_S * 10**9)


def test_a_large_file_is_written_in_pieces(
    releases: str, archive: str, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "PIECE", 3)
    world = Counting()
    interpreter.execute(plan_of(tree(f"{releases}/2", archive)), context._replace(world=world))
    assert Path(releases, "2/lib/shop.py").read_bytes() == b"print()\n"
    assert Path(releases, "2/bin/again").read_bytes() == b"#!/bin/sh\n"


def test_a_thousand_files_do_not_wait_for_the_disk_a_thousand_times(
    releases: str, tmp_path: Path, context: Context
) -> None:
    path = tar(str(tmp_path / "many.tar.gz"), *(info(f"lib/{number}.py", b"x\n") for number in range(1000)))
    world = Counting()
    interpreter.execute(plan_of(tree(f"{releases}/2", path)), context._replace(world=world))
    assert world.done.count("create") > 1000
    assert world.done.count("sync_tree") == 1
    assert world.done.count("sync") < 40
    named = len(world.done) - world.done[::-1].index("rename")
    assert world.done.index("sync_tree") < named


@pytest.mark.parametrize("first", [True, False])
def test_what_is_erased_is_gone_with_all_that_was_in_it_and_no_link_is_followed(
    releases: str, root: str, context: Context, first: bool
) -> None:
    if not first:
        interpreter.execute(plan_of(steps.erase(f"{releases}/1")), context)
    interpreter.execute(plan_of(steps.erase(f"{releases}/1")), context)
    assert os.listdir(releases) == []
    assert Path(root, "data/kept").read_text() == "kept\n"


def test_failed_transaction_brings_back_what_was_erased_and_removes_what_was_unpacked(
    releases: str, root: str, archive: str, context: Context
) -> None:
    before = look(root)
    changed = plan_of(
        tree(f"{releases}/2", archive),
        steps.argv(["mkdir", f"{releases}/2/venv"]),
        steps.argv(["touch", f"{releases}/2/venv/made-later"]),
        steps.link(f"{root}/current", "releases/2"),
        steps.erase(f"{releases}/1"),
        FAILS,
    )
    with pytest.raises(StepFailed) as failed:
        interpreter.execute(changed, context)
    assert failed.value.undone
    assert failed.value.details["remarks"] == []
    assert look(root) == before


def every_cut(
    root: str, changed: Plan, context: Context, reset: Callable[[], None]
) -> tuple[list[str], list[dict[str, Any]]]:
    """Stop before each operation and recover; return how the ledger says that each ended, and what stood there then."""
    ended: list[str] = []
    looks: list[dict[str, Any]] = []
    whole = False
    while not whole:
        reset()
        known = len(ledger.entries(context.paths))
        with contextlib.suppress(Stopped):
            interpreter.execute(changed, context._replace(world=Counting(len(ended))))
            whole = True
        recovery.recover(context)
        ended += [str(line["result"]) for line in ledger.entries(context.paths)[known:]] or ["nothing"]
        looks.append(look(root))
        assert not quarantine.read(context.paths)
        assert not journal.unfinished(context.paths)
    return ended, looks


def test_a_cut_at_any_operation_leaves_the_old_trees_or_the_new_ones_and_no_litter(
    releases: str, root: str, archive: str, context: Context
) -> None:
    def reset() -> None:
        for name in ("1", "2"):
            if os.path.isdir(f"{releases}/{name}"):
                World().rmtree(f"{releases}/{name}")
        os.makedirs(f"{releases}/1/lib")
        Path(releases, "1/lib/shop.py").write_text("old\n")
        os.utime(f"{releases}/1/lib/shop.py", ns=(0, 0))
        if os.readlink(f"{root}/current") != "releases/1":
            os.unlink(f"{root}/current")
            os.symlink("releases/1", f"{root}/current")

    reset()
    before = look(root)
    changed = plan_of(
        tree(f"{releases}/2", archive), steps.link(f"{root}/current", "releases/2"), steps.erase(f"{releases}/1")
    )
    ended, looks = every_cut(root, changed, context, reset)
    after = looks[-1]
    assert set(ended) == {"nothing", "undone", "done"}
    assert [found for found in looks if found not in (before, after)] == []
    assert [found == after for found in looks] == [how == "done" for how in ended]


def test_an_undo_that_is_cut_off_itself_is_carried_to_its_end(
    releases: str, root: str, archive: str, context: Context
) -> None:
    before = look(root)
    changed = plan_of(tree(f"{releases}/2", archive), steps.erase(f"{releases}/1"), FAILS)
    count = 0
    while True:
        world = Counting(count)
        try:
            interpreter.execute(changed, context._replace(world=world))
        except Stopped:
            recovery.recover(context)
        except StepFailed:
            break
        assert look(root) == before, world.done
        count += 1
    assert count > 40


def test_what_stands_in_the_place_of_an_erased_tree_is_not_overwritten_by_the_undo(
    releases: str, context: Context
) -> None:
    changed = plan_of(steps.erase(f"{releases}/1"), steps.argv(["mkdir", f"{releases}/1"]), FAILS)
    with pytest.raises(StepFailed, match=r"cannot be brought back to where something else stands.*quarantined"):
        interpreter.execute(changed, context)
    hidden = next(name for name in os.listdir(releases) if name != "1")
    assert os.listdir(f"{releases}/{hidden}/lib") == ["shop.py"]


@pytest.mark.parametrize(
    "name, change, said",
    [
        ("1", {}, "releases/1 is there already, and a tree is never unpacked over another; erase it first"),
        ("none/2", {}, "there is no directory .*/none; add it to the plan"),
        ("2", {"archive": "/none.tar.gz"}, r"/none\.tar\.gz is not there, .*; bring it to the host first"),
        ("2", {"sha256": "0" * 64}, r"shop-2\.tar\.gz has the SHA-256 .*, not 0000.*; bring it anew"),
    ],
)
def test_a_tree_that_cannot_be_is_refused_before_anything_is_touched(
    releases: str, archive: str, context: Context, name: str, change: dict[str, str], said: str
) -> None:
    step = tree(f"{releases}/{name}", archive)
    before = look(releases)
    with pytest.raises(BadInput, match=said):
        interpreter.execute(plan_of(step._replace(args={**step.args, **change})), context)
    assert look(releases) == before


@pytest.mark.parametrize("bad", [info("../out", b"x"), info("su", b"x", mode=0o4755), info("lib/shop.py", b"again")])
def test_an_archive_with_a_bad_member_leaves_nothing(
    releases: str, tmp_path: Path, context: Context, bad: tuple[tarfile.TarInfo, bytes]
) -> None:
    path = tar(str(tmp_path / "bad.tar.gz"), info("lib/shop.py", b"good\n"), bad)
    before = look(str(tmp_path))
    with pytest.raises(StepFailed, match=r"could not prepare the change: member .*Nothing was changed") as failed:
        interpreter.execute(plan_of(tree(f"{releases}/2", path)), context)
    assert failed.value.undone
    assert look(str(tmp_path)) == before


def test_what_is_no_directory_is_not_erased(releases: str, root: str, context: Context) -> None:
    for name, kind in (("current", "link"), ("data/kept", "file")):
        with pytest.raises(BadInput, match=f"{name} is a {kind}, not a directory; remove it as what it is"):
            interpreter.execute(plan_of(steps.erase(f"{root}/{name}")), context)
    assert os.path.exists(releases)


def test_a_directory_that_hands_its_group_on_does_not_hand_it_to_a_tree(
    releases: str, archive: str, context: Context
) -> None:
    os.chmod(releases, 0o2775)
    interpreter.execute(plan_of(tree(f"{releases}/2", archive)), context)
    assert files.read(f"{releases}/2").mode == 0o755
    assert files.read(f"{releases}/2/lib").mode == 0o755


def test_a_full_disk_while_unpacking_leaves_nothing(releases: str, root: str, archive: str, context: Context) -> None:
    class Full(World):
        def chmod(self, path: str, mode: int) -> None:
            if path.endswith("lib/shop.py"):
                raise OSError(28, "No space left on device", path)
            super().chmod(path, mode)

    before = look(root)
    with pytest.raises(StepFailed, match=r"No space left on device.*Nothing was changed"):
        interpreter.execute(plan_of(tree(f"{releases}/2", archive)), context._replace(world=Full()))
    assert look(root) == before
