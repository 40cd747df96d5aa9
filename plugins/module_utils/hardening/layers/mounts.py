# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Options of mount points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import Facts
from ..rule import Mount, Rule

PLAIN, ALL = ("nodev", "nosuid"), ("nodev", "nosuid", "noexec")
POINTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("/dev/shm", ALL, ("CIS Debian 12 1.1.2.2",)),  # noqa: S108 - nothing is written there
    ("/home", PLAIN, ("CIS Debian 12 1.1.2.3",)),
    ("/tmp", PLAIN, ("CIS Debian 12 1.1.2.1",)),  # noqa: S108 - nothing is written there
    ("/var/tmp", PLAIN, ("CIS Debian 12 1.1.2.5",)),  # noqa: S108 - nothing is written there
    ("/var/log", ALL, ("CIS Debian 12 1.1.2.6",)),
    ("/var/log/audit", ALL, ("CIS Debian 12 1.1.2.7",)),
)
OPTIONS: Mapping[str, Any] = {"hidepid": {"type": "bool", "default": False}}
INSIDE = "a container's mounts are made from outside ({0})"


def rules(settings: Mapping[str, Any], facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    skip = INSIDE.format(facts.container) if facts.container else ""
    found = [
        Rule(
            f"mounts-{point.strip('/').replace('/', '-')}",
            "mounts",
            f"{point} is mounted with {','.join(options)}",
            "What others may write there cannot become a device, a privileged program or, where so mounted, a program at all.",
            Mount(point, options),
            refs,
            2,
            skip,
        )
        for point, options, refs in POINTS
    ]
    if settings["hidepid"]:
        why = "Nobody sees the arguments of another one's processes."
        found.append(
            Rule(
                "mounts-proc",
                "mounts",
                "/proc hides other people's processes",
                why,
                Mount("/proc", ("hidepid=2",)),
                (),
                1,
                skip,
            )
        )
    return tuple(found)
