# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read a host's network: its names and addresses."""

from __future__ import annotations

import json
import socket
from typing import Any

from .run import run

# Reserved for documentation, so nobody is there; connecting a datagram socket sends nothing, it only asks the routes.
SOMEWHERE = ("192.0.2.1", 9)


def default_ipv4() -> str:
    """Return the address that this host speaks from towards the world; "" where no route leads there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(SOMEWHERE)
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def addresses() -> list[dict[str, Any]]:
    """Return the global addresses of all interfaces; [] where `ip` is missing."""
    done = run(["ip", "-j", "address", "show", "scope", "global"], timeout_s=10)
    return parse_addresses(done.out) if done.rc == 0 else []


def parse_addresses(out: str) -> list[dict[str, Any]]:
    """Return interface, family, address and prefix of each address that `ip -j address` tells of."""
    return [
        {"interface": link["ifname"], "family": one["family"], "address": one["local"], "prefix": one["prefixlen"]}
        for link in json.loads(out or "[]")
        for one in link.get("addr_info", ())
        if "local" in one  # with a scope asked for, ip leaves empty entries for the others
    ]
