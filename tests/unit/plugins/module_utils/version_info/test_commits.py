"""Messages are understood as conventionalcommits.org 1.0.0 has it; its own examples are among them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.version_info.commits import Change, Commit, understand


def said(message: str) -> Change:
    return understand(Commit("0" * 40, message))


@pytest.mark.parametrize(
    "message,expected",
    [
        (
            "feat: extend other configs\n\nBREAKING CHANGE: `extends` key in config file is now used for extending other config files",
            {
                "type": "feat",
                "breaking": "`extends` key in config file is now used for extending other config files",
                "bump": "major",
            },
        ),
        ("feat!: send an email", {"type": "feat", "breaking": "send an email", "bump": "major"}),
        ("feat(api)!: send an email", {"scope": "api", "breaking": "send an email", "bump": "major"}),
        (
            "chore!: drop support for Node 6\n\nBREAKING CHANGE: use JavaScript features not available in Node 6.",
            {"type": "chore", "breaking": "use JavaScript features not available in Node 6.", "bump": "major"},
        ),
        ("docs: correct spelling of CHANGELOG", {"type": "docs", "bump": "none"}),
        ("feat(lang): add Polish language", {"scope": "lang", "description": "add Polish language", "bump": "minor"}),
        (
            "fix: prevent racing of requests\n\nIntroduce a request id.\n\nReviewed-by: Z\nRefs: #123",
            {"type": "fix", "bump": "patch", "breaking": ""},
        ),
        ("perf: less work", {"bump": "patch"}),
        ("FEAT: in capitals", {"type": "feat", "bump": "minor"}),
        ("fix: x\n\nBREAKING-CHANGE: a\n  longer text\n\n  and more\nRefs #9", {"breaking": "a longer text and more"}),
        ("fix: x\n\nbreaking change: in small letters is prose", {"breaking": ""}),
        ("fix: x\nBREAKING CHANGE: no empty line before", {"breaking": ""}),
        ("fix: x\n\nIt says BREAKING CHANGE: in the middle of a line", {"breaking": ""}),
        ("fix:no space", {"type": "", "bump": "none"}),
        ("fix : a space before", {"type": ""}),
        ("fix(): no scope", {"type": ""}),
        ("wip", {"type": "", "subject": "wip", "bump": "none"}),
        ("", {"type": "", "subject": ""}),
        ("\n\n  fix: after empty lines\n", {"type": "fix", "subject": "fix: after empty lines"}),
        ("fix(größe): übel", {"type": "fix", "scope": "größe", "description": "übel"}),
    ],
)
def test_a_message_says(message: str, expected: dict[str, Any]) -> None:
    found = said(message)
    assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize(
    "message,reverts",
    [
        ('Revert "feat: one"\n\nThis reverts commit 1234567890.\n', ("1234567890",)),
        ("revert: let us never again speak of it\n\nRefs: 676104e, a215868", ("676104e", "a215868")),
        ("revert: one\n\nThis reverts commit abcdef0.", ("abcdef0",)),
        ("feat: one\n\nThis reverts commit abcdef0.", ()),
        ('Revert "feat: one"\n\nby hand', ()),
    ],
)
def test_a_revert_names_what_it_takes_back(message: str, reverts: tuple[str, ...]) -> None:
    assert said(message).reverts == reverts


def test_what_git_revert_writes_is_a_revert_and_says_of_what() -> None:
    found = said('Revert "feat: one"\n\nThis reverts commit 1234567890.\n')
    assert (found.type, found.description) == ("revert", "feat: one")
