# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what decides who can log in to this machine: ranges of numbers, keys in homes, sudo rules, the SSH server's word."""

from __future__ import annotations

import fcntl
import fnmatch
import glob
import grp
import os
import pwd
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from .._errors import HostLocked
from . import files
from .run import run

LOGIN_DEFS = "/etc/login.defs"
SHELLS = "/etc/shells"
SUDOERS = ("/etc/sudoers", "/etc/sudoers.d/*")
DATABASES_LOCK = "/etc/.pwd.lock"
SSHD_CONFIG = "/etc/ssh/sshd_config"
# As deep as sshd goes.
SSHD_INCLUDES = 16
DIRECTIVE = re.compile(r"\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*\S)")
KEY_TYPE = re.compile(r"(sk-)?(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521))\S*")
QUOTED = re.compile(r'"(\\.|[^"\\])*"')
POLL_S = 0.1


def hold_databases(wait_s: float, path: str = DATABASES_LOCK) -> BinaryIO:
    """Return the held lock that passwd, useradd and their kin take before they touch an account (lckpwdf(3)).

    It is released when the handle is closed, at the latest with the process. Raise HostLocked after `wait_s` seconds.
    """
    handle = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                handle.close()
                raise HostLocked(
                    f"somebody changes accounts on this host with passwd, useradd or the like ({path} is held): try again "
                    "when they are done"
                ) from None
            time.sleep(POLL_S)
        else:
            return handle


def login_defs(path: str = LOGIN_DEFS) -> dict[str, str]:
    """Return the settings of login.defs(5) by name."""
    found = re.finditer(r"^([A-Z_]+)[ \t]+(\S+)", _text(path), re.MULTILINE)
    return {one[1]: one[2] for one in found}


def span(settings: Mapping[str, str], what: str, *, system: bool) -> tuple[int, int]:
    """Return the first and last number that `what` (UID or GID) may be given by itself; defaults are useradd(8)'s."""
    if system:
        first, last = settings.get(f"SYS_{what}_MIN", "101"), settings.get(f"SYS_{what}_MAX", "999")
    else:
        first, last = settings.get(f"{what}_MIN", "1000"), settings.get(f"{what}_MAX", "60000")
    return int(first, 0), int(last, 0)


def shells(path: str = SHELLS) -> frozenset[str]:
    """Return the shells that count as such (shells(5)); those that let nobody in are not among them."""
    named = {line.strip() for line in _text(path).splitlines() if line.startswith("/")}
    return frozenset(one for one in named if os.path.basename(one) not in ("nologin", "false"))


def entry(database: str, key: str | int) -> str:
    """Return the name of who has that name or number in passwd or group, in whatever source the host has (LDAP), or ""."""
    try:
        if database == "passwd":
            return (pwd.getpwuid(key) if isinstance(key, int) else pwd.getpwnam(key)).pw_name
        return (grp.getgrgid(key) if isinstance(key, int) else grp.getgrnam(key)).gr_name
    except KeyError:
        return ""


def keys_of(name: str, uid: str, home: str, patterns: Iterable[str]) -> int:
    """Return how many keys let `name` in by the files of these patterns (AuthorizedKeysFile of sshd_config(5))."""
    told = {"%": "%", "h": home, "u": name, "U": uid}
    expanded = [re.sub("%([%huU])", lambda one: told[one[1]], pattern.strip('"')) for pattern in patterns]
    return sum(keys_in(_text(path)) for path in {os.path.join(home or "/", one) for one in expanded})


def keys_in(text: str) -> int:
    """Return how many lines of an authorized_keys file (sshd(8)) are keys that open a shell: a forced command is none."""
    return sum(1 for line in text.split("\n") if _opens(line))


def _opens(line: str) -> bool:
    words = [] if line.lstrip().startswith("#") else QUOTED.sub("", line).split()
    if words and KEY_TYPE.fullmatch(words[0]):
        return len(words) > 1
    options = words[0].lower().split(",") if words else []
    return len(words) > 2 and bool(KEY_TYPE.fullmatch(words[1])) and "command=" not in options


def sudoers(patterns: Iterable[str] = SUDOERS) -> dict[str, str]:
    """Return the files of sudo by their path, as sudo would read them: none with a dot or a tilde in its name."""
    paths = [path for pattern in patterns for path in sorted(glob.glob(pattern))]
    return {path: _text(path) for path in paths if not re.search(r"[.~]", os.path.basename(path))}


def sshd_settings() -> dict[str, list[str]]:
    """Return the SSH server's effective settings by keyword (`sshd -T`), {} where there is no server or it is broken."""
    done = run(["sshd", "-T"])
    found: dict[str, list[str]] = {}
    for line in done.out.splitlines() if done.rc == 0 else ():
        keyword, given, value = line.partition(" ")
        found.setdefault(keyword, []).append(value if given else "")
    return found


def sshd_first(keyword: str, texts: Mapping[str, str], path: str = SSHD_CONFIG) -> tuple[str, str]:
    """Return which file sets `keyword` for everybody, and the value, once `texts` stand at their paths; "" for neither.

    Of several settings the SSH server takes the first that it reads, whatever file it is in.
    """
    return next(
        ((where, value) for where, word, value in _directives(path, texts) if word == keyword.lower()), ("", "")
    )


def _directives(path: str, texts: Mapping[str, str], depth: int = 0) -> Iterator[tuple[str, str, str]]:
    """Yield file, keyword and value of what holds for everybody, in the order in which sshd reads it."""
    holds = True
    for line in (texts[path] if path in texts else _text(path)).split("\n"):
        found = DIRECTIVE.match(line)
        word, value = (found[1].lower(), found[2]) if found else ("", "")
        if word == "match":
            holds = value.lower() == "all"
        elif word == "include" and holds and depth < SSHD_INCLUDES:
            for pattern in value.split():
                for one in _included(pattern.strip('"'), texts):
                    yield from _directives(one, texts, depth + 1)
        elif word and holds:
            yield path, word, value


def _included(pattern: str, texts: Iterable[str]) -> list[str]:
    whole = os.path.join(os.path.dirname(SSHD_CONFIG), pattern)
    folder, name = os.path.split(whole)
    to_come = (one for one in texts if os.path.dirname(one) == folder)
    return sorted({*glob.glob(whole), *(one for one in to_come if fnmatch.fnmatchcase(os.path.basename(one), name))})


def processes(leaving: Iterable[int] = (), wait_s: float = 0) -> dict[int, list[int]]:
    """Return the processes of each user number; those of `leaving` have `wait_s` seconds to end by themselves."""
    deadline = time.monotonic() + wait_s
    numbers = set(leaving)
    while True:
        found = _processes()
        if numbers.isdisjoint(found) or time.monotonic() > deadline:
            return found
        time.sleep(POLL_S)


def _processes() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                found.setdefault(os.stat(f"/proc/{name}").st_uid, []).append(int(name))
            except FileNotFoundError:
                continue
    return found


def _text(path: str) -> str:
    try:
        content = files.read(os.path.realpath(path)).content
    except PermissionError:
        content = None
    return (content or b"").decode("utf-8", "replace")
