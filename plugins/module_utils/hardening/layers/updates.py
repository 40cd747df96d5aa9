# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Security updates by themselves, and services restarted after them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import Facts
from ..rule import File, Package, Rule

OPTIONS: Mapping[str, Any] = {
    "needrestart": {"type": "str", "choices": ["absent", "list", "restart"], "default": "absent"}
}
PERIODIC = """// Managed by groundcrew.fleet.hardening: changes made here are replaced.
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
APT::Periodic::AutocleanInterval "7";
"""
NEEDRESTART = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
$nrconf{restart} = '%s';
"""
WHY = "A hole that is known and mended upstream is the one that is used."


def rules(settings: Mapping[str, Any], _facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    unattended = (
        Rule(
            "updates-unattended",
            "updates",
            "unattended-upgrades is installed",
            WHY,
            Package("unattended-upgrades"),
            weight=2,
        ),
        Rule(
            "updates-daily",
            "updates",
            "Security updates are taken every day",
            WHY,
            File("/etc/apt/apt.conf.d/52groundcrew-hardening", PERIODIC),
            ("CIS Debian 12 1.2.2.1",),
            2,
        ),
    )
    return (*unattended, *(_needrestart(settings["needrestart"]) if settings["needrestart"] != "absent" else ()))


def _needrestart(what: str) -> tuple[Rule, ...]:
    why = "A service that still runs replaced code is as open as before its update."
    text = NEEDRESTART % ("a" if what == "restart" else "l")
    return (
        Rule("updates-needrestart", "updates", "needrestart is installed", why, Package("needrestart")),
        Rule(
            "updates-needrestart-mode",
            "updates",
            "needrestart never asks",
            "A question of an update that runs by itself is answered by nobody.",
            File("/etc/needrestart/conf.d/50-groundcrew-hardening.conf", text),
        ),
    )
