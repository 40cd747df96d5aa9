# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The lists of packages that apt has fetched: how old they are, and fetching them anew."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Sequence

from .._errors import CommandFailed
from .run import run

LISTS = "/var/lib/apt/lists"
SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d")
LOCKED = "Could not get lock"


def are_fresh(valid_s: float, *, lists: str = LISTS, sources: Sequence[str] = SOURCES) -> bool:
    """Tell whether the lists are younger than `valid_s` seconds, and than every source: a new one has no list yet."""
    if not are_there(lists):
        return False
    fetched = os.stat(lists).st_mtime
    files = [path for source in sources for path in (source, *glob.glob(f"{source}/*")) if os.path.exists(path)]
    # Not mtime: a file that was copied or unpacked may keep the time of its origin.
    return time.time() - fetched < valid_s and all(os.stat(path).st_ctime <= fetched for path in files)


def are_there(lists: str = LISTS) -> bool:
    """Tell whether there is any list: who empties the directory makes it new, and nothing on offer is not known then."""
    return bool(glob.glob(f"{glob.escape(lists)}/*_*"))


def age_s(lists: str = LISTS) -> float | None:
    """Return the seconds since the lists were fetched, None where there are none."""
    return max(0.0, time.time() - os.stat(lists).st_mtime) if are_there(lists) else None


def refresh(valid_s: int, *, wait_s: float = 60, timeout_s: float = 300) -> bool:
    """Fetch the lists of packages unless they are fresh, `valid_s` seconds old at most; tell whether it did.

    Waits up to `wait_s` for another apt. Raise CommandFailed when any source cannot be had: a plan made from half of
    the sources would be another plan.
    """
    if are_fresh(valid_s):
        return False
    deadline = time.monotonic() + wait_s
    while True:
        done = run(["apt-get", "-q", "update", "-o", "APT::Update::Error-Mode=any"], timeout_s=timeout_s)
        if done.rc == 0:
            # apt leaves the time of an unchanged directory alone, and the next run would fetch again.
            os.utime(LISTS)
            return True
        if LOCKED not in done.err or time.monotonic() > deadline:
            raise CommandFailed(f"the package lists cannot be fetched: {done.explain()}; check the sources of apt")
        time.sleep(1)
