# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what this machine may not do although it is root: capabilities that a container lacks, files that it was given."""

from __future__ import annotations

import re

STATUS = "/proc/self/status"
MOUNTS = "/proc/self/mountinfo"
# Numbers of capabilities(7).
SYS_ADMIN, SYS_TIME = 21, 25


def may(capability: int, status: str = STATUS) -> bool:
    """Tell whether this process has the capability of that number."""
    with open(status, encoding="ascii", errors="replace") as file:
        found = re.search(r"^CapEff:\s*([0-9a-f]+)$", file.read(), re.MULTILINE)
    return bool(found and int(found[1], 16) >> capability & 1)


def mount_points(mountinfo: str = MOUNTS) -> frozenset[str]:
    """Return every path at which something is mounted: a file among them cannot be replaced."""
    with open(mountinfo, encoding="utf-8", errors="surrogateescape") as file:
        fields = [line.split(" ") for line in file]
    return frozenset(_plain(one[4]) for one in fields if len(one) > 4)


def _plain(path: str) -> str:
    r"""A space is \040 there, and so on."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)
