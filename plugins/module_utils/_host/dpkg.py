# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what dpkg and apt know to be installed, and wait for whoever has dpkg's lock."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .._errors import HostLocked
from . import files
from .run import require

ADMIN = "/var/lib/dpkg"
MARKS = "/var/lib/apt/extended_states"
LOCKS = (f"{ADMIN}/lock-frontend", f"{ADMIN}/lock", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock")
FIELDS = ("Package", "Architecture", "db:Status-Abbrev", "Version", "Installed-Size", "Essential", "Protected")
INSTALLED, CONFIG_FILES, ABSENT = "i", "c", "n"
# Half-installed, unpacked, half-configured, triggers awaited, triggers pending (dpkg-query(1)).
HALF_INSTALLED, UNFINISHED = "H", "HUFWt"
HOLD = "h"
# struct flock of a 64-bit Linux: type, whence, start, length, process.
FLOCK = "@hhqqi0q"
PAUSE_S = 0.5


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
            found[own] = Known(version, status[1:2], status[:1], size, "yes" in (essential, protected))
    return found


def interrupted(found: Mapping[str, Known], admin: str = ADMIN) -> tuple[str, ...]:
    """Return what dpkg was interrupted at: packages by name, or its own journal; () when all is finished."""
    half = [name for name, one in sorted(found.items()) if one.state in UNFINISHED]
    journal = [f"{admin}/updates"] if files.listing(f"{admin}/updates") else []
    return tuple(half or journal)


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


def wait_for_lock(
    wait_s: float, locks: Sequence[str] = LOCKS, who: Callable[[str], int | None] = holder, pause_s: float = PAUSE_S
) -> bool:
    """Wait until nobody has a lock of dpkg or apt; tell whether anybody had. Raise HostLocked with the holder's name."""
    deadline = time.monotonic() + wait_s
    waited = False
    while True:
        busy = [(path, process) for path, process in ((path, who(path)) for path in locks) if process is not None]
        if not busy:
            return waited
        if time.monotonic() >= deadline:
            path, process = busy[0]
            raise HostLocked(
                f"{_named(process)} has the lock {path}, and still had it after {wait_s:g} s: wait for its end, or give "
                "more lock_wait_s"
            )
        waited = True
        time.sleep(pause_s)


def _named(process: int) -> str:
    command = b""
    if process:
        with contextlib.suppress(OSError), open(f"/proc/{process}/cmdline", "rb") as file:
            command = file.read()
    words = command.replace(b"\0", b" ").decode("utf-8", "replace").strip()
    return (
        f"process {process}" + (f" ({words})" if words else "")
        if process
        else "a process that cannot be seen from here"
    )
