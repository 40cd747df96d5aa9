# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The numbers of new accounts and groups: nobody has them here or elsewhere (LDAP), and nobody else ever had them."""

from __future__ import annotations

from collections.abc import Mapping

from .._errors import BadInput
from .._host import logins
from . import databases as db
from .databases import GROUP, PASSWD, Table, next_free
from .state import Have
from .want import Person


class Numbers:
    """Gives them, by the tables under work; `ever` tells whose a number was, and grows while they are given."""

    def __init__(self, have: Have, tables: Mapping[str, Table], ever: Mapping[int, str]) -> None:
        self._have, self._tables, self._ever = have, tables, ever

    def uid(self, person: Person, own: int | None) -> int:
        """Return the number of a new account: the one asked for, one that it had before, or the next; else BadInput."""
        if person.uid is not None:
            return self._asked("uid", person.uid, f"account {person.name}", self._user_of(person.uid))
        # Its home may still be there.
        former = [*([] if own is None else [own]), *(uid for uid, name in self._ever.items() if name == person.name)]
        for number in former:
            if not self._user_of(number):
                return number
        return self._next("UID", f"account {person.name}", system=person.system)

    def gid(self, name: str, asked: int | None, *, system: bool) -> int:
        """Return the number of a new group: the one asked for, or the next; raise BadInput where there is none."""
        if asked is not None:
            return self._asked("gid", asked, f"group {name}", self._group_of(asked))
        return self._next("GID", f"group {name}", system=system)

    def is_free_gid(self, number: int) -> bool:
        return not self._group_of(number)

    def _asked(self, what: str, number: int, whose: str, owner: str) -> int:
        if owner:
            raise BadInput(f"{what} {number} of {whose} belongs to {owner} on this host: give another, or none")
        return number

    def _next(self, what: str, whose: str, *, system: bool) -> int:
        path, place, owner_of = (PASSWD, db.UID, self._user_of) if what == "UID" else (GROUP, db.GID, self._group_of)
        span = logins.span(self._have.settings, what, system=system)
        # Whoever had a number may have left files behind.
        taken = self._tables[path].numbers(place) | set(self._ever)
        while True:
            free = next_free(taken, span, downwards=system)
            if free is None:
                raise BadInput(
                    f"no {what.lower()} is free for {whose} between {span[0]} and {span[1]} (/etc/login.defs): give one"
                )
            if not owner_of(free):
                return free
            taken.add(free)

    def _user_of(self, number: int) -> str:
        return self._tables[PASSWD].name_of(number, db.UID) or self._have.entry("passwd", number)

    def _group_of(self, number: int) -> str:
        return self._tables[GROUP].name_of(number, db.GID) or self._have.entry("group", number)
