"""An interrupted transaction, cut off right before one of its marks, and what each way of recovering makes of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import (
    BadInput,
    Quarantined,
    StepFailed,
    Unfinished,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import (
    interpreter,
    journal,
    ledger,
    quarantine,
    recovery,
    steps,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.interpreter import Context
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.journal import Journal
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, Step
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World


class CutOffError(BaseException):
    """The process dies: no handler of the interpreter may see it."""


def die(*_arguments: Any, **_options: Any) -> None:
    raise CutOffError


@pytest.fixture
def change(root: str, me: dict[str, Any]) -> tuple[Step, ...]:
    Path(root, "a").write_bytes(b"old")
    note = ["sh", "-c", f"echo x >>{root}/notes"]
    return (steps.write(f"{root}/a", b"new", **me), steps.argv(note), steps.argv(["true"], recovery="finish"))


def cut_off(context: Context, monkeypatch: pytest.MonkeyPatch, taken: tuple[Step, ...], before: str) -> None:
    """Execute until the mark `before` is about to be made; "ledger" is after the last one."""
    real = Journal.mark

    def mark(self: Journal, world: World, **facts: Any) -> None:
        if before in facts or facts.get("apply", [None])[0] == before:
            raise CutOffError
        real(self, world, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "mark", mark)
        if before == "ledger":
            patch.setattr(interpreter, "commit", die)
        with pytest.raises(CutOffError):
            interpreter.execute(Plan("change", taken), context)


@pytest.mark.parametrize(
    "before, how, result, content",
    [
        ("staged", "auto", "discarded", "old"),
        ("staged", "finish", "discarded", "old"),
        (0, "auto", "undone", "old"),
        (1, "auto", "undone", "old"),
        (1, "undo", "undone", "old"),
        (1, "finish", "finished", "new"),
        (1, "accept", "accepted", "new"),
        # A step of policy finish was begun by then.
        ("verified", "auto", "finished", "new"),
        ("verified", "undo", "undone", "old"),
        ("ledger", "auto", "done", "new"),
        ("ledger", "undo", "undone", "old"),
        ("ledger", "finish", "done", "new"),
    ],
)
def test_cut_off_transaction_ends_whole(
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    root: str,
    change: tuple[Step, ...],
    before: str,
    how: str,
    result: str,
    content: str,
) -> None:
    cut_off(context, monkeypatch, change, before)
    assert [one.result for one in recovery.recover(context, how)] == [result]
    assert Path(root, "a").read_text("utf-8") == content
    assert sorted(set(os.listdir(root)) - {"notes"}) == ["a"]
    assert journal.unfinished(context.paths) == []
    assert [entry["result"] for entry in ledger.entries(context.paths)] == [result] * (result != "discarded")
    assert recovery.recover(context) == []


def test_accept_needs_a_reason(context: Context) -> None:
    with pytest.raises(BadInput, match="--reason"):
        recovery.recover(context._replace(actor=context.actor._replace(reason=" ")), "accept")


def test_what_the_ledger_has_is_only_closed(
    context: Context, monkeypatch: pytest.MonkeyPatch, root: str, change: tuple[Step, ...]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(journal, "close", die)
        with pytest.raises(CutOffError):
            interpreter.execute(Plan("change", change), context)
    assert [one.result for one in recovery.recover(context, "undo")] == ["done"]
    assert Path(root, "a").read_text("utf-8") == "new"


def test_undo_that_was_cut_off_is_carried_on(
    context: Context, monkeypatch: pytest.MonkeyPatch, root: str, change: tuple[Step, ...]
) -> None:
    cut_off(context, monkeypatch, (*change, steps.argv(["false"])), "undone")
    assert [one.result for one in recovery.recover(context)] == ["undone"]
    assert Path(root, "a").read_text("utf-8") == "old"
    assert "false ended with 1" in ledger.entries(context.paths)[-1]["why"]


def test_quarantined_host_is_left_alone_until_a_human_settles_it(context: Context, root: str) -> None:
    stuck = steps.argv(["true"], undo=["test", "-e", f"{root}/mended"])
    with pytest.raises(StepFailed):
        interpreter.execute(Plan("stuck", (stuck, steps.argv(["false"]))), context)
    with pytest.raises(Quarantined, match=r"stuck failed .*could not be taken back"):
        recovery.recover(context)
    with pytest.raises(StepFailed):
        recovery.recover(context, "undo")
    assert quarantine.read(context.paths)
    Path(root, "mended").touch()
    assert [one.result for one in recovery.recover(context, "undo")] == ["undone"]
    assert quarantine.read(context.paths) is None


def test_finish_after_the_new_bytes_went_with_the_undo_ends_old(
    context: Context, monkeypatch: pytest.MonkeyPatch, root: str, change: tuple[Step, ...]
) -> None:
    cut_off(context, monkeypatch, (*change, steps.argv(["false"])), "undone")
    assert [one.result for one in recovery.recover(context, "finish")] == ["undone"]
    assert Path(root, "a").read_text("utf-8") == "old"
    assert "what was prepared to stand there is gone" in ledger.entries(context.paths)[-1]["why"]


def test_unreadable_journal_quarantines_until_it_is_accepted(
    context: Context, monkeypatch: pytest.MonkeyPatch, change: tuple[Step, ...]
) -> None:
    cut_off(context, monkeypatch, change, "verified")
    (path,) = journal.unfinished(context.paths)
    os.unlink(f"{path}/plan.json")
    assert [one["state"] for one in recovery.pending(context.paths)] == ["unreadable"]
    with pytest.raises(Quarantined, match="no readable plan"):
        recovery.recover(context)
    assert [one.result for one in recovery.recover(context, "accept")] == ["accepted"]
    assert journal.unfinished(context.paths) == []
    assert quarantine.read(context.paths) is None
    assert ledger.entries(context.paths)[-1]["why"] == "a reason"


def test_pending_tells_who_what_and_how_far(
    context: Context, monkeypatch: pytest.MonkeyPatch, change: tuple[Step, ...]
) -> None:
    assert recovery.pending(context.paths) == []
    cut_off(context, monkeypatch, change, "verified")
    (told,) = recovery.pending(context.paths)
    assert (told["what"], told["state"], told["steps"], told["taken"]) == ("change", "applied", 3, 3)
    assert told["who"]["owner"] == "alice"


@pytest.mark.parametrize("left_s, refused", [(60, True), (-1, False)])
def test_run_waits_for_a_proof_only_while_it_may_come(
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    root: str,
    change: tuple[Step, ...],
    left_s: float,
    *,
    refused: bool,
) -> None:
    cut_off(context, monkeypatch, change, "ledger")
    (path,) = journal.unfinished(context.paths)
    opened = journal.load(path)
    assert opened is not None
    from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import boot_id, boottime

    opened.mark(context.world, unproven={"ends": boottime() + left_s, "boot": boot_id(), "within_s": 60})
    if refused:
        with pytest.raises(Unfinished, match=r"waits .* s more for the proof"):
            recovery.recover(context)
    assert [one.result for one in recovery.recover(context, unproven=True)] == ["undone"]
    assert Path(root, "a").read_text("utf-8") == "old"


def test_proof_lets_it_stand(
    context: Context, monkeypatch: pytest.MonkeyPatch, root: str, change: tuple[Step, ...]
) -> None:
    cut_off(context, monkeypatch, change, "ledger")
    (path,) = journal.unfinished(context.paths)
    digest = interpreter.confirm(os.path.basename(path), context)
    assert digest == ledger.tail_digest(context.paths)
    assert Path(root, "a").read_text("utf-8") == "new"
    with pytest.raises(BadInput, match="does not wait for a proof"):
        interpreter.confirm(os.path.basename(path), context)
