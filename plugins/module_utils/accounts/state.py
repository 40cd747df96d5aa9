# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what a plan for accounts depends on: databases, homes, keys, sudo rules, the SSH server, our own manifest."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

from .. import _managed
from .._host import files, logins, systemd
from .._host.files import FileState
from .._managed import Managed
from .databases import DATABASES, HOME, PASSWD, Table
from .want import Want

MANIFEST = "accounts"
KEYS = "/etc/groundcrew/authorized_keys"
SUDOERS = "/etc/sudoers.d/groundcrew"
DROPIN = "/etc/ssh/sshd_config.d/10-groundcrew-keys.conf"
SKELETON = "/etc/skel"
SSH = "ssh.service"


class Have(NamedTuple):
    """The host. `files` has every path that a plan may touch; `keys_at_home` counts by account, for people with a shell."""

    files: Mapping[str, FileState]
    settings: Mapping[str, str]
    shells: frozenset[str]
    skeleton: Mapping[str, FileState]
    keys_at_home: Mapping[str, int]
    sudoers: Mapping[str, str]
    sshd: Mapping[str, list[str]]
    ssh_active: bool
    processes: Mapping[int, list[int]]
    managed: Managed
    today: int
    held: BinaryIO | None = None

    def text(self, path: str) -> str:
        return (self.files[path].content or b"").decode("utf-8", "surrogateescape")


def read(want: Want, *, today: int, wait_s: float, hold: bool = True) -> Have:
    """Return the host as it is. With `hold` no other tool may touch the databases until this process has ended."""
    held = logins.hold_databases(wait_s) if hold else None
    managed = _managed.read(MANIFEST)
    there = {path: files.read(path) for path in DATABASES}
    passwd = Table((there[PASSWD].content or b"").decode("utf-8", "surrogateescape"))
    shells = logins.shells()
    return Have(
        {**there, **_ours(want, managed, passwd)},
        logins.login_defs(),
        shells,
        {name: files.read(f"{SKELETON}/{name}") for name in files.listing(SKELETON)},
        {
            name: logins.keys_at_home(passwd.field(name, HOME))
            for name in passwd.names()
            if _may_log_in(passwd, name, shells)
        },
        logins.sudoers(),
        logins.sshd_settings(),
        systemd.show([SSH])[SSH].is_active,
        logins.processes(),
        managed,
        today,
        held,
    )


def _may_log_in(passwd: Table, name: str, shells: frozenset[str]) -> bool:
    row: list[Any] = passwd.row(name)
    return len(row) > HOME and row[-1] in shells


def _ours(want: Want, managed: Managed, passwd: Table) -> dict[str, FileState]:
    names = {one.name for one in want.people} | set(managed.facts.get("people", ())) | set(files.listing(KEYS))
    homes = {one.home or passwd.field(one.name, HOME) or f"/home/{one.name}" for one in want.people}
    wanted = [SUDOERS, DROPIN, os.path.dirname(KEYS), KEYS, *(f"{KEYS}/{name}" for name in names)]
    found = {path: files.read(path) for path in wanted}
    for home in homes:
        found[home] = files.read(home, content=False)
        found[os.path.dirname(home)] = files.read(os.path.dirname(home), content=False)
    return found
