# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""AppArmor: what a program may touch, whatever it was made to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import Facts
from ..rule import Package, Rule, Unit

OPTIONS: Mapping[str, Any] = {}
WHY = "A program that was taken over still reaches only what its profile has."


def rules(_settings: Mapping[str, Any], facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    skip = f"profiles belong to the kernel, which a container shares ({facts.container})" if facts.container else ""
    return (
        Rule(
            "apparmor-installed",
            "apparmor",
            "apparmor is installed",
            WHY,
            Package("apparmor"),
            ("CIS Debian 12 1.3.1.1",),
            2,
            skip,
        ),
        Rule(
            "apparmor-running",
            "apparmor",
            "Its profiles are loaded at boot",
            WHY,
            Unit("apparmor.service"),
            ("CIS Debian 12 1.3.1.3",),
            2,
            skip,
        ),
    )
