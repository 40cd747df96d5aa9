# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What a call of accounts asks for: its options, understood and refused before anything is read."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .._errors import BadInput

PRESENT, LOCKED, ABSENT, KEPT = "present", "locked", "absent", "kept"
# What useradd of Debian takes, without the capital letters that it warns of (useradd(8)).
NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}", re.ASCII)
# What others may have made with --badname, as far as sudoers(5), sshd_config(5) and a file's name can hold it.
OLD_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}", re.ASCII)
SUDO_WORDS = frozenset({"ALL", "Defaults", *(f"{kind}_Alias" for kind in ("User", "Runas", "Host", "Cmnd", "Cmd"))})
KEY_TYPE = re.compile(r"(sk-)?(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521))(-cert-v01)?(@openssh\.com)?")
HASH = re.compile(r"[!*]|\$[0-9a-z]+\$[^:\s]+")
# The override names the risk, so that nobody gives it in passing.
LOCKOUT = "nobody can become root"
EPOCH = dt.date(1970, 1, 1)


class Person(NamedTuple):
    """One account. None means: as it is, or the default of a new one. `expires` counts days since 1970, -1 is never."""

    name: str
    state: str = PRESENT
    uid: int | None = None
    group: str | None = None
    groups: tuple[str, ...] | None = None
    groups_exclusive: bool = False
    comment: str | None = None
    home: str | None = None
    shell: str | None = None
    system: bool = False
    expires: int | None = None
    password_hash: str | None = None
    keys: tuple[str, ...] = ()
    keys_exclusive: bool = False
    sudo: tuple[str, ...] = ()
    sudo_password: bool = False


class Group(NamedTuple):
    name: str
    state: str = PRESENT
    gid: int | None = None
    system: bool = False


class Want(NamedTuple):
    """The whole call. `purge` says what becomes of people that we made and that left the list."""

    people: tuple[Person, ...] = ()
    groups: tuple[Group, ...] = ()
    purge: str = ABSENT
    break_glass: str = "root"
    allow_lockout: bool = False
    proof_within_s: float = 60


def parse(params: Mapping[str, Any]) -> Want:
    """Return what the module's options ask for; raise BadInput, naming value and cure, for what cannot be right."""
    people = tuple(_person(one) for one in params.get("accounts") or ())
    groups = tuple(_group(one) for one in params.get("groups") or ())
    _refuse_twice("account", [one.name for one in people])
    _refuse_twice("group", [one.name for one in groups])
    _refuse_twice("uid", [str(one.uid) for one in people if one.uid is not None])
    break_glass = params.get("break_glass") or "root"
    for one in people:
        if one.name == break_glass and (one.state != PRESENT or one.expires not in (None, -1)):
            raise BadInput(
                f"account {one.name} is the break-glass account, which is never locked, expired or removed: take it out "
                "of the list, or give another as break_glass"
            )
    lockout = params.get("allow_lockout") or ""
    if lockout not in ("", LOCKOUT):
        raise BadInput(f"allow_lockout {lockout!r} does not name the risk: write {LOCKOUT!r}, or leave it out")
    return Want(
        people, groups, params.get("purge") or ABSENT, break_glass, bool(lockout), float(params["proof_within_s"])
    )


def _person(one: Mapping[str, Any]) -> Person:
    name = _name("account", one["name"])
    for option in ("home", "shell"):
        path = one.get(option)
        if path is not None and not re.fullmatch(r"(/[^/:\s]+)+", path):
            raise BadInput(f"{option} {path!r} of account {name} must be an absolute path without blank and colon")
    comment = one.get("comment")
    if comment is not None and re.search(r"[:\n]", comment):
        raise BadInput(
            f"comment {comment!r} of account {name} has a colon or a line's end, which /etc/passwd cannot hold"
        )
    password = one.get("password_hash")
    if password is not None and not HASH.fullmatch(password):
        raise BadInput(f"password_hash of account {name} is no hash of crypt(5): make one with `mkpasswd`, or give '*'")
    keys = tuple(_key(line, name) for line in one.get("ssh_keys") or ())
    groups = one.get("groups")
    return Person(
        name,
        one.get("state") or PRESENT,
        _number("uid", one.get("uid"), name),
        _name("group", one["group"]) if one.get("group") else None,
        None if groups is None else tuple(_name("group", group) for group in groups),
        bool(one.get("groups_exclusive")),
        comment,
        one.get("home"),
        one.get("shell"),
        bool(one.get("system")),
        _expires(one.get("expires"), name),
        password,
        keys,
        bool(one.get("ssh_keys_exclusive")),
        _sudo(one.get("sudo"), name),
        bool(one.get("sudo_password")),
    )


def _group(one: Mapping[str, Any]) -> Group:
    name = _name("group", one["name"])
    return Group(name, one.get("state") or PRESENT, _number("gid", one.get("gid"), name), bool(one.get("system")))


def _name(what: str, name: Any) -> str:
    """Return a name that can be there already, or be made."""
    return good_name(what, str(name), OLD_NAME)


def good_name(what: str, name: str, pattern: re.Pattern[str] = NAME) -> str:
    """Return the name of what is to be made; raise BadInput for one that is not good enough."""
    if not pattern.fullmatch(name) or name in SUDO_WORDS:
        raise BadInput(
            f"{what} {name!r} is no good name: lower case letters, digits, - and _, at most 32, and a letter or _ first"
        )
    return name


def _number(what: str, number: int | None, name: str) -> int | None:
    if number is not None and not 0 <= number < 2**32 - 2:
        raise BadInput(
            f"{what} {number} of {name} is outside 0 to {2**32 - 3}: give another, or none for the next free one"
        )
    return number


def _expires(day: str | None, name: str) -> int | None:
    if day is None:
        return None
    if day in ("", "never"):
        return -1
    try:
        return (dt.date.fromisoformat(str(day)) - EPOCH).days
    except ValueError:
        raise BadInput(f"expires {day!r} of account {name} is no day: write it like 2027-03-31, or 'never'") from None


def _key(line: str, name: str) -> str:
    """Return one line of an authorized_keys file (sshd(8)); its options, if any, stand before the key's type."""
    words = line.strip().split()
    for number, word in enumerate(words[:-1]):
        if KEY_TYPE.fullmatch(word) and "\n" not in line.strip() and _holds(words[number + 1], word):
            return line.strip()
    raise BadInput(
        f"a key of account {name} is no public key: {line.strip()[:60]!r}; give the whole line of a .pub file, as ssh-keygen "
        "wrote it"
    )


def _holds(blob: str, kind: str) -> bool:
    """Tell whether the blob is base64 and begins with its own type, as RFC 4253, 6.6 says."""
    try:
        data = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        return False
    length = int.from_bytes(data[:4], "big")
    return data[4 : 4 + length] == kind.encode() and len(data) > 4 + length


def _sudo(given: Any, name: str) -> tuple[str, ...]:
    """Return the commands that one may run as root: ALL for true, none for false."""
    if given is None or given is False or str(given).lower() in ("false", "no", ""):
        return ()
    if given is True or str(given).lower() in ("true", "yes", "all"):
        return ("ALL",)
    if not isinstance(given, (list, tuple)):
        given = [given]
    for command in given:
        if not re.fullmatch(r"(ALL|!?/[^\n]+)", str(command)):
            raise BadInput(f"sudo {command!r} of account {name} is neither true nor a command with its full path")
    return tuple(str(command) for command in given)


def _refuse_twice(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadInput(f"{what} {name} is given twice: keep one of them")
        seen.add(name)


def asked_for(want: Want, ours: Iterable[str]) -> tuple[Person, ...]:
    """Return what is asked for everybody: for the listed, and for those of `ours` who left the list."""
    if want.purge == KEPT:
        return want.people
    listed = {one.name for one in want.people} | {want.break_glass}
    return (*want.people, *(Person(name, want.purge) for name in ours if name not in listed))
