# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""fail2ban: who guesses at the SSH server is not listened to for a while."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from ..._errors import BadInput
from ..._transaction import steps
from ..facts import Facts
from ..rule import File, Package, Rule, Unit

OPTIONS: Mapping[str, Any] = {
    "ignore": {"type": "list", "elements": "str", "default": []},
    "ban_s": {"type": "int", "default": 600},
    "retries": {"type": "int", "default": 5},
}
JAIL = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
[sshd]
enabled = true
backend = systemd
port = {ports}
banaction = nftables-multiport
maxretry = {retries}
bantime = {ban_s}
ignoreip = {ignore}
"""
WHY = "Guessing becomes slow, and its noise leaves the log."


def rules(settings: Mapping[str, Any], facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    skip = "" if facts.net_admin else "this container may not change its firewall (it lacks the capability NET_ADMIN)"
    jail = JAIL.format(
        ports=",".join(str(port) for port in facts.ssh_ports),
        retries=settings["retries"],
        ban_s=settings["ban_s"],
        ignore=" ".join(["127.0.0.0/8", "::1", *(_network(one) for one in settings["ignore"])]),
    )
    reload = (steps.unit("fail2ban.service", "restart"),)
    return (
        Rule("fail2ban-installed", "fail2ban", "fail2ban is installed", WHY, Package("fail2ban"), (), 1, skip),
        Rule("fail2ban-journal", "fail2ban", "It can read the journal", WHY, Package("python3-systemd"), (), 1, skip),
        Rule("fail2ban-nftables", "fail2ban", "It can shut somebody out", WHY, Package("nftables"), (), 1, skip),
        Rule(
            "fail2ban-sshd",
            "fail2ban",
            "It watches the SSH server",
            WHY,
            File("/etc/fail2ban/jail.local", jail, 0o644, reload),
            (),
            1,
            skip,
        ),
        Rule("fail2ban-running", "fail2ban", "It runs", WHY, Unit("fail2ban.service"), (), 1, skip),
    )


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise BadInput(
            f"fail2ban.ignore has {text!r}, which is no address and no network: write it as 192.0.2.0/24"
        ) from None
