"""What a copy of Debian's security tracker says of an update; the cases are cut from the tracker itself."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import security_tracker
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.security_tracker import Fix
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.updates import Update


def state(status: str, fixed: str = "", urgency: str = "not yet assigned") -> dict[str, str]:
    told = {"status": status, "urgency": urgency}
    return {**told, "fixed_version": fixed} if fixed else told


OPENSSL: dict[str, dict[str, Any]] = {
    "CVE-2026-0001": {
        "description": "…",
        "releases": {"bookworm": state("resolved", "3.0.17", "high"), "trixie": state("resolved", "3.5.1", "low")},
    },
    "CVE-2026-0002": {"releases": {"bookworm": state("resolved", "3.0.16", "medium**")}},
    "CVE-2026-0003": {"releases": {"bookworm": state("resolved", "3.0.17", "unimportant")}},
    "CVE-2026-0004": {"releases": {"bookworm": state("open")}},
    "CVE-2026-0005": {"releases": {"bookworm": state("undetermined")}},
    "CVE-2026-0006": {"releases": {"bookworm": state("resolved", "0")}},
    "CVE-2026-0007": {"releases": {"bookworm": state("resolved", "3.0.17")}},
    "CVE-2026-0008": {"releases": {"trixie": state("resolved", "3.0.17")}},
    "CVE-2026-0009": {},
}
FIXES = security_tracker.fixes_in(OPENSSL, "bookworm")


def compare(one: str, other: str) -> int:
    return (one > other) - (one < other)


def rated(before: str, after: str) -> tuple[list[str], str]:
    found = security_tracker.rate(Update("libssl3", before, after), FIXES, compare)
    return list(found.cves or ()), found.priority


def test_only_what_was_vulnerable_and_is_fixed_in_the_release_counts() -> None:
    assert list(FIXES) == [
        Fix("CVE-2026-0001", "3.0.17", "high"),
        Fix("CVE-2026-0002", "3.0.16", "medium"),
        Fix("CVE-2026-0003", "3.0.17", "low"),
        Fix("CVE-2026-0007", "3.0.17", ""),
    ]


def test_an_update_closes_what_was_fixed_after_the_old_version_and_up_to_the_new_one() -> None:
    assert rated("3.0.15", "3.0.16") == (["CVE-2026-0002"], "medium")
    assert rated("3.0.16", "3.0.17")[0] == ["CVE-2026-0001", "CVE-2026-0003", "CVE-2026-0007"]
    assert len(rated("3.0.15", "3.0.18")[0]) == 4


def test_its_priority_is_the_highest_of_what_it_closes() -> None:
    assert rated("3.0.15", "3.0.18")[1] == "high"


def test_an_update_that_closes_nothing_has_no_cves_which_is_another_thing_than_unknown() -> None:
    assert rated("3.0.17", "3.0.18") == ([], "")


def test_a_binary_that_was_rebuilt_counts_as_its_source() -> None:
    assert rated("3.0.16+b1", "3.0.17+b2") == rated("3.0.16", "3.0.17")
    assert rated("3.0.17+b1", "3.0.17+b2") == ([], "")


@pytest.mark.parametrize("packed", [False, True])
def test_a_copy_is_read_for_the_sources_asked_for(tmp_path: Path, packed: bool) -> None:
    content = json.dumps({"openssl": OPENSSL, "vim": {}}).encode()
    path = tmp_path / ("tracker.json.gz" if packed else "tracker.json")
    path.write_bytes(gzip.compress(content) if packed else content)
    assert security_tracker.read(str(path), "bookworm", {"openssl", "unknown"}) == {"openssl": FIXES}


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"[]", b"{}", b"<html>", b'{"openssl": []}', b'{"openssl": {"CVE": 1}}']
)
def test_what_is_not_the_trackers_is_refused_with_the_cure(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "tracker.json").write_bytes(content)
    with pytest.raises(
        BadInput, match=r"security_tracker: .*/tracker\.json cannot be read .*: give the path on the host"
    ):
        security_tracker.read(str(tmp_path / "tracker.json"), "bookworm", {"openssl"})


@pytest.mark.parametrize(
    "damage",
    [
        lambda _packed: b"{}",
        lambda packed: packed[:60],
        lambda packed: packed[:20] + bytes(20) + packed[40:],
    ],
)
def test_a_packed_copy_that_is_damaged_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    packed = gzip.compress(json.dumps({"openssl": OPENSSL}).encode(), mtime=0)
    (tmp_path / "tracker.json.gz").write_bytes(damage(packed))
    with pytest.raises(BadInput, match="security_tracker"):
        security_tracker.read(str(tmp_path / "tracker.json.gz"), "bookworm", {"openssl"})
