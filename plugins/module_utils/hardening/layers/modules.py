# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Kernel modules that a server does not need, and that were holes before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import Facts
from ..rule import KernelModule, Rule

FILE_SYSTEMS = ("cramfs", "freevxfs", "hfs", "hfsplus", "jffs2", "squashfs", "udf")
PROTOCOLS = ("dccp", "rds", "sctp", "tipc")
BUSES = ("usb-storage", "firewire-core")
OPTIONS: Mapping[str, Any] = {
    "disabled": {"type": "list", "elements": "str", "default": [*FILE_SYSTEMS, *PROTOCOLS, *BUSES]},
}


def rules(settings: Mapping[str, Any], facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    return tuple(_rule(name, facts) for name in settings["disabled"])


def _rule(name: str, facts: Facts) -> Rule:
    used = name in facts.file_systems or (name == "vfat" and facts.efi)
    return Rule(
        f"modules-no-{name.replace('_', '-')}",
        "modules",
        f"The module {name} is not loaded",
        "The kernel loads it for whoever asks, and code that nobody uses is where holes stay.",
        KernelModule(name),
        ("CIS Debian 12 1.1.1",)
        if name in (*FILE_SYSTEMS, "usb-storage")
        else ("CIS Debian 12 3.2",)
        if name in PROTOCOLS
        else (),
        1,
        "a file system of this kind is in use" if used else "",
    )
