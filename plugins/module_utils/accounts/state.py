# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what a plan for accounts depends on: databases, homes, keys, sudo rules, the SSH server, our own manifest."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, NamedTuple

from .. import _managed
from .._host import files, logins, systemd
from .._host.files import FileState
from .._managed import Managed
from . import server
from .databases import DATABASES, HOME, PASSWD, SHELL, UID, Table
from .server import CONFIG, DROPIN, KEYS, KEYWORD
from .want import ABSENT, Person, Want, asked_for

MANIFEST = "accounts"
SUDOERS = "/etc/sudoers.d/groundcrew"
SKELETON = "/etc/skel"
SSH = "ssh.service"
# A task of a timer ends within it, most often; a service does not.
SHORT_TASK_S = 2


class Have(NamedTuple):
    """The host. `files` has every path that a plan may touch.

    `patterns` are those of the host's own AuthorizedKeysFile, and `other_keys` counts the keys that they lead to, by
    account and home; `keys_first` are file and value of the setting that counts with our file in place. `entry` asks
    for people and groups as logins.entry does. In a rehearsal an earlier task of the run may be about to bring what is
    missing.
    """

    files: Mapping[str, FileState]
    settings: Mapping[str, str]
    shells: frozenset[str]
    skeleton: Mapping[str, FileState]
    patterns: tuple[str, ...]
    other_keys: Mapping[tuple[str, str], int]
    sudoers: Mapping[str, str]
    sshd: Mapping[str, list[str]]
    keys_first: tuple[str, str]
    ssh_active: bool
    processes: Mapping[int, list[int]]
    managed: Managed
    today: int
    entry: Callable[[str, str | int], str]
    rehearsal: bool = False
    held: BinaryIO | None = None

    def text(self, path: str) -> str:
        return (self.files[path].content or b"").decode("utf-8", "surrogateescape")


def read(want: Want, *, today: int, wait_s: float, rehearsal: bool = False) -> Have:
    """Return the host as it is. No other tool may touch the databases until this process has ended, unless in a rehearsal."""
    held = None if rehearsal else logins.hold_databases(wait_s)
    managed = _managed.read(MANIFEST)
    there = {path: files.read(path) for path in DATABASES}
    passwd = Table((there[PASSWD].content or b"").decode("utf-8", "surrogateescape"))
    processes = logins.processes(_leaving(want, managed, passwd), SHORT_TASK_S)
    ours = _ours(want, managed, passwd)
    shells, sshd = logins.shells(), logins.sshd_settings()
    patterns = server.of_the_host(logins.sshd_first(KEYWORD, {DROPIN: ""})[1])
    return Have(
        {**there, **ours},
        logins.login_defs(),
        shells,
        {name: files.read(f"{SKELETON}/{name}") for name in files.listing(SKELETON)},
        patterns,
        {
            (name, home): logins.keys_of(name, passwd.field(name, UID), home, patterns)
            for name, home in _ways_in(want, passwd, shells)
        },
        logins.sudoers(),
        sshd,
        logins.sshd_first(KEYWORD, {DROPIN: server.dropin(patterns, ())}),
        systemd.show([SSH])[SSH].is_active,
        processes,
        managed,
        today,
        logins.entry,
        rehearsal,
        held,
    )


def _leaving(want: Want, managed: Managed, passwd: Table) -> Iterator[int]:
    """Yield the numbers of all who are to be removed."""
    for one in asked_for(want, managed.facts.get("people", ())):
        if one.state == ABSENT and one.name in passwd:
            yield int(passwd.field(one.name, UID) or -1)


def _ways_in(want: Want, passwd: Table, shells: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield account and home of all who may log in now, or as the call wants them."""
    for name in passwd.names():
        if passwd.field(name, SHELL) in shells:
            yield name, passwd.field(name, HOME)
    for one in want.people:
        yield one.name, _home(one, passwd)


def _home(one: Person, passwd: Table) -> str:
    return one.home or passwd.field(one.name, HOME) or f"/home/{one.name}"


def _ours(want: Want, managed: Managed, passwd: Table) -> dict[str, FileState]:
    names = {one.name for one in want.people} | set(managed.facts.get("people", ())) | set(files.listing(KEYS))
    wanted = [SUDOERS, DROPIN, os.path.dirname(KEYS), KEYS, *(f"{KEYS}/{name}" for name in names)]
    found = {path: files.read(path) for path in wanted}
    homes = {_home(one, passwd) for one in want.people}
    for path in (CONFIG, *homes, *map(os.path.dirname, homes)):
        found[path] = files.read(path, content=False)
    return found
