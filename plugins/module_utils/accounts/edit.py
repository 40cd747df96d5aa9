# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Edit the account databases as a call asks for it: pure, on text that was read before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._errors import BadInput
from .._host import logins
from . import databases as db
from .databases import GROUP, GSHADOW, PASSWD, SHADOW, Table, next_free
from .state import Have
from .want import ABSENT, KEPT, LOCKED, PRESENT, Group, Person, Want, of_departed

NO_PASSWORD = "*"  # noqa: S105 - what shadow(5) calls a password that nothing matches; "!" would lock keys out too without PAM
NO_HOME, NO_SHELL, SHELL = "/nonexistent", "/usr/sbin/nologin", "/bin/bash"
# The first day that counts as expired: 0 would mean "never" to some tools (shadow(5)).
LONG_AGO = "1"


class Desk:
    """The tables under work, what is remembered of them, and what could not be done as asked (`kept`, by account)."""

    def __init__(self, want: Want, have: Have) -> None:
        self.want, self.have = want, have
        self.tables = {path: Table(have.text(path)) for path in db.DATABASES}
        told: Mapping[str, Any] = have.managed.facts
        self.people: dict[str, int] = dict(told.get("people", {}))
        self.groups: list[str] = list(told.get("groups", ()))
        self.ever: set[int] = set(told.get("ever", ()))
        self.locked: dict[str, str] = dict(told.get("locked", {}))
        self.rules: dict[str, str] = dict(told.get("rules", {}))
        self.alone: list[str] = list(told.get("alone", ()))
        self.kept: dict[str, str] = {}
        self.homes: dict[str, str] = {}

    def facts(self) -> dict[str, Any]:
        """Return what the manifest has to remember."""
        facts = {
            "people": self.people,
            "groups": sorted(self.groups),
            "ever": sorted(self.ever),
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
        listed = {one.name for one in self.want.people} | {self.want.break_glass}
        departed = of_departed([name for name in self.people if name not in listed], self.want.purge)
        people = (*self.want.people, *departed)
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
        for group in self.want.groups:
            if group.state == ABSENT:
                self._drop_group(group.name)
        self._purge_groups()
        self._grant()

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
        kept = self.want.purge == KEPT
        self.rules = {name: rule for name, rule in self.rules.items() if kept and name not in listed}
        self.alone = [name for name in self.alone if kept and name not in listed]
        for name, one in listed.items():
            if one.state == PRESENT and one.sudo:
                self.rules[name] = f"ALL=(ALL:ALL) {'' if one.sudo_password else 'NOPASSWD: '}{', '.join(one.sudo)}"
            if one.state == PRESENT and one.keys_exclusive:
                self.alone.append(name)

    def _ensure_group(self, group: Group) -> None:
        groups = self.tables[GROUP]
        if group.name not in groups:
            self._add_group(group.name, self._free_gid(group.gid, group.name, system=group.system))
            self.groups.append(group.name)
        elif group.gid is not None and groups.field(group.name, db.GID) != str(group.gid):
            raise BadInput(
                f"group {group.name} has gid {groups.field(group.name, db.GID)} here, not {group.gid}, and its files would "
                "change hands: give that gid, or none"
            )

    def _free_gid(self, asked: int | None, name: str, *, system: bool) -> int:
        groups = self.tables[GROUP]
        if asked is not None:
            owner = groups.name_of(asked, db.GID)
            if owner:
                raise BadInput(f"gid {asked} of group {name} belongs to {owner} on this host: give another, or none")
            return asked
        span = logins.span(self.have.settings, "GID", system=system)
        free = next_free(groups.numbers(db.GID), span, downwards=system)
        if free is None:
            raise BadInput(
                f"no gid is free for group {name} between {span[0]} and {span[1]} (/etc/login.defs): give one"
            )
        return free

    def _add_group(self, name: str, gid: int) -> None:
        self.tables[GROUP].put([name, "x", str(gid), ""])
        self.tables[GSHADOW].put([name, "!", "", ""])

    def _ensure(self, person: Person) -> None:
        if person.name in self.tables[PASSWD]:
            self._change(person)
        else:
            self._add(person)
        shadow = self.tables[SHADOW]
        if person.password_hash is not None and shadow.field(person.name, db.HASH) != person.password_hash:
            shadow.change(person.name, db.HASH, person.password_hash)
            shadow.change(person.name, db.CHANGED, str(self.have.today))
        if person.expires is not None:
            shadow.change(person.name, db.EXPIRE, "" if person.expires < 0 else str(person.expires))

    def _add(self, person: Person) -> None:
        uid = self._free_uid(person)
        gid = self._primary(person, uid)
        home = person.home or (NO_HOME if person.system else f"/home/{person.name}")
        shell = person.shell or (NO_SHELL if person.system else SHELL)
        self.tables[PASSWD].put([person.name, "x", str(uid), str(gid), person.comment or "", home, shell])
        ages = [self.have.settings.get(name, default) for name, default in _AGES]
        # A system account has no password whose age could count, as with useradd.
        limits = ["", "", ""] if person.system else ages
        self.tables[SHADOW].put([person.name, NO_PASSWORD, str(self.have.today), *limits, "", "", ""])
        self.people[person.name] = uid
        self.ever.add(uid)
        if home != NO_HOME:
            self.homes[person.name] = home

    def _free_uid(self, person: Person) -> int:
        passwd = self.tables[PASSWD]
        if person.uid is not None:
            owner = passwd.name_of(person.uid, db.UID)
            if owner:
                raise BadInput(
                    f"uid {person.uid} of account {person.name} belongs to {owner} on this host: give another, or none"
                )
            return person.uid
        own = self.people.get(person.name)
        if own is not None and not passwd.name_of(own, db.UID):
            # Somebody removed it by hand; its files are still there.
            return own
        span = logins.span(self.have.settings, "UID", system=person.system)
        # Whoever had a number may have left files behind: nobody else gets it.
        free = next_free(passwd.numbers(db.UID) | self.ever, span, downwards=person.system)
        if free is None:
            raise BadInput(
                f"no uid is free for account {person.name} between {span[0]} and {span[1]} (/etc/login.defs): give one"
            )
        return free

    def _primary(self, person: Person, uid: int) -> int:
        """Return the number of the primary group: the one asked for, or one of the account's own name and number."""
        groups = self.tables[GROUP]
        name = person.group or person.name
        if name in groups:
            return int(groups.field(name, db.GID))
        if person.group:
            raise BadInput(f"group {name} of account {person.name} does not exist on this host: add it to groups")
        taken = groups.numbers(db.GID)
        gid = uid if uid not in taken else self._free_gid(None, name, system=person.system)
        self._add_group(name, gid)
        self.groups.append(name)
        return gid

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
            shadow = self.tables[SHADOW]
            shadow.change(name, db.HASH, shadow.field(name, db.HASH).removeprefix("!") or NO_PASSWORD)
            shadow.change(name, db.EXPIRE, self.locked.pop(name))

    def _join(self, person: Person) -> None:
        asked = person.groups
        if asked is None:
            return
        groups = self.tables[GROUP]
        missing = [group for group in asked if group not in groups]
        if missing:
            raise BadInput(
                f"groups {', '.join(missing)} of account {person.name} do not exist on this host: add them to groups"
            )
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
        self.ever.add(int(self.tables[PASSWD].field(name, db.UID)))
        self.tables[PASSWD].drop(name)
        self.tables[SHADOW].drop(name)
        self.people.pop(name, None)
        self.locked.pop(name, None)
        if name in self.groups and not self._is_used(name):
            self._drop_group(name)

    def _lock(self, name: str) -> None:
        shadow = self.tables[SHADOW]
        if name in self.locked:
            return
        self.locked[name] = shadow.field(name, db.EXPIRE)
        shadow.change(name, db.HASH, f"!{shadow.field(name, db.HASH)}")
        shadow.change(name, db.EXPIRE, LONG_AGO)

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


_AGES = (("PASS_MIN_DAYS", "0"), ("PASS_MAX_DAYS", "99999"), ("PASS_WARN_AGE", "7"))
