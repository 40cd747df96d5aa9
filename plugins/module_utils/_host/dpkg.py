# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what dpkg and apt know to be installed, and wait for whoever has dpkg's lock."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import struct
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from .._errors import HostLocked
from . import files, processes
from .run import require

ADMIN = "/var/lib/dpkg"
MARKS = "/var/lib/apt/extended_states"
LOCKS = (f"{ADMIN}/lock-frontend", f"{ADMIN}/lock", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock")
FIELDS = ("Package", "Architecture", "db:Status-Abbrev", "Version", "Installed-Size", "Essential", "Protected")
INSTALLED, CONFIG_FILES, ABSENT = "i", "c", "n"
# Half-installed, unpacked, half-configured, triggers awaited, triggers pending (dpkg-query(1)).
HALF_INSTALLED, UNFINISHED = "H", "HUFWt"
# The third letter, after what is wanted and the state: dpkg refuses to configure it as it is.
ANEW = "R"
HOLD = "h"
# struct flock of a 64-bit Linux: type, whence, start, length, process.
FLOCK = "@hhqqi0q"
# From here dpkg runs the scripts of packages, which go on by themselves when it is killed.
SCRIPTS = (f"{ADMIN}/info/".encode(), f"{ADMIN}/tmp.ci/".encode())  # noqa: S108 - not in /tmp
PAUSE_S = 0.5
# apt's own cache counts as good while dpkg's status has the same size and second as when it was made: of two changes
# within a second it does not see the other. Without it apt reads the status itself, which costs it next to nothing.
FRESH = ("-o", "Dir::Cache::pkgcache=")


class Known(NamedTuple):
    """One package that dpkg has traces of: letters as `dpkg -l` shows them; `kib` is its installed size."""

    version: str
    state: str = INSTALLED
    selected: str = "i"
    kib: int = 0
    vital: bool = False

    @property
    def is_there(self) -> bool:
        """Whether it is installed, or will be once dpkg has ended what was interrupted."""
        return self.state not in (CONFIG_FILES, ABSENT, HALF_INSTALLED)


def known(admin: str = ADMIN) -> dict[str, Known]:
    """Return what dpkg has traces of, by name; one of a foreign architecture by name:architecture."""
    form = "\t".join(f"${{{field}}}" for field in FIELDS) + "\n"
    return parse(require(["dpkg-query", f"--admindir={admin}", "-W", "-f", form]).out)


def parse(told: str) -> dict[str, Known]:
    """Return the packages in what dpkg-query printed with FIELDS."""
    rows = [line.split("\t") for line in told.splitlines()]
    native = next((row[1] for row in rows if row[0] == "dpkg"), "")
    found = {}
    for name, architecture, status, version, kib, essential, protected in rows:
        if status[1:2] != ABSENT:
            own = name if architecture in (native, "all", "") else f"{name}:{architecture}"
            size = int(kib) if kib.isdigit() else 0
            found[own] = Known(version, state_in(status), status[:1], size, "yes" in (essential, protected))
    return found


def state_in(status: str) -> str:
    """Return the state in what dpkg-query abbreviates; what has to be installed anew is half installed, whatever else it is."""
    return HALF_INSTALLED if status[2:3] == ANEW else status[1:2]


def interrupted(found: Mapping[str, Known], admin: str = ADMIN) -> tuple[str, ...]:
    """Return what dpkg was interrupted at: packages by name, or its own journal; () when all is finished."""
    half = [name for name, one in sorted(found.items()) if one.state in UNFINISHED]
    journal = [f"{admin}/updates"] if files.listing(f"{admin}/updates") else []
    return tuple(half or journal)


def half_installed(found: Mapping[str, Known]) -> dict[str, str]:
    """Return what dpkg was interrupted at unpacking, with the versions that it tells: only installing it anew mends that."""
    return {name: one.version for name, one in sorted(found.items()) if one.state == HALF_INSTALLED and one.version}


def foreign(admin: str = ADMIN) -> frozenset[str]:
    """Return the architectures that may be installed here beside the host's own, which dpkg lists first."""
    return frozenset((files.read(f"{admin}/arch").content or b"").decode().split()[1:])


def own_name(name: str, others: Collection[str]) -> str:
    """Return the name as apt has it: with its architecture only where that is one of the `others`, as `foreign` tells them."""
    plain, _colon, architecture = name.partition(":")
    return name if architecture in others else plain


def automatic(found: Mapping[str, Known], path: str = MARKS) -> frozenset[str]:
    """Return the packages that apt has marked as automatically installed, named as `found` does."""
    marked = set()
    for stanza in (files.read(path).content or b"").decode("utf-8", "replace").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line)
        if fields.get("Auto-Installed") == "1":
            foreign = f"{fields['Package']}:{fields.get('Architecture', '')}"
            marked.add(foreign if foreign in found else fields["Package"])
    return frozenset(marked)


def holder(path: str) -> int | None:
    """Return the process that has locked the file: 0 for one outside of our sight, None for nobody."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        told = struct.unpack(FLOCK, fcntl.fcntl(handle, fcntl.F_GETLK, asked))
    finally:
        os.close(handle)
    return None if told[0] == fcntl.F_UNLCK else max(int(told[4]), 0)


def orphans() -> tuple[int, ...]:
    """Return the processes that run a package's script; without a dpkg that has its lock, they have lost their dpkg."""
    return running(*SCRIPTS)


def running(*parts: bytes) -> tuple[int, ...]:
    """Return the processes whose command line has any of these in it."""
    found = []
    for process in processes.own():
        with contextlib.suppress(OSError):
            if any(part in _command(process) for part in parts):
                found.append(process)
    return tuple(sorted(found))


def busy(locks: Sequence[str] = LOCKS, who: Callable[[str], int | None] = holder) -> tuple[tuple[int, str], ...]:
    """Return who is at work with packages: each process (0 outside of our sight) with what it has."""
    held = [
        (process, f"has the lock {path}")
        for path, process in ((path, who(path)) for path in locks)
        if process is not None
    ]
    return tuple(held) or tuple((one, "is the script of a package, left alone by its dpkg") for one in orphans())


def wait_for_lock(
    wait_s: float, locks: Sequence[str] = LOCKS, who: Callable[[str], int | None] = holder, pause_s: float = PAUSE_S
) -> bool:
    """Wait until nobody is at work with packages; tell whether anybody was. Raise HostLocked with the holder's name."""
    deadline = time.monotonic() + wait_s
    waited = False
    while True:
        found = busy(locks, who)
        if not found:
            return waited
        if time.monotonic() >= deadline:
            process, what = found[0]
            raise HostLocked(
                f"{_named(process)} {what}, and still did after {wait_s:g} s: wait for its end, or give more lock_wait_s"
            )
        waited = True
        time.sleep(pause_s)


def edited(names: Sequence[str], admin: str = ADMIN) -> dict[str, tuple[str, ...]]:
    """Return the configuration files of these packages that are not as they were shipped, by package.

    dpkg asks about those whose new version is another one too. One that somebody has removed stays away without a
    question.
    """
    if not names:
        return {}
    form = "Package: ${binary:Package}\n${Conffiles}\n"
    told = require(["dpkg-query", f"--admindir={admin}", "-W", "-f", form, *names]).out
    found: dict[str, list[str]] = {}
    name = ""
    for line in told.splitlines():
        if line.startswith("Package: "):
            name = line.split(": ", 1)[1]
            # It tells the architecture of libraries that could be there for several, also of the host's own.
            name = name if name in names else name.split(":", 1)[0]
        elif line.strip():
            path, shipped, *more = line.split()
            if "obsolete" not in more and _md5(path) not in (shipped, ""):
                found.setdefault(name, []).append(path)
    return {name: tuple(paths) for name, paths in found.items()}


def files_of(name: str, architecture: str, admin: str = ADMIN) -> tuple[str, ...]:
    """Return the paths that the installed package has, as it was built."""
    for own in (name, f"{name.split(':', 1)[0]}:{architecture}"):
        path = f"{admin}/info/{own}.list"
        with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8", errors="surrogateescape") as file:
            return tuple(file.read().splitlines())
    return ()


def _md5(path: str) -> str:
    """Return dpkg's own fingerprint; "" for what is not there."""
    try:
        with open(path, "rb") as file:
            return hashlib.md5(file.read(), usedforsecurity=False).hexdigest()
    except OSError:
        return ""


def _command(process: int) -> bytes:
    with open(f"/proc/{process}/cmdline", "rb") as file:
        return file.read()


def _named(process: int) -> str:
    command = b""
    if process:
        with contextlib.suppress(OSError):
            command = _command(process)
    words = command.replace(b"\0", b" ").decode("utf-8", "replace").strip()
    return (
        f"process {process}" + (f" ({words})" if words else "")
        if process
        else "a process that cannot be seen from here"
    )
