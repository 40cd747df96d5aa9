# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Commit messages as Conventional Commits 1.0.0 has them. Pure.

type(scope)!: description

body

BREAKING CHANGE: what breaks
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .semver import MAJOR, MINOR, NONE, PATCH

# What else there is (docs, chore, test …) is written down by its author as nothing that a user gets.
RAISES = {"feat": MINOR, "fix": PATCH, "perf": PATCH}
_HEADER = re.compile(
    r"(?P<type>[A-Za-z][A-Za-z0-9_-]*)(?:\((?P<scope>[^()\r\n]+)\))?(?P<breaking>!)?: +(?P<description>\S.*)"
)
_FOOTER = re.compile(r"(BREAKING[ -]CHANGE|[A-Za-z][A-Za-z0-9-]*)(?:: | #)(.*)")
_BREAKING = ("BREAKING CHANGE", "BREAKING-CHANGE")
_REVERTED = re.compile(r"\bThis reverts commit ([0-9a-f]{7,64})\b")
_REVERTS_IN_FOOTER = re.compile(r"[0-9a-f]{7,64}")


class Commit(NamedTuple):
    """A commit as git tells it; `parents` says whether it is a merge."""

    revision: str
    message: str
    parents: int = 1

    @property
    def subject(self) -> str:
        """The first line; what would steer a terminal becomes a space."""
        line = self.message.strip().split("\n", 1)[0]
        return "".join(letter if letter.isprintable() else " " for letter in line).strip()


class Change(NamedTuple):
    """What a commit says of itself.

    `type` is in small letters, and "" where the message is not conventional; `breaking` is what breaks, "" for nothing;
    `reverts` are the revisions, perhaps shortened, that it takes back.
    """

    revision: str
    subject: str
    type: str = ""
    scope: str = ""
    description: str = ""
    breaking: str = ""
    reverts: tuple[str, ...] = ()

    @property
    def bump(self) -> str:
        return MAJOR if self.breaking else RAISES.get(self.type, NONE)


def understand(commit: Commit) -> Change:
    """Return what the commit's message says; one that is not conventional has no type."""
    subject = commit.subject
    body = commit.message.strip().split("\n")[1:]
    found = _HEADER.fullmatch(subject)
    if not found:
        return _reverted(Change(commit.revision, subject), body)
    footers = _footers(body)
    breaking = next((text for token, text in footers if token in _BREAKING), "")
    return Change(
        commit.revision,
        subject,
        type=found["type"].lower(),
        scope=(found["scope"] or "").strip(),
        description=found["description"].strip(),
        breaking=breaking or (found["description"].strip() if found["breaking"] else ""),
        reverts=_reverts(found["type"].lower(), body, footers),
    )


def _reverted(told: Change, body: Sequence[str]) -> Change:
    """What `git revert` writes by itself is a revert, though its subject is not conventional."""
    reverts = tuple(_REVERTED.findall("\n".join(body)))
    if not (told.subject.startswith('Revert "') and reverts):
        return told
    return told._replace(type="revert", description=told.subject[len('Revert "') :].rstrip('"'), reverts=reverts)


def _reverts(kind: str, body: Sequence[str], footers: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    if kind != "revert":
        return ()
    named = [one for token, text in footers if token.lower() == "refs" for one in _REVERTS_IN_FOOTER.findall(text)]
    return tuple(dict.fromkeys([*_REVERTED.findall("\n".join(body)), *named]))


def _footers(body: Sequence[str]) -> list[tuple[str, str]]:
    """Return token and text of each footer; a text goes on until the next token. None comes before the first empty line."""
    found: list[tuple[str, list[str]]] = []
    apart = False
    for line in body:
        apart = apart or not line.strip()
        footer = _FOOTER.fullmatch(line.rstrip()) if apart else None
        if footer:
            found.append((footer[1], [footer[2]]))
        elif found:
            found[-1][1].append(line.strip())
    return [(token, " ".join(" ".join(lines).split())) for token, lines in found]
