from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import diff
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.want import Access

CONF = "/etc/shop.conf"
OLD = FileState(CONF, files.FILE, content=b"old\n")


def shown(
    before: FileState, content: bytes | None, link: str | None = None, *, sensitive: bool = False
) -> tuple[str, str]:
    told = diff.of_content(before, content, link=link, sensitive=sensitive)
    assert told["before_header"] == told["after_header"] == CONF
    return told["before"], told["after"]


def test_text_shows_before_and_after() -> None:
    assert shown(OLD, b"new\n") == ("old\n", "new\n")


def test_what_is_absent_shows_as_nothing() -> None:
    assert shown(FileState(CONF, files.ABSENT), b"new\n") == ("", "new\n")
    assert shown(OLD, None) == ("old\n", "")


def test_a_link_shows_where_it_points() -> None:
    assert shown(FileState(CONF, files.LINK, target="a"), None, "b") == ("-> a\n", "-> b\n")


def test_a_secret_shows_that_it_changes_and_no_more() -> None:
    told = shown(OLD, b"new\n", sensitive=True)
    assert told == ("(sensitive)\n", "(sensitive, changed)\n")


@pytest.mark.parametrize("content", [b"a\0b", b"\xff\xfe", b"x" * (diff.LARGEST_SHOWN + 1)])
def test_what_is_binary_or_large_shows_as_its_digest(content: bytes) -> None:
    assert shown(OLD, content)[1] == f"({len(content)} bytes, sha256 {files.digest(content)})\n"


def test_access_shows_only_what_changes() -> None:
    told = diff.of_access(OLD, Access(mode=0o600), names={"owner": "0", "group": "0", "mode": "0644"})
    assert (told["before"], told["after"]) == ("mode: 0644\n", "mode: 0600\n")
