"""The crash tests are proven by breaking the interpreter once in each way: every break must be noticed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import CHECKOUT, Machine, bundle
from ansible_collections.groundcrew.fleet.tests.crash.test_kill import SEED, tell, whole

MUTANT = "/opt/mutant"
MODULE_UTILS = "ansible_collections/groundcrew/fleet/plugins/module_utils"


class Break(NamedTuple):
    """`old` stands once in the file of the interpreter, and `new` breaks the promise that names the test."""

    file: str
    old: str
    new: str


BREAKS = {
    "marks_are_not_synced": Break(
        "ledger", "        world.append(path, content)\n    world.sync(path)", "        world.append(path, content)"
    ),
    "plan_is_not_synced": Break(
        "journal",
        "journal.path, paths.journal):\n        world.sync(path)",
        "journal.path, paths.journal):\n        pass",
    ),
    "new_bytes_are_not_synced": Break("interpreter", "    for path in made:\n        world.sync(path)", ""),
    "renames_are_not_synced": Break("interpreter", "            context.world.sync(path)", "            pass"),
    "undo_is_not_synced": Break("interpreter", "    for path in disk.touched(begun):\n        world.sync(path)", ""),
    "steps_are_not_announced": Break(
        "interpreter", "        opened.mark(context.world, apply=[start, stop])", "        pass"
    ),
    "undo_goes_forward": Break("interpreter", "for entry in reversed(others)]", "for entry in others]"),
    "undo_is_not_taken": Break("interpreter", "for entry in reversed(others)]", "for entry in ()]"),
    "acl_is_not_kept": Break("disk", "                world.setxattr(path, name, value)", "                pass"),
    "owner_is_not_kept": Break("disk", "    world.own(path, uid, gid)", "    pass"),
    "mode_is_not_kept": Break("disk", "    world.chmod(path, mode)", "    pass"),
    "time_stamp_is_not_restored": Break("disk", "    world.utime(temporary, old.mtime_ns)", "    pass"),
    "old_bytes_are_not_synced": Break("disk", "    world.sync(temporary)", "    pass"),
    "temporaries_are_not_swept": Break(
        "journal", "            trees.clear(world, path)\n            touched", "            touched"
    ),
    "secrets_stay_in_the_undo_store": Break("journal", "    for path in secrets:\n        _unlink(world, path)", ""),
    "trees_are_not_synced": Break("unpacking", "    world.sync_tree(path)", "    pass"),
    "erased_at_once": Break("trees", "        world.rename(target, hidden)", "        clear(world, target)"),
    "torn_marks_stay": Break("ledger", "    _cut_torn_line(world, path)\n", ""),
    "journal_goes_plan_first": Break(
        "journal",
        'for name in ("log", "reserve", "plan.json.new"):',
        'for name in ("plan.json", "log", "reserve", "plan.json.new"):',
    ),
    "staged_is_taken_for_nothing": Break(
        "recovery", '    if not opened.marked("staged"):', '    if not opened.marked("verified"):'
    ),
}


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("collections")
    shutil.copytree(
        CHECKOUT / "plugins" / "module_utils", path / MODULE_UTILS, ignore=shutil.ignore_patterns("__pycache__")
    )
    return path


def test_unbroken_interpreter_passes(quick: Machine) -> None:
    report = quick.drive("small", seed=SEED)
    tell(report, "cuts without units")
    whole(report)


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
def test_broken_interpreter_is_noticed(quick: Machine, collections: Path, broken: Break) -> None:
    path = collections / MODULE_UTILS / "_transaction" / f"{broken.file}.py"
    source = path.read_text("utf-8")
    assert source.count(broken.old) == 1, "this break no longer fits the source"
    try:
        path.write_text(source.replace(broken.old, broken.new), encoding="utf-8")
        quick.put(MUTANT, bundle(collections))
    finally:
        path.write_text(source, encoding="utf-8")
    report = quick.drive("small", bundle=MUTANT, seed=SEED, stop=True)
    assert report["failures"], "nobody noticed"
    sys.stdout.write(f"\nnoticed: {report['failures'][0][:200]}\n")
