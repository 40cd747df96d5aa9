# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The account databases as text: passwd(5), shadow(5), group(5) and gshadow(5), edited line by line.

Every line that is not asked for stays byte for byte, those that nobody understands too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

PASSWD, SHADOW, GROUP, GSHADOW = "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"
DATABASES = (PASSWD, SHADOW, GROUP, GSHADOW)
# Fields by their place; passwd and group begin with name and "x".
UID, PRIMARY, COMMENT, HOME, SHELL = 2, 3, 4, 5, 6
HASH, CHANGED, MINIMUM, MAXIMUM, WARN, EXPIRE = 1, 2, 3, 4, 5, 7
GID, MEMBERS = 2, 3


class Table:
    """One database: fields by name, in the order of the file. It is changed in place and written by `text`."""

    def __init__(self, text: str) -> None:
        # Nothing else ends a line here: str.splitlines knows ends, such as U+2028, that a comment may hold.
        self._lines = text.removesuffix("\n").split("\n") if text else []
        self._end = text[-1:] if text.endswith("\n") else ""
        self._at = {line.split(":", 1)[0]: number for number, line in enumerate(self._lines) if ":" in line}

    def __contains__(self, name: str) -> bool:
        return name in self._at

    def names(self) -> list[str]:
        return list(self._at)

    def row(self, name: str) -> list[str]:
        """Return the fields of `name`; raise KeyError where there is none."""
        return self._lines[self._at[name]].split(":")

    def field(self, name: str, place: int) -> str:
        """Return one field of `name`, "" where there is none."""
        row = self.row(name) if name in self else []
        return row[place] if place < len(row) else ""

    def put(self, row: Sequence[str]) -> None:
        """Give `row` the place of the one of its name, or the end."""
        name, line = row[0], ":".join(row)
        if name in self._at:
            self._lines[self._at[name]] = line
        else:
            self._at[name] = len(self._lines)
            self._lines.append(line)
        self._end = "\n"

    def change(self, name: str, place: int, value: str) -> None:
        row = self.row(name)
        row += [""] * (place + 1 - len(row))
        if row[place] != value:
            row[place] = value
            self.put(row)

    def drop(self, name: str) -> None:
        if name in self._at:
            number = self._at.pop(name)
            del self._lines[number]
            self._at = {key: at - (at > number) for key, at in self._at.items()}

    def numbers(self, place: int) -> set[int]:
        """Return the numbers that are in use in this field."""
        return {int(one) for one in (self.field(name, place) for name in self._at) if one.isdigit()}

    def name_of(self, number: int, place: int) -> str:
        """Return who has this number in the field, "" for nobody."""
        return next((name for name in self._at if self.field(name, place) == str(number)), "")

    def members(self, name: str) -> list[str]:
        return [one for one in self.field(name, MEMBERS).split(",") if one]

    def set_members(self, name: str, members: Iterable[str]) -> None:
        self.change(name, MEMBERS, ",".join(dict.fromkeys(members)))

    def text(self) -> str:
        return "\n".join(self._lines) + (self._end if self._lines else "")


def next_free(taken: set[int], span: tuple[int, int], *, downwards: bool) -> int | None:
    """Return the next number of the range that is not taken, None where it is full.

    As useradd does: for people the one above the highest, else the first gap; for system accounts from above.
    """
    first, last = span
    if downwards:
        return next((number for number in range(last, first - 1, -1) if number not in taken), None)
    highest = max((number for number in taken if first <= number <= last), default=first - 1)
    if highest < last:
        return highest + 1
    return next((number for number in range(first, last + 1) if number not in taken), None)
