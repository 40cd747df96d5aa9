# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what decides who can log in to this machine: ranges of numbers, keys in homes, sudo rules, the SSH server's word."""

from __future__ import annotations

import fcntl
import glob
import os
import re
import time
from collections.abc import Iterable, Mapping
from typing import BinaryIO

from .._errors import HostLocked
from . import files
from .run import run

LOGIN_DEFS = "/etc/login.defs"
SHELLS = "/etc/shells"
SUDOERS = ("/etc/sudoers", "/etc/sudoers.d/*")
DATABASES_LOCK = "/etc/.pwd.lock"
HOME_KEYS = (".ssh/authorized_keys", ".ssh/authorized_keys2")
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


def keys_at_home(home: str) -> int:
    """Return how many keys lie in the authorized_keys files of a home."""
    lines = [line.strip() for name in HOME_KEYS for line in _text(f"{home}/{name}").splitlines()]
    return sum(1 for line in lines if line and not line.startswith("#"))


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


def processes() -> dict[int, list[int]]:
    """Return the processes of each user number."""
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
