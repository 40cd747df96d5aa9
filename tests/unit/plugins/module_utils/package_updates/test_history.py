"""What updates have done on a host: for people from the ledger, for the way back from the undo store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import journal, ledger, lock, steps
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.journal import Entry, Journal
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import history

PACKAGES = {
    "kind": "package",
    "target": "libssl3",
    "archived": True,
    "from": {"libssl3": "1.0"},
    "to": {"libssl3": "1.1"},
}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    found = Paths(str(tmp_path / "state"))
    lock.make_base(found, World())
    return found


def keep(paths: Paths, txid: str, run_id: str, *entries: Entry) -> None:
    """An ended transaction in the undo store."""
    plan = Plan("a change", tuple(entry.step for entry in entries))
    journal.open_new(paths, World(), Journal(f"{paths.undo}/{txid}", {"run_id": run_id}, plan, entries))


def changed(before: dict[str, str], after: dict[str, str], *, archived: bool = True) -> Entry:
    return Entry(steps.package("install", after, archived=archived), before={"installed": before, "auto": []})


def test_a_run_went_from_what_was_there_to_what_it_asked_for(paths: Paths) -> None:
    keep(paths, "t1", "run", changed({"libssl3": "1.0", "vim": "9"}, {"libssl3": "1.1", "libnew": "1", "vim": ""}))
    found = history.find(paths, "run", unknown_is_none=False)
    assert found.before == {"libssl3": "1.0", "libnew": "", "vim": "9"}
    assert found.after == {"libssl3": "1.1", "libnew": "1", "vim": ""}
    assert found.txids == ("t1",)


def test_a_foreign_architecture_is_found_by_the_name_that_dpkg_gives_it(paths: Paths) -> None:
    keep(paths, "t1", "run", changed({"libc6:amd64": "2.36"}, {"libc6": "2.37"}))
    assert history.find(paths, "run", unknown_is_none=False).before == {"libc6": "2.36"}


def test_a_run_of_several_transactions_went_from_the_first_to_the_last(paths: Paths) -> None:
    keep(paths, "t1", "run", changed({"a": "1"}, {"a": "2"}))
    keep(paths, "t2", "other", changed({"a": "2"}, {"a": "9"}))
    keep(paths, "t3", "run", changed({"a": "9", "b": "1"}, {"a": "3", "b": "2"}))
    found = history.find(paths, "run", unknown_is_none=False)
    assert (found.before, found.after) == ({"a": "1", "b": "1"}, {"a": "3", "b": "2"})
    assert found.txids == ("t1", "t3")


def test_a_run_that_took_itself_back_in_between_ends_where_it_began(paths: Paths) -> None:
    keep(paths, "t1", "run", changed({"a": "1"}, {"a": "2"}))
    keep(paths, "t2", "run", changed({"a": "2"}, {"a": "1"}))
    found = history.find(paths, "run", unknown_is_none=False)
    assert found.before == found.after == {"a": "1"}


def test_one_transaction_is_found_by_its_own_name(paths: Paths) -> None:
    keep(paths, "t1", "run", changed({"a": "1"}, {"a": "2"}))
    keep(paths, "t2", "run", changed({"a": "2"}, {"a": "3"}))
    assert history.find(paths, "t2", unknown_is_none=False).before == {"a": "2"}


def test_the_first_content_that_was_kept_of_a_file_is_the_one_to_give_back(paths: Paths) -> None:
    first = Entry(steps.preserve("/etc/a.conf"), FileState("/etc/a.conf", "file", mode=0o640), copy="old/0")
    keep(paths, "t1", "run", first, changed({"a": "1"}, {"a": "2"}))
    keep(paths, "t2", "run", first._replace(copy="old/9"), changed({"a": "2"}, {"a": "3"}))
    entry, copy = history.find(paths, "run", unknown_is_none=False).preserved["/etc/a.conf"]
    assert copy == f"{paths.undo}/t1/old/0"
    assert entry.old is not None
    assert entry.old.mode == 0o640


def test_a_run_that_did_nothing_here_is_refused_with_those_that_did(paths: Paths) -> None:
    keep(paths, "t1", "run", changed({"a": "1"}, {"a": "2"}))
    keep(paths, "t2", "", changed({"a": "2"}, {"a": "3"}))
    keep(paths, "t3", "packages", changed({"a": "2"}, {"a": "3"}, archived=False))
    with pytest.raises(
        BadInput, match=r"no update of run 'nur' is kept on this host; it has run, t2\. Updates are kept"
    ):
        history.find(paths, "nur", unknown_is_none=False)


def test_on_a_host_without_updates_it_has_none(paths: Paths) -> None:
    with pytest.raises(BadInput, match="it has none"):
        history.find(paths, "run", unknown_is_none=False)


def test_a_run_that_takes_itself_back_may_have_done_nothing_here(paths: Paths) -> None:
    found = history.find(paths, "run", unknown_is_none=True)
    assert (found.before, found.after, found.txids) == ({}, {}, ())


def entry_of(txid: str, *changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {"txid": txid, "what": "update 1 packages", "result": "done", "who": "alice", "run_id": "run", "reason": ""}
    return {**told, "changes": list(changes), **more}


def test_people_are_told_the_newest_update_first_with_its_versions(paths: Paths) -> None:
    for entry in (
        entry_of("t1", PACKAGES, when="one"),
        entry_of("t2", {"kind": "unit", "target": "nginx.service"}, when="two"),
        entry_of("t3", {**PACKAGES, "archived": False}, when="three"),
        entry_of("t4", {**PACKAGES, "from": {}, "to": {"libnew": "1.0"}}, when="four", result="undone"),
    ):
        ledger.append(paths, World(), entry)
    assert history.told(paths) == [
        {
            "when": "four",
            "run_id": "run",
            "what": "update 1 packages",
            "result": "undone",
            "who": "alice",
            "reason": "",
            "packages": {"libnew": ["", "1.0"]},
        },
        {
            "when": "one",
            "run_id": "run",
            "what": "update 1 packages",
            "result": "done",
            "who": "alice",
            "reason": "",
            "packages": {"libssl3": ["1.0", "1.1"]},
        },
    ]


def test_people_are_told_the_last_ones_only(paths: Paths) -> None:
    for number in range(5):
        ledger.append(paths, World(), entry_of(f"t{number}", PACKAGES, when=str(number)))
    assert [one["when"] for one in history.told(paths, last=2)] == ["4", "3"]


def test_a_line_that_cannot_be_read_hides_none_of_the_others(paths: Paths) -> None:
    ledger.append(paths, World(), entry_of("t1", PACKAGES, when="one"))
    with Path(paths.ledger).open("a") as file:
        file.write("garbage\n" + json.dumps(entry_of("t2", PACKAGES, when="two")) + "\n")
    assert [one["when"] for one in history.told(paths)] == ["two", "one"]
