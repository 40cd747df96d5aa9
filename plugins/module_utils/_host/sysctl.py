# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read kernel settings as systemd-sysctl sets them at boot (sysctl.d(5)), and as the kernel has them now.

/etc/sysctl.conf counts only where a link in sysctl.d leads to it, as Debian 12's 99-sysctl.conf does; Debian 13 has none.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# A file of one name masks those of the same name in later directories.
FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")
PROC = "/proc/sys"
GLOBS = frozenset("*?[")


class Assignment(NamedTuple):
    """One line of a file: `key` as a path below /proc/sys, perhaps with wildcards; `value` None takes it out of those."""

    path: str
    key: str
    value: str | None


def key_path(key: str) -> str:
    """Return `key` as the path that it has below /proc/sys.

    The first separator decides, as sysctl(8) has it. For instance net.ipv4.conf.eth0/7.forwarding and
    net/ipv4/conf/eth0.7/forwarding are the same.
    """
    first = next((letter for letter in key if letter in "./"), "/")
    return key if first == "/" else key.translate(str.maketrans("./", "/."))


def key_name(path: str) -> str:
    """Return the dotted name of what lies at `path` below /proc/sys: the way back from key_path."""
    return path.translate(str.maketrans("./", "/."))


def normal(value: str) -> str:
    """Return a value in the form that two of them are compared in: fields one space apart."""
    return " ".join(value.split())


def files(folders: Sequence[str] = FOLDERS) -> tuple[str, ...]:
    """Return the sysctl.d files that a boot reads, in the order in which it does: the last one to set a key wins.

    A link to /dev/null stands for a file that is masked, and is not among them.
    """
    found: dict[str, str] = {}
    for folder in folders:
        for name in _names(folder):
            found.setdefault(name, f"{folder}/{name}")
    return tuple(path for _name, path in sorted(found.items()) if os.path.isfile(path))


def assignments(paths: Sequence[str]) -> tuple[Assignment, ...]:
    """Return every line that sets something in the files at `paths`, in their order."""
    return tuple(one for path in paths for one in parse(path, _text(path)))


def parse(path: str, text: str) -> Iterator[Assignment]:
    """Yield the assignments of one file's `text`; a line that is none is passed over, as systemd-sysctl does."""
    for line in text.splitlines():
        wanted = line.strip()
        if not wanted or wanted[0] in "#;":
            continue
        key, equals, value = wanted.partition("=")
        tolerant, key = key.startswith("-"), key.strip().lstrip("-").strip()
        if key and (equals or tolerant):
            yield Assignment(path, key_path(key), normal(value) if equals else None)


def winner(key: str, found: Sequence[Assignment]) -> Assignment | None:
    """Return the assignment that a boot leaves `key` with, None where no file sets it.

    The last one that names it wins; only where none does, the last one whose wildcards fit.
    """
    path = key_path(key)
    named = [one for one in found if one.key == path]
    if named:
        return named[-1] if named[-1].value is not None else None
    fitting = [one for one in found if one.value is not None and GLOBS & set(one.key) and _fits(path, one.key)]
    return fitting[-1] if fitting else None


def runtime(key: str, proc: str = PROC) -> str | None:
    """Return what the kernel has, fields one space apart; None where it has no such key or lets nobody read it."""
    try:
        with open(f"{proc}/{key_path(key)}", encoding="utf-8", errors="replace") as file:
            return normal(file.read())
    except OSError:
        return None


def exists(key: str, proc: str = PROC) -> bool:
    return os.path.isfile(f"{proc}/{key_path(key)}")


def mode(key: str, proc: str = PROC) -> int:
    """Return the permissions of `key`, 0 where the kernel has none: a setting is readable and writable for its owner."""
    try:
        return os.stat(f"{proc}/{key_path(key)}").st_mode & 0o777
    except OSError:
        return 0


def writable(key: str, proc: str = PROC) -> bool:
    """Tell whether this process may set `key` now: a container's /proc/sys is usually read-only."""
    return os.access(f"{proc}/{key_path(key)}", os.W_OK)


def mounted_read_only(key: str, proc: str = PROC) -> bool:
    """Tell whether `key` cannot be set because /proc/sys is mounted read-only here, whatever the kernel would allow."""
    try:
        return bool(os.statvfs(f"{proc}/{key_path(key)}").f_flag & os.ST_RDONLY)
    except OSError:
        return False


def keys(proc: str = PROC) -> tuple[str, ...]:
    """Return the dotted names of all keys that this kernel has."""
    return tuple(
        key_name(os.path.relpath(f"{folder}/{name}", proc))
        for folder, _folders, names in os.walk(proc)
        for name in sorted(names)
    )


def _fits(path: str, pattern: str) -> bool:
    """A wildcard does not reach over a slash, as in glob(3)."""
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatch.fnmatchcase, parts, patterns))


def _names(folder: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.endswith(".conf") and not name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
