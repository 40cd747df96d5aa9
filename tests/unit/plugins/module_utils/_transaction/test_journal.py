from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import Unreadable
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import checks, files
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import journal, steps
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.journal import Entry, Journal, Retention
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

WORLD = World()
WHO = {"owner": "alice", "reason": "why", "run_id": "r", "attempt": 1}


def opened(paths: Paths, *, sensitive: bool = False) -> Journal:
    old = files.FileState("/a", files.FILE, None, None, 5, 8, 0o640, {"user.x": b"\xff\0"}, 1.5, 17)
    write = steps.write("/a", b"new", owner="root", sensitive=sensitive)
    entries = (
        Entry(write, old, "/.a.groundcrew-t-0", "old/0", {}, "digest"),
        Entry(steps.package("install", {"b": "1"}), before={"installed": {"c": "2"}, "auto": []}),
    )
    told = Plan(
        "shop",
        tuple(entry.step for entry in entries),
        checks=(checks.tcp(80), checks.command(["true"])),
        within_s=7,
        stable=2,
        units=("shop.service",),
    )
    made = Journal(f"{paths.journal}/{journal.new_txid()}", WHO, told, entries)
    journal.open_new(paths, WORLD, made)
    return made


def test_plan_and_entries_come_back_as_they_were_without_content(paths: Paths) -> None:
    made = opened(paths)
    loaded = journal.load(made.path)
    assert loaded is not None
    assert loaded.who == WHO
    assert loaded.plan._replace(steps=()) == made.plan._replace(steps=())
    assert loaded.entries[1] == made.entries[1]
    assert loaded.entries[0].old == made.entries[0].old
    assert {**loaded.entries[0].step.args, "content": b"new"} == made.entries[0].step.args
    assert "content" not in loaded.entries[0].step.args


def test_marks_come_back_in_order(paths: Paths) -> None:
    made = opened(paths)
    made.mark(WORLD, staged=True)
    made.mark(WORLD, apply=[0, 1])
    made.mark(WORLD, apply=[1, 2])
    assert made.marks() == [{"staged": True}, {"apply": [0, 1]}, {"apply": [1, 2]}]
    assert made.marked("apply") == [[0, 1], [1, 2]]


def test_torn_mark_does_not_count_and_does_not_spoil_the_next(paths: Paths) -> None:
    made = opened(paths)
    made.mark(WORLD, staged=True)
    with open(f"{made.path}/log", "ab") as file:
        file.write(b'{"apply": [0')
    assert made.marks() == [{"staged": True}]
    made.mark(WORLD, undo="why")
    assert made.marks() == [{"staged": True}, {"undo": "why"}]


def test_nothing_was_changed_where_the_plan_is_torn_and_no_mark_was_made(paths: Paths) -> None:
    made = opened(paths)
    Path(made.path, "plan.json").write_text('{"format": 1, "voc', encoding="utf-8")
    assert journal.load(made.path) is None
    os.unlink(f"{made.path}/plan.json")
    assert journal.load(made.path) is None


def test_marks_without_a_readable_plan_are_refused(paths: Paths) -> None:
    made = opened(paths)
    made.mark(WORLD, staged=True)
    os.unlink(f"{made.path}/plan.json")
    with pytest.raises(Unreadable, match="has a log but no readable plan"):
        journal.load(made.path)


@pytest.mark.parametrize("key", ["format", "vocabulary"])
def test_plan_of_another_version_is_refused_with_the_cure(paths: Paths, key: str) -> None:
    made = opened(paths)
    told = json.loads(Path(made.path, "plan.json").read_bytes())
    Path(made.path, "plan.json").write_text(json.dumps({**told, key: 99}), encoding="utf-8")
    with pytest.raises(Unreadable, match="recover it with the version of the collection that wrote it"):
        journal.load(made.path)


def test_journal_is_readable_by_its_owner_alone(paths: Paths) -> None:
    made = opened(paths)
    made.mark(WORLD, staged=True)
    for name in ("plan.json", "log", "reserve"):
        assert os.stat(f"{made.path}/{name}").st_mode & 0o777 == 0o600
    assert os.stat(made.path).st_mode & 0o777 == 0o700


@pytest.mark.parametrize("sensitive, copies", [(False, ["0"]), (True, [])])
def test_kept_transaction_loses_the_undo_copies_of_secrets(paths: Paths, *, sensitive: bool, copies: list[str]) -> None:
    made = opened(paths, sensitive=sensitive)
    WORLD.create(f"{made.path}/old/0", b"old")
    journal.close(paths, WORLD, made, keep=True, retention=Retention())
    assert journal.unfinished(paths) == []
    assert os.listdir(f"{paths.undo}/{made.txid}/old") == copies
    assert not os.path.exists(f"{paths.undo}/{made.txid}/reserve")


def test_transaction_that_was_taken_back_leaves_nothing(paths: Paths) -> None:
    made = opened(paths)
    WORLD.create(f"{made.path}/old/0", b"old")
    journal.close(paths, WORLD, made, keep=False, retention=Retention())
    assert os.listdir(paths.journal) == os.listdir(paths.undo) == []


def test_headers_of_a_check_do_not_outlive_the_transaction(paths: Paths) -> None:
    check = checks.http("http://127.0.0.1/health", headers={"Authorization": "Bearer planted"})
    who = {"owner": "a", "reason": "", "run_id": "", "attempt": 1}
    made = Journal(f"{paths.journal}/t9", who, Plan("guarded", checks=(check,)), ())
    journal.open_new(paths, WORLD, made)
    journal.close(paths, WORLD, made, keep=True, retention=Retention())
    assert "planted" not in Path(paths.undo, "t9", "plan.json").read_text("utf-8")


def test_what_somebody_put_into_the_undo_store_does_not_fail_a_change(paths: Paths) -> None:
    Path(paths.undo, "t1").mkdir()
    Path(paths.undo, "t1", "note").write_text("mine", "utf-8")
    journal.prune(paths, WORLD, Retention(days=-1), now_s=time.time())
    assert Path(paths.undo, "t1", "note").exists()


def test_sweep_removes_temporaries_beside_the_targets(paths: Paths, root: str) -> None:
    entry = Entry(steps.write(f"{root}/a", b""), None, f"{root}/.a.groundcrew-t-0", "old/0")
    for path in (entry.staged, journal.undo_temporary(entry), f"{root}/a"):
        WORLD.create(path, b"")
    journal.sweep(WORLD, Journal(f"{paths.journal}/t", WHO, Plan("x"), (entry,)))
    assert os.listdir(root) == ["a"]


def kept(paths: Paths, name: str, *, age_days: float, size: int) -> None:
    path = f"{paths.undo}/{name}"
    os.makedirs(f"{path}/old")
    Path(path, "old", "0").write_bytes(b"x" * size)
    os.utime(path, (1e9 - age_days * 86400, 1e9 - age_days * 86400))


@pytest.mark.parametrize(
    "retention, left",
    [
        (Retention(days=30, size=10_000), ["b", "c"]),
        (Retention(days=30, size=1000), ["c"]),
        (Retention(days=30, size=10), []),
        (Retention(days=90, size=10_000), ["a", "b", "c"]),
        (Retention(days=5, size=10_000), ["c"]),
    ],
)
def test_undo_store_is_bounded_in_age_and_size(paths: Paths, retention: Retention, left: list[str]) -> None:
    for name, age in (("a", 40), ("b", 20), ("c", 1)):
        kept(paths, name, age_days=age, size=900)
    journal.prune(paths, WORLD, retention, now_s=1e9)
    assert sorted(os.listdir(paths.undo)) == left


def test_names_of_transactions_sort_by_time_and_differ() -> None:
    names = [journal.new_txid() for _name in range(50)]
    assert len(set(names)) == 50
    assert [name[:15] for name in names] == sorted(name[:15] for name in names)
