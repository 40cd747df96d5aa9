# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Versions as SemVer 2.0.0 has them: read, put in order, raised. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from .._errors import BadInput

MAJOR, MINOR, PATCH, NONE = "major", "minor", "patch", "none"
# The order in which one outweighs another.
BUMPS = (NONE, PATCH, MINOR, MAJOR)
_NUMBER = r"(0|[1-9][0-9]*)"
_PRE = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_FORM = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_PRE}(?:\.{_PRE})*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)


class Version(NamedTuple):
    """`2.1.0-rc.1+build` is 2, 1, 0, ("rc", "1"), "build". Not to be compared as the tuple that it is: see `rank`."""

    major: int
    minor: int
    patch: int
    pre: tuple[str, ...] = ()
    build: str = ""

    def __str__(self) -> str:
        core = f"{self.major}.{self.minor}.{self.patch}"
        return core + (f"-{'.'.join(self.pre)}" if self.pre else "") + (f"+{self.build}" if self.build else "")

    @property
    def core(self) -> tuple[int, int, int]:
        return (self.major, self.minor, self.patch)


def read(text: str) -> Version | None:
    """Return the version that the text is, or None where it is none."""
    found = _FORM.fullmatch(text)
    if not found:
        return None
    major, minor, patch, pre, build = found.groups()
    return Version(int(major), int(minor), int(patch), tuple(pre.split(".")) if pre else (), build or "")


def parse(text: str, option: str) -> Version:
    """Return the version that the option's text is; raise BadInput where it is none."""
    found = read(text)
    if found is None:
        raise BadInput(
            f"{option}: {text!r} is no version; give three numbers, such as 1.0.0 or 1.0.0-rc.1 (semver.org)"
        )
    return found


def rank(version: Version) -> tuple[object, ...]:
    """Return what sorts versions by their precedence: what was built is no matter, and a pre-release comes before its release."""
    identifiers = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in version.pre)
    return (*version.core, not version.pre, identifiers)


def raised(version: Version, bump: str) -> Version:
    """Return the release that comes after this one by such a bump; `none` leaves its numbers alone."""
    major, minor, patch = version.core
    if bump == MAJOR:
        return Version(major + 1, 0, 0)
    if bump == MINOR:
        return Version(major, minor + 1, 0)
    return Version(major, minor, patch + (bump == PATCH))


def heavier(one: str, other: str) -> str:
    """Return the bump that outweighs the other."""
    return max(one, other, key=BUMPS.index)
