# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Packages that no server should have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import Facts
from ..rule import Package, Rule

UNWANTED = (
    *("xinetd", "openbsd-inetd", "inetutils-inetd", "nis", "ypserv", "rsh-server", "rsh-redone-server"),
    *("rsh-client", "rsh-redone-client", "telnetd", "inetutils-telnetd", "talk", "talkd"),
    *("tftpd", "tftpd-hpa", "atftpd", "prelink", "libpam-ccreds"),
)
OPTIONS: Mapping[str, Any] = {"absent": {"type": "list", "elements": "str", "default": list(UNWANTED)}}


def rules(settings: Mapping[str, Any], _facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    return tuple(
        Rule(
            f"packages-no-{name}",
            "packages",
            f"{name} is not installed",
            "It opens the host to clear-text logins or to services that have no place on a server, or weakens its protections.",
            Package(name, present=False),
            ("CIS Debian 12 2.1", "CIS Debian 12 2.2"),
            2,
        )
        for name in settings["absent"]
    )
