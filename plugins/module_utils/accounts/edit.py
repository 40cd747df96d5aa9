# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Edit the account databases as a call asks for it: pure, on text that was read before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._errors import BadInput
from . import databases as db
from . import passwords
from .databases import GROUP, GSHADOW, PASSWD, SHADOW, Table
from .numbers import Numbers
from .state import Have
from .want import ABSENT, KEPT, LOCKED, PRESENT, Group, Person, Want, asked_for, good_name

NO_HOME, NO_SHELL, SHELL = "/nonexistent", "/usr/sbin/nologin", "/bin/bash"
ELSEWHERE = "comes from elsewhere than the files of this host (LDAP or the like)"


class Desk:
    """The tables under work, what is remembered of them, and what could not be done as asked (`kept`, by account).

    `awaited` are groups that a rehearsal takes for granted: a package of the same run may bring them.
    """

    def __init__(self, want: Want, have: Have) -> None:
        self.want, self.have = want, have
        self.tables = {path: Table(have.text(path)) for path in db.DATABASES}
        told: Mapping[str, Any] = have.managed.facts
        self.people: dict[str, int] = dict(told.get("people", {}))
        self.groups: list[str] = list(told.get("groups", ()))
        self.ever: dict[int, str] = {int(uid): name for uid, name in dict(told.get("ever", {})).items()}
        self.locked: dict[str, str] = dict(told.get("locked", {}))
        self.rules: dict[str, str] = dict(told.get("rules", {}))
        self.alone: list[str] = list(told.get("alone", ()))
        self.kept: dict[str, str] = {}
        self.homes: dict[str, str] = {}
        self.awaited: set[str] = set()
        self._numbers = Numbers(have, self.tables, self.ever)

    def facts(self) -> dict[str, Any]:
        """Return what the manifest has to remember."""
        facts = {
            "people": self.people,
            "groups": sorted(self.groups),
            "ever": {str(uid): self.ever[uid] for uid in sorted(self.ever)},
            "locked": self.locked,
            "rules": self.rules,
            "alone": sorted(self.alone),
        }
        return facts if any(facts.values()) else {}

    def edit(self) -> None:
        """Do what the call asks for; raise BadInput for what this host cannot give."""
        for group in self.want.groups:
            if group.state == PRESENT:
                self._ensure_group(group)
        people = asked_for(self.want, self.people)
        self._refuse_unknown(people)
        for person in people:
            if person.state == PRESENT:
                self._ensure(person)
        for person in people:
            if person.state == PRESENT:
                self._join(person)
            elif person.name in self.tables[PASSWD]:
                self._leave(person)
            else:
                self.people.pop(person.name, None)
                self.locked.pop(person.name, None)
        for group in self.want.groups:
            if group.state == ABSENT:
                self._drop_group(group.name)
        self._purge_groups()
        self._grant()
        self._mend()

    def _refuse_unknown(self, people: Iterable[Person]) -> None:
        """Nobody can be locked or changed here who is not in the files, or but half."""
        passwd, shadow = self.tables[PASSWD], self.tables[SHADOW]
        for one in people:
            if one.name in passwd and one.name not in shadow:
                raise BadInput(f"account {one.name} has no line in {SHADOW}: make it one with `pwconv`")
        for one in self.want.people:
            if one.name not in passwd and self.have.entry("passwd", one.name):
                raise BadInput(f"account {one.name} {ELSEWHERE}: manage it there, or give another name")

    def _mend(self) -> None:
        """Whom we made and who has no password must not have one that gets too old."""
        for name in self.people:
            if name in self.tables[SHADOW] and not passwords.has_one(self.tables[SHADOW], name):
                passwords.never_age(self.tables[SHADOW], name)

    def _purge_groups(self) -> None:
        """A group that we made goes when it is neither listed nor of any use; one with members is somebody's."""
        listed = {group.name for group in self.want.groups}
        for name in [one for one in self.groups if one not in listed]:
            if name not in self.tables[GROUP]:
                self.groups.remove(name)
            elif self.want.purge == ABSENT and not self._is_used(name):
                self._drop_group(name)

    def _grant(self) -> None:
        """Decide who has which sudo rule and whose keys at home do not count; the unlisted keep theirs if they are kept."""
        listed = {one.name: one for one in self.want.people}
        self.rules = {name: rule for name, rule in self.rules.items() if name not in listed and self.keeps(name)}
        self.alone = [name for name in self.alone if name not in listed and self.keeps(name)]
        for name, one in listed.items():
            if one.state == PRESENT and one.sudo:
                self.rules[name] = f"ALL=(ALL:ALL) {'' if one.sudo_password else 'NOPASSWD: '}{', '.join(one.sudo)}"
            if one.state == PRESENT and one.keys_exclusive:
                self.alone.append(name)

    def keeps(self, name: str) -> bool:
        """Tell whether an account that is not listed keeps its keys and rules."""
        if name == self.want.break_glass:
            return name in self.tables[PASSWD]
        return self.want.purge == KEPT

    def _ensure_group(self, group: Group) -> None:
        groups = self.tables[GROUP]
        if group.name not in groups:
            name = good_name("group", group.name)
            self._add_group(name, self._numbers.gid(name, group.gid, system=group.system))
            self.groups.append(name)
        elif group.gid is not None and groups.field(group.name, db.GID) != str(group.gid):
            raise BadInput(
                f"group {group.name} has gid {groups.field(group.name, db.GID)} here, not {group.gid}, and its files would "
                "change hands: give that gid, or none"
            )

    def _add_group(self, name: str, gid: int) -> None:
        if self.have.entry("group", name):
            raise BadInput(f"group {name} {ELSEWHERE}: manage it and its members there, or give another name")
        self.tables[GROUP].put([name, "x", str(gid), ""])
        self.tables[GSHADOW].put([name, "!", "", ""])

    def _ensure(self, person: Person) -> None:
        if person.name in self.tables[PASSWD]:
            self._change(person)
        else:
            self._add(person)
        self._set_password(person)
        if person.expires is not None:
            self.tables[SHADOW].change(person.name, db.EXPIRE, "" if person.expires < 0 else str(person.expires))

    def _set_password(self, person: Person) -> None:
        shadow, name = self.tables[SHADOW], person.name
        if person.password_hash is None or person.password_hash == shadow.field(name, db.HASH):
            return
        had = passwords.has_one(shadow, name)
        shadow.change(name, db.HASH, person.password_hash)
        shadow.change(name, db.CHANGED, str(self.have.today))
        # The first one of an account of ours: the ages of others are somebody's decision. A service has none, as with useradd.
        if not had and passwords.has_one(shadow, name) and name in self.people and not person.system:
            passwords.age(shadow, name, self.have.settings)

    def _add(self, person: Person) -> None:
        name = good_name("account", person.name)
        uid = self._numbers.uid(person, self.people.get(name))
        gid = self._primary(person, uid)
        home = person.home or (NO_HOME if person.system else f"/home/{name}")
        shell = person.shell or (NO_SHELL if person.system else SHELL)
        self.tables[PASSWD].put([name, "x", str(uid), str(gid), person.comment or "", home, shell])
        self.tables[SHADOW].put([name, passwords.NO_PASSWORD, str(self.have.today), "", "", "", "", "", ""])
        self.people[name] = uid
        self.ever[uid] = name
        self.locked.pop(name, None)
        if home != NO_HOME:
            self.homes[name] = home

    def _primary(self, person: Person, uid: int) -> int:
        """Return the number of the primary group: the one asked for, or one of the account's own name and number."""
        groups = self.tables[GROUP]
        name = person.group or person.name
        if person.group:
            self._require([name], person)
        if name in groups:
            return int(groups.field(name, db.GID))
        own = self._numbers.is_free_gid(uid)
        gid = uid if own else self._numbers.gid(name, None, system=person.system)
        self._add_group(name, gid)
        self.groups.append(name)
        return gid

    def _require(self, asked: Sequence[str], person: Person) -> None:
        """Raise BadInput for groups that are not there; a rehearsal goes on as if a package had brought them."""
        missing = [group for group in asked if group not in self.tables[GROUP]]
        elsewhere = [group for group in missing if self.have.entry("group", group)]
        if elsewhere:
            raise BadInput(
                f"groups {', '.join(elsewhere)} of account {person.name} come from elsewhere than {GROUP} (LDAP or the like): "
                "make it a member there"
            )
        if missing and not self.have.rehearsal:
            raise BadInput(
                f"groups {', '.join(missing)} of account {person.name} do not exist on this host: add them to groups"
            )
        for group in missing:
            self._add_group(group, self._numbers.gid(group, None, system=True))
            self.awaited.add(group)

    def _change(self, person: Person) -> None:
        passwd, name = self.tables[PASSWD], person.name
        uid = passwd.field(name, db.UID)
        if person.uid is not None and str(person.uid) != uid:
            raise BadInput(
                f"account {name} has uid {uid} here, not {person.uid}, and its files would change hands: give uid {uid}, or none"
            )
        for place, asked in ((db.COMMENT, person.comment), (db.HOME, person.home), (db.SHELL, person.shell)):
            if asked is not None:
                passwd.change(name, place, asked)
        if person.group:
            passwd.change(name, db.PRIMARY, str(self._primary(person, int(uid))))
        if person.home:
            self.homes[name] = person.home
        if name in self.locked:
            passwords.unlock(self.tables[SHADOW], name, self.locked.pop(name))

    def _join(self, person: Person) -> None:
        asked = person.groups
        if asked is None:
            return
        self._require(asked, person)
        groups = self.tables[GROUP]
        for group in groups.names():
            members = groups.members(group)
            if group in asked and person.name not in members:
                self._set_members(group, [*members, person.name])
            elif group not in asked and person.groups_exclusive and person.name in members:
                self._set_members(group, [one for one in members if one != person.name])

    def _set_members(self, group: str, members: list[str]) -> None:
        self.tables[GROUP].set_members(group, members)
        if group in self.tables[GSHADOW]:
            self.tables[GSHADOW].set_members(group, members)

    def _leave(self, person: Person) -> None:
        """Lock or remove. Who still has processes is locked first: their files and ports would belong to nobody."""
        name = person.name
        busy = self.have.processes.get(int(self.tables[PASSWD].field(name, db.UID) or -1), [])
        if person.state == LOCKED or busy:
            self._lock(name)
        if person.state == LOCKED:
            return
        if busy:
            told = ", ".join(str(pid) for pid in sorted(busy)[:5])
            self.kept[name] = f"has running processes ({told}): locked now, and removed by a run after they have ended"
            return
        for group in self.tables[GROUP].names():
            members = self.tables[GROUP].members(group)
            if name in members:
                self._set_members(group, [one for one in members if one != name])
        self.ever[int(self.tables[PASSWD].field(name, db.UID))] = name
        self.tables[PASSWD].drop(name)
        self.tables[SHADOW].drop(name)
        self.people.pop(name, None)
        self.locked.pop(name, None)
        if name in self.groups and not self._is_used(name):
            self._drop_group(name)

    def _lock(self, name: str) -> None:
        shadow = self.tables[SHADOW]
        again = name in self.locked
        self.locked.setdefault(name, shadow.field(name, db.EXPIRE))
        passwords.lock(shadow, name, again=again)

    def _is_used(self, group: str) -> bool:
        gid = self.tables[GROUP].field(group, db.GID)
        return bool(self.tables[GROUP].members(group)) or bool(self.tables[PASSWD].name_of(int(gid), db.PRIMARY))

    def _drop_group(self, name: str) -> None:
        groups = self.tables[GROUP]
        if name not in groups:
            return
        owner = self.tables[PASSWD].name_of(int(groups.field(name, db.GID)), db.PRIMARY)
        if owner:
            raise BadInput(f"group {name} is the primary group of {owner}: give {owner} another group first")
        groups.drop(name)
        self.tables[GSHADOW].drop(name)
        self.groups = [one for one in self.groups if one != name]
