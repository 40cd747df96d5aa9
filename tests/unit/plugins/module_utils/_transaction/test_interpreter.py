"""Whole transactions on real files: what a plan of file steps does, and that its undo brings everything back."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, StepFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import checks, files
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import (
    interpreter,
    journal,
    ledger,
    quarantine,
    steps,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.interpreter import Context
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, Step
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

FAILS = steps.argv(["false"])
STAMP_NS = 1_600_000_000_987_654_321


def acl(user: int) -> bytes:
    """user::rw- user:N:r-- group::r-- mask::r-- other::---"""
    nobody = 0xFFFFFFFF
    rows = ((1, 6, nobody), (2, 4, user), (4, 4, nobody), (16, 4, nobody), (32, 0, nobody))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *row) for row in rows)


@pytest.fixture
def tree(root: str) -> str:
    """A file with an odd mode and an ACL, one to go, a link, a directory with a file."""
    for name, content, mode in (("a", b"old a\n", 0o640), ("gone", b"gone\n", 0o604), ("sub/x", b"x\n", 0o444)):
        os.makedirs(os.path.dirname(f"{root}/{name}"), exist_ok=True)
        Path(root, name).write_bytes(content)
        os.chmod(f"{root}/{name}", mode)
    os.symlink("a", f"{root}/current")
    try:
        os.setxattr(f"{root}/a", "system.posix_acl_access", acl(8))
    except OSError:
        pytest.skip("this file system has no ACLs")
    for name in ("a", "gone", "sub/x"):
        os.utime(f"{root}/{name}", ns=(STAMP_NS, STAMP_NS))
    return root


def look(root: str) -> dict[str, Any]:
    """Everything below `root`, but for what a reader of the tree cannot care about: when it was last touched."""
    found = {}
    for top, folders, names in os.walk(root):
        for name in (*folders, *names):
            state = files.read(f"{top}/{name}")
            found[state.path] = state._replace(ctime=0, mtime_ns=state.mtime_ns if state.kind == files.FILE else 0)
    return found


def plan_of(*taken: Step, **options: Any) -> Plan:
    return Plan("change", tuple(taken), **options)


def every_step(root: str, me: dict[str, Any]) -> tuple[Step, ...]:
    return (
        steps.directory(f"{root}/new.d", mode=0o750, **me),
        steps.write(f"{root}/new.d/b", b"new b\n", mode=0o600, **me),
        steps.write(f"{root}/a", b"new a\n"),
        steps.remove(f"{root}/gone"),
        steps.remove(f"{root}/sub/x"),
        steps.remove(f"{root}/sub"),
        steps.link(f"{root}/current", "new.d/b"),
        steps.mode(f"{root}/new.d/b", mode=0o644),
    )


def test_steps_do_what_they_say_and_keep_owner_mode_and_acl(tree: str, me: dict[str, Any], context: Context) -> None:
    outcome = interpreter.execute(plan_of(*every_step(tree, me)), context)
    now = {path[len(tree) + 1 :]: state for path, state in look(tree).items()}
    assert sorted(now) == ["a", "current", "new.d", "new.d/b"]
    assert (now["a"].content, now["a"].mode) == (b"new a\n", 0o640)
    assert now["a"].xattrs["system.posix_acl_access"] == acl(8)
    assert (now["new.d"].mode, now["new.d/b"].mode, now["new.d/b"].content) == (0o750, 0o644, b"new b\n")
    assert now["current"].target == "new.d/b"
    assert outcome.ledger == ledger.tail_digest(context.paths)


def test_failing_step_takes_everything_back_to_the_byte(tree: str, me: dict[str, Any], context: Context) -> None:
    before = look(tree)
    with pytest.raises(StepFailed, match=r"argv false: false ended with 1. Everything was taken back") as caught:
        interpreter.execute(plan_of(*every_step(tree, me), FAILS), context)
    assert caught.value.undone
    assert look(tree) == before
    assert os.listdir(context.paths.journal) == os.listdir(context.paths.undo) == []
    assert [entry["result"] for entry in ledger.entries(context.paths)] == ["undone"]


def test_a_plan_that_only_follows_another_says_what_stays_when_it_fails(context: Context) -> None:
    with pytest.raises(StepFailed, match=r"ended with 1. The switch stays$"):
        interpreter.execute(plan_of(FAILS, stays="The switch stays"), context)


def test_same_plan_twice_ends_the_same(tree: str, me: dict[str, Any], context: Context) -> None:
    again = (step for step in every_step(tree, me) if step.kind != "remove")
    interpreter.execute(plan_of(*every_step(tree, me)), context)
    once = look(tree)
    interpreter.execute(plan_of(*again), context)
    assert {path: state._replace(mtime_ns=0) for path, state in look(tree).items()} == {
        path: state._replace(mtime_ns=0) for path, state in once.items()
    }


def test_default_acl_of_the_directory_does_not_reach_a_file_that_had_none(
    tree: str, me: dict[str, Any], context: Context
) -> None:
    os.removexattr(f"{tree}/a", "system.posix_acl_access")
    os.chmod(f"{tree}/a", 0o640)
    os.utime(f"{tree}/a", ns=(STAMP_NS, STAMP_NS))
    os.setxattr(tree, "system.posix_acl_default", acl(8))
    before = look(tree)
    with pytest.raises(StepFailed):
        interpreter.execute(plan_of(steps.write(f"{tree}/a", b"new"), FAILS), context)
    assert look(tree) == before
    interpreter.execute(plan_of(steps.write(f"{tree}/a", b"new", **me)), context)
    assert files.read(f"{tree}/a").xattrs == {}


def test_undo_of_a_mode_leaves_what_others_wrote_meanwhile(tree: str, context: Context) -> None:
    write = steps.argv(["sh", "-c", f"echo more >>{tree}/sub/log"])
    Path(tree, "sub", "log").write_bytes(b"one\n")
    os.chmod(f"{tree}/sub/log", 0o600)
    with pytest.raises(StepFailed):
        interpreter.execute(plan_of(steps.mode(f"{tree}/sub/log", mode=0o666), write, FAILS), context)
    assert (files.read(f"{tree}/sub/log").content, files.read(f"{tree}/sub/log").mode) == (b"one\nmore\n", 0o600)


def test_directory_that_others_used_meanwhile_stays_and_is_told(
    root: str, me: dict[str, Any], context: Context
) -> None:
    use = steps.argv(["touch", f"{root}/new/theirs"])
    with pytest.raises(StepFailed, match=r"taken back, but: .*/new stays: somebody else put files into it") as caught:
        interpreter.execute(plan_of(steps.directory(f"{root}/new", **me), use, FAILS), context)
    assert caught.value.undone
    assert os.listdir(f"{root}/new") == ["theirs"]


def test_command_is_taken_back_by_its_own_undo_in_reverse_order(root: str, context: Context) -> None:
    def noted(word: str) -> list[str]:
        return ["sh", "-c", f"echo {word} >>{root}/notes"]

    commands = [steps.argv(noted(f"do{number}"), undo=noted(f"undo{number}")) for number in (1, 2)]
    with pytest.raises(StepFailed):
        interpreter.execute(plan_of(*commands, FAILS), context)
    assert Path(root, "notes").read_text("utf-8").split() == ["do1", "do2", "undo2", "undo1"]


def test_undo_that_fails_quarantines_the_host(context: Context) -> None:
    stuck = steps.argv(["true"], undo=["sh", "-c", "echo no way >&2; exit 3"])
    with pytest.raises(StepFailed, match=r"The undo failed too: .*no way.*quarantined") as caught:
        interpreter.execute(plan_of(stuck, FAILS), context)
    assert not caught.value.undone
    told = quarantine.read(context.paths)
    assert told is not None
    assert (told["what"], told["txid"]) == ("change", os.listdir(context.paths.journal)[0])
    assert "false ended with 1" in told["why"]


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda root: steps.write(f"{root}/no/such", b""), "there is no directory"),
        (lambda root: steps.write(f"{root}/sub", b""), "is a directory"),
        (lambda root: steps.link(f"{root}/sub", "x"), "is a directory"),
        (lambda root: steps.directory(f"{root}/a"), "is a file, not a directory"),
        (lambda root: steps.mode(f"{root}/current", mode=0o600), "is a link, which has no mode"),
        (lambda root: steps.mode(f"{root}/none", mode=0o600), "does not exist"),
        (lambda root: steps.write(f"{root}/socket", b""), "neither a file, a link nor a directory"),
        (lambda root: steps.write(f"{root}/a", b"", owner="no-such-user"), "is not a user of this host"),
        (lambda root: steps.write(f"{root}/a", b"", group="no-such-group"), "is not a group of this host"),
    ],
)
def test_step_that_cannot_work_is_refused_before_anything_is_touched(
    tree: str, me: dict[str, Any], context: Context, make: Any, said: str
) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        os.chdir(tree)
        bound.bind("socket")
        before = look(tree)
        with pytest.raises((BadInput, StepFailed), match=said):
            interpreter.execute(plan_of(steps.write(f"{tree}/first", b"", **me), make(tree)), context)
        assert look(tree) == before
    assert os.listdir(context.paths.journal) == []
    assert ledger.entries(context.paths) == []


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_verified_checks_are_told(root: str, me: dict[str, Any], context: Context, port: int) -> None:
    plan = plan_of(steps.write(f"{root}/a", b"", **me), checks=(checks.tcp(port),))
    assert [one["check"] for one in interpreter.execute(plan, context).verified] == [f"tcp 127.0.0.1:{port}"]


def test_checks_that_do_not_pass_take_everything_back(root: str, me: dict[str, Any], context: Context) -> None:
    plan = plan_of(steps.write(f"{root}/a", b"", **me), checks=(checks.command(["test", "-e", "/none"]),), within_s=0.1)
    with pytest.raises(StepFailed, match=r"not healthy within .*command test -e /none") as caught:
        interpreter.execute(plan, context)
    assert caught.value.details["failed_checks"]
    assert os.listdir(root) == []


def test_ledger_tells_who_what_and_digests_but_none_of_secrets(root: str, me: dict[str, Any], context: Context) -> None:
    plain, secret = steps.write(f"{root}/a", b"a", **me), steps.write(f"{root}/s", b"hunter2", sensitive=True, **me)
    interpreter.execute(plan_of(plain, secret), context)
    entry = ledger.entries(context.paths)[-1]
    assert (entry["who"], entry["run_id"], entry["reason"], entry["what"]) == ("alice", "run-1", "a reason", "change")
    assert entry["changes"] == [
        {"kind": "write", "target": f"{root}/a", "from": "absent", "to": files.digest(b"a")},
        {"kind": "write", "target": f"{root}/s"},
    ]


def test_undo_copies_of_secrets_are_destroyed_and_others_kept(root: str, me: dict[str, Any], context: Context) -> None:
    for name in ("a", "s"):
        Path(root, name).write_bytes(b"old " + name.encode())
    secret = steps.write(f"{root}/s", b"new", sensitive=True, **me)
    outcome = interpreter.execute(plan_of(steps.write(f"{root}/a", b"new", **me), secret), context)
    assert os.listdir(f"{context.paths.undo}/{outcome.txid}/old") == ["0"]
    whole = b"".join(path.read_bytes() for path in Path(context.paths.base).rglob("*") if path.is_file())
    assert b"old a" in whole
    assert b"old s" not in whole


@pytest.mark.parametrize(
    "kinds, spans",
    [
        ("", []),
        ("fff", [(0, 3)]),
        ("ffafu", [(0, 2), (2, 3), (3, 4), (4, 5)]),
        ("aa", [(0, 1), (1, 2)]),
    ],
)
def test_neighbouring_file_steps_share_a_mark(kinds: str, spans: list[tuple[int, int]]) -> None:
    of = {"f": steps.write("/f", b""), "a": steps.argv(["a"]), "u": steps.unit("u.service", "start")}
    assert list(interpreter.runs([of[kind] for kind in kinds])) == spans


def test_runs_go_on_in_the_middle() -> None:
    taken = [steps.argv(["a"]), steps.write("/f", b""), steps.write("/g", b"")]
    assert list(interpreter.runs(taken, 2)) == [(2, 3)]


def test_nothing_is_left_when_the_change_cannot_be_prepared(root: str, me: dict[str, Any], context: Context) -> None:
    class Full(World):
        def create(self, path: str, content: bytes) -> None:
            if path.startswith(root):
                raise OSError(28, "No space left on device")
            super().create(path, content)

    with pytest.raises(StepFailed, match=r"No space left on device. Nothing was changed") as caught:
        interpreter.execute(plan_of(steps.write(f"{root}/a", b"", **me)), context._replace(world=Full()))
    assert caught.value.undone
    assert journal.unfinished(context.paths) == os.listdir(root) == []
