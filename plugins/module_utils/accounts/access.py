# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Who can log in by SSH and become root, on a host as a plan would leave it: pure, and rather too strict than too lax."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from .databases import CHANGED, EXPIRE, GROUP, HASH, MAXIMUM, PASSWD, PRIMARY, SHADOW, SHELL, UID, Table

# One rule that gives everything: who, on all hosts, as whom, with which tags, all commands (sudoers(5)).
RULE = re.compile(r"^(?P<who>[^\s#=,]+)\s+ALL\s*=\s*(\([^)]*\)\s*)?(?P<tags>([A-Z_]+:\s*)*)ALL\s*$", re.MULTILINE)


class Door(NamedTuple):
    """How one gets in: the tables, the keys of each account, the sudo rules, the SSH server's settings, today."""

    tables: Mapping[str, Table]
    keys: Callable[[str], int]
    sudoers: Sequence[str]
    sshd: Mapping[str, Sequence[str]]
    shells: frozenset[str]
    today: int


def verdicts(door: Door, also: Collection[str] = ()) -> dict[str, str]:
    """Return why an account can not log in and become root, "" where it can, for all that can do one of both and for `also`."""
    passwd = door.tables[PASSWD]
    found: dict[str, str] = {}
    for name in passwd.names():
        rises = _rises(door, name)
        if rises or name in also or _way_in(door, name) == "":
            found[name] = _way_in(door, name) or ("" if rises else "has no sudo rule that gives it everything")
    return found


def shut(door: Door, name: str) -> str:
    """Return why nobody can log in as `name` at all, by SSH or at the console, "" where somebody may."""
    if not door.keys(name) and not _has_password(door, name):
        return "has neither a key nor a password"
    return _closed(door, name)


def _closed(door: Door, name: str) -> str:
    shell, expire = door.tables[PASSWD].field(name, SHELL), door.tables[SHADOW].field(name, EXPIRE)
    if shell not in door.shells:
        return f"its shell {shell or '(none)'} lets nobody in"
    return "is locked or expired" if expire.isdigit() and int(expire) <= door.today else ""


def _way_in(door: Door, name: str) -> str:
    """Return why `name` can not log in by SSH, "" where it can."""
    closed = _closed(door, name)
    if closed:
        return closed
    if _is_outdated(door, name):
        return "has to change its password first, which has expired"
    if not _listed(door, name):
        return "the SSH server's AllowUsers, AllowGroups, DenyUsers or DenyGroups keep it out"
    is_root = door.tables[PASSWD].field(name, UID) == "0"
    root_by = _setting(door, "permitrootlogin", "prohibit-password") if is_root else "yes"
    if root_by in ("no", "forced-commands-only"):
        return f"the SSH server's PermitRootLogin is {root_by}"
    by_key = _setting(door, "pubkeyauthentication", "yes") == "yes" and door.keys(name) > 0
    by_password = root_by == "yes" and _setting(door, "passwordauthentication", "yes") == "yes"
    opens = by_key or (by_password and _has_password(door, name))
    return "" if opens else "has neither a key nor a password that the SSH server takes"


def _is_outdated(door: Door, name: str) -> bool:
    """Tell whether PAM asks for a new password before it lets `name` in, by key too and where there is none."""
    changed, most = (door.tables[SHADOW].field(name, place) for place in (CHANGED, MAXIMUM))
    if not changed.isdigit():
        return False
    return changed == "0" or (most.isdigit() and door.today - int(changed) > int(most))


def _rises(door: Door, name: str) -> bool:
    """Tell whether `name` is root, or sudo gives it everything: without a password, or with one that it has."""
    if door.tables[PASSWD].field(name, UID) == "0":
        return True
    titles = {name, "ALL", *(f"%{group}" for group in groups_of(door.tables, name))}
    for text in door.sudoers:
        for rule in RULE.finditer(text.replace("\\\n", " ")):
            if rule["who"] in titles and ("NOPASSWD:" in rule["tags"] or _has_password(door, name)):
                return True
    return False


def groups_of(tables: Mapping[str, Table], name: str) -> list[str]:
    """Return the groups that `name` belongs to, its primary one first."""
    groups = tables[GROUP]
    primary = groups.name_of(int(tables[PASSWD].field(name, PRIMARY) or -1), 2)
    return [*filter(None, [primary]), *(group for group in groups.names() if name in groups.members(group))]


def _has_password(door: Door, name: str) -> bool:
    return door.tables[SHADOW].field(name, HASH).startswith("$")


def _setting(door: Door, keyword: str, default: str) -> str:
    return (door.sshd.get(keyword) or [default])[0]


def _listed(door: Door, name: str) -> bool:
    """Tell whether the SSH server's lists let `name` in; sshd -T has one line a pattern, or several in one."""

    def patterns(keyword: str) -> list[str]:
        return [word.split("@")[0] for line in door.sshd.get(keyword, ()) for word in line.split()]

    def hit(keyword: str, names: Sequence[str]) -> bool:
        return any(fnmatch.fnmatchcase(one, pattern) for one in names for pattern in patterns(keyword))

    groups = groups_of(door.tables, name)
    if hit("denyusers", [name]) or hit("denygroups", groups):
        return False
    allowed = [("allowusers", [name]), ("allowgroups", groups)]
    return all(hit(keyword, names) for keyword, names in allowed if patterns(keyword))
