from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import ledger
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

WORLD = World()


@pytest.fixture(autouse=True)
def book(paths: Paths) -> Path:
    for number in range(4):
        ledger.append(paths, WORLD, {"txid": f"t{number}", "what": "change", "result": "done"})
    return Path(paths.ledger)


def test_each_line_names_the_one_before(paths: Paths) -> None:
    assert ledger.holds(paths)
    entries = ledger.entries(paths)
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4]
    assert entries[0]["prev"] == ""
    assert len({entry["prev"] for entry in entries}) == 4


def test_ledger_that_is_not_there_yet_holds(paths: Paths, book: Path) -> None:
    book.unlink()
    assert ledger.holds(paths)
    assert ledger.tail_digest(paths) == ""
    assert ledger.entries(paths) == []


def test_edited_line_shows(paths: Paths, book: Path) -> None:
    book.write_bytes(book.read_bytes().replace(b'"t1"', b'"tX"'))
    assert not ledger.holds(paths)


def test_line_cut_out_of_the_middle_shows(paths: Paths, book: Path) -> None:
    lines = book.read_bytes().splitlines(keepends=True)
    book.write_bytes(b"".join(lines[:1] + lines[2:]))
    assert not ledger.holds(paths)


def test_lines_cut_off_the_end_show_to_who_knows_the_last_digest(paths: Paths, book: Path) -> None:
    known = ledger.tail_digest(paths)
    assert ledger.holds(paths, known)
    book.write_bytes(b"".join(book.read_bytes().splitlines(keepends=True)[:-1]))
    assert ledger.holds(paths)
    assert not ledger.holds(paths, known)


def test_torn_line_never_counted_and_is_cut_by_the_next(paths: Paths, book: Path) -> None:
    with book.open("ab") as file:
        file.write(b'{"txid": "t9", "wha')
    assert len(ledger.entries(paths)) == 4
    ledger.append(paths, WORLD, {"txid": "t5"})
    assert [entry["txid"] for entry in ledger.entries(paths)] == ["t0", "t1", "t2", "t3", "t5"]
    assert ledger.holds(paths)


def test_same_transaction_is_not_written_twice(paths: Paths, book: Path) -> None:
    before = book.read_bytes()
    digest = ledger.append(paths, WORLD, {"txid": "t3", "result": "undone"})
    assert book.read_bytes() == before
    assert digest == ledger.tail_digest(paths)


def test_result_of_a_transaction_is_found_by_its_name(paths: Paths) -> None:
    assert ledger.result_of(paths, "t2") == "done"
    assert ledger.result_of(paths, "t") == ledger.result_of(paths, "") == ""


@pytest.mark.parametrize("last, found", [(0, []), (2, ["t2", "t3"]), (9, ["t0", "t1", "t2", "t3"])])
def test_last_entries_are_the_latest(paths: Paths, last: int, found: list[str]) -> None:
    assert [entry["txid"] for entry in ledger.entries(paths, last)] == found


def test_line_that_is_no_json_is_told_as_unreadable(paths: Paths, book: Path) -> None:
    with book.open("ab") as file:
        file.write(b"rubbish\n")
    assert ledger.entries(paths, 1) == [{"result": "unreadable", "line": "rubbish"}]
    assert not ledger.holds(paths)
