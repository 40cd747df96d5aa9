# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Core dumps: the memory of a program on the disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import Facts
from ..rule import File, Rule

OPTIONS: Mapping[str, Any] = {}
HEADER = "# Managed by groundcrew.fleet.hardening: changes made here are replaced.\n"
WHY = "A dump has the keys and passwords that its program had."


def rules(_settings: Mapping[str, Any], _facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    limits = File("/etc/security/limits.d/10-groundcrew-hardening.conf", f"{HEADER}* hard core 0\n", 0o440)
    systemd = File(
        "/etc/systemd/coredump.conf.d/50-groundcrew-hardening.conf",
        f"{HEADER}[Coredump]\nStorage=none\nProcessSizeMax=0\n",
    )
    return (
        Rule(
            "coredumps-limits", "coredumps", "Nobody's programs leave a dump", WHY, limits, ("CIS Debian 12 1.5.3",), 2
        ),
        Rule("coredumps-systemd", "coredumps", "systemd keeps no dumps", WHY, systemd, ("CIS Debian 12 1.5.3",), 2),
    )
