# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The processes of this host."""

from __future__ import annotations

import os
from collections.abc import Iterator


def own() -> Iterator[int]:
    """Yield the processes of this host, without those of its containers, which are a system of their own.

    One that may not be looked into is yielded: nobody can tell that it is another's.
    """
    here = os.readlink("/proc/self/ns/pid")
    for name in os.listdir("/proc"):
        if name.isdigit() and _space(name, here) == here:
            yield int(name)


def _space(name: str, unknown: str) -> str:
    try:
        return os.readlink(f"/proc/{name}/ns/pid")
    except PermissionError:
        return unknown
    except OSError:
        return ""
