"""Records follow each other, and one that was changed, removed, renamed or put in shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import evidence
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.evidence import Record

SHA256 = "ab" * 32
Files = dict[str, bytes]


def record(**more: Any) -> Record:
    told = {
        "number": 1,
        "name": "shop",
        "version": "2.0.0",
        "sha256": SHA256,
        "former": "",
        "kind": "tests",
        "environment": "staging",
        "by": "ci",
        "at": "2026-11-29T12:00:00Z",
        "data": {"suite": "unit", "passed": True},
    }
    return Record(**{**told, **more})


def files(count: int = 3) -> Files:
    """So many records that hold."""
    found: Files = {}
    former = ""
    for number in range(1, count + 1):
        one = record(number=number, former=former, at=f"2026-11-29T12:0{number}:00Z")
        found[one.file] = evidence.dump(one)
        former = hashlib.sha256(found[one.file]).hexdigest()
    return found


def problems(found: Files, **more: str) -> tuple[str, ...]:
    return evidence.chain(found, "shop", "2.0.0", **more).problems


def test_its_bytes_are_sorted_and_without_spaces_and_end_with_a_line() -> None:
    assert evidence.dump(record(data={"größe": 1})).decode() == (
        '{"at":"2026-11-29T12:00:00Z","by":"ci","data":{"größe":1},"environment":"staging","format":1,"former":"",'
        f'"kind":"tests","name":"shop","number":1,"sha256":"{SHA256}","version":"2.0.0"}}\n'
    )


def test_what_was_written_is_read() -> None:
    assert evidence.parse(evidence.dump(record()), "x") == record()


@pytest.mark.parametrize(
    "more,said",
    [
        ({"kind": "../x"}, "kind: '../x' must be small letters, digits and '_'"),
        ({"kind": "a-b"}, "kind: 'a-b' must be"),
        ({"environment": "a/b"}, "environment: 'a/b' must be small letters"),
        ({"environment": ""}, "environment: '' must be small letters"),
        ({"data": {"x": float("nan")}}, "data: Out of range float values are not JSON compliant"),
        ({"data": {"x": {1}}}, "data: Object of type set is not JSON serializable; give what JSON can hold"),
    ],
)
def test_what_cannot_be_a_record_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        evidence.dump(record(**more))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "content,said",
    [
        (b"", "x is no record: Expecting value"),
        (b"\xff", "x is no record: "),
        (b"[]", "x is no record: it has not format 1"),
        (json.dumps({**record()._asdict(), "format": 2}).encode(), "it has not format 1"),
        (
            json.dumps({**record()._asdict(), "format": 1, "by": 1, "data": []}).encode(),
            "by, data is missing or of another kind",
        ),
        (
            json.dumps({**record()._asdict(), "format": 1, "number": True}).encode(),
            "number is missing or of another kind",
        ),
        (json.dumps({**record()._asdict(), "format": 1, "at": "today"}).encode(), "time data 'today' does not match"),
    ],
)
def test_what_is_no_record_is_told_with_its_file(content: bytes, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        evidence.parse(content, "x")
    assert said in str(refused.value)


def test_records_that_follow_each_other_hold() -> None:
    found = evidence.chain(files(), "shop", "2.0.0")
    assert found.problems == ()
    assert (found.following, found.digest) == (4, hashlib.sha256(files()["0003-tests-staging.json"]).hexdigest())
    assert (evidence.Chain().following, evidence.Chain().digest) == (1, "")


def test_the_order_in_which_files_are_found_does_not_matter() -> None:
    assert problems(dict(reversed(files().items()))) == ()


def test_what_others_wrote_need_not_be_canonical() -> None:
    first = json.dumps({**record()._asdict(), "format": 1, "more": 1}, indent=2).encode()
    second = record(number=2, former=hashlib.sha256(first).hexdigest())
    assert problems({record().file: first, second.file: evidence.dump(second)}) == ()


def edited(found: Files) -> None:
    found["0002-tests-staging.json"] = found["0002-tests-staging.json"].replace(b'"passed":true', b'"passed":false')


def renamed(found: Files) -> None:
    found["0002-tests-production.json"] = found.pop("0002-tests-staging.json")


def of_another_release(found: Files) -> None:
    found["0003-tests-staging.json"] = found["0003-tests-staging.json"].replace(b'"2.0.0"', b'"1.9.0"')


def put_in(found: Files) -> None:
    one = record(number=2, kind="approval", former=hashlib.sha256(found["0001-tests-staging.json"]).hexdigest())
    found[one.file] = evidence.dump(one)


def dated_back(found: Files) -> None:
    del found["0003-tests-staging.json"]
    former = hashlib.sha256(found["0002-tests-staging.json"]).hexdigest()
    one = record(number=3, former=former, at="2026-11-29T11:00:00Z")
    found[one.file] = evidence.dump(one)


@pytest.mark.parametrize(
    "damage,said",
    [
        (
            edited,
            ["0003-tests-staging.json does not follow 0002-tests-staging.json as it is now: one of them was changed"],
        ),
        (renamed, ["0002-tests-production.json says that it is 0002-tests-staging.json: it was renamed or edited"]),
        (of_another_release, ["0003-tests-staging.json is of shop 1.9.0, and not of shop 2.0.0"]),
        (
            put_in,
            [
                "0002-approval-staging.json and 0002-tests-staging.json have one number: both were written at once without the lock, or one was put in"
            ],
        ),
        (
            dated_back,
            [
                "0003-tests-staging.json is dated 2026-11-29T11:00:00Z, before 0002-tests-staging.json (2026-11-29T12:02:00Z)"
            ],
        ),
        (
            lambda found: found.pop("0002-tests-staging.json"),
            ["record 2 is missing before 0003-tests-staging.json: removed, or not copied along"],
        ),
        (
            lambda found: found.pop("0001-tests-staging.json"),
            ["record 1 is missing before 0002-tests-staging.json: removed, or not copied along"],
        ),
    ],
)
def test_what_was_done_to_them_shows(damage: Callable[[Files], Any], said: list[str]) -> None:
    found = files()
    damage(found)
    assert list(problems(found)) == said


def test_two_that_are_gone_are_told_together() -> None:
    found = files(4)
    del found["0002-tests-staging.json"], found["0003-tests-staging.json"]
    assert problems(found) == (
        "records 2 to 3 are missing before 0004-tests-staging.json: removed, or not copied along",
    )


def test_that_the_end_was_cut_off_shows_to_whom_has_seen_it() -> None:
    found = files()
    seen = evidence.chain(found, "shop", "2.0.0").digest
    assert problems(found, seen=seen) == ()
    del found["0003-tests-staging.json"]
    assert problems(found) == ()
    assert problems(found, seen=seen)[0].startswith(f"the record {seen[:12]}, which was seen before, is gone")


@pytest.mark.parametrize(
    "file,yes",
    [
        ("0001-tests-staging.json", True),
        ("12345-rolled_back-eu-west.json", True),
        ("0001-tests-staging.json.sig", False),
        (".evidence-x", False),
        ("notes.txt", False),
        ("1-tests-staging.json", False),
    ],
)
def test_a_record_is_known_by_its_name(file: str, *, yes: bool) -> None:
    assert evidence.is_record(file) is yes
