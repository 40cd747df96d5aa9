# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""nftables: nothing gets in that is not listed.

It is a table of our own, loaded by a unit of our own, so that it goes as it came and other tables stay.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._errors import BadInput
from ..._transaction import steps
from ..facts import Facts
from ..rule import File, Package, Rule, Unit

RULESET, UNIT = "/etc/groundcrew/firewall.nft", "groundcrew-firewall.service"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,63}")
SERVICE = {
    "name": {"type": "str", "required": True},
    "ports": {"type": "list", "elements": "str", "default": []},
    "protocol": {"type": "str", "choices": ["tcp", "udp", "vrrp", "esp", "ah", "gre"], "default": "tcp"},
    "sources": {"type": "list", "elements": "str", "default": []},
}
OPTIONS: Mapping[str, Any] = {
    "allow": {"type": "list", "elements": "dict", "default": [], "options": SERVICE},
    "ssh_sources": {"type": "list", "elements": "str", "default": []},
    "log_dropped": {"type": "bool", "default": True},
    "ping": {"type": "bool", "default": True},
}
# RFC 4890: without these no host has an address, a router or a path.
ICMPV6 = (
    *("destination-unreachable", "packet-too-big", "time-exceeded", "parameter-problem"),
    *("nd-router-solicit", "nd-router-advert", "nd-neighbor-solicit", "nd-neighbor-advert"),
)
# RFC 4890: without these no switch passes multicast on, of which the addresses of neighbours are found.
MLD = ("mld-listener-query", "mld-listener-report", "mld-listener-done", "mld2-listener-report")
LINK_LOCAL = "fe80::/10"
# By number: a host need not have /etc/protocols.
PORTLESS = {"vrrp": 112, "esp": 50, "ah": 51, "gre": 47}
LOADED = ("nft", "list", "table", "inet", "groundcrew")
TEST = steps.argv(["nft", "-c", "-f", RULESET])
RELOAD = steps.unit(UNIT, "reload")
SYSTEMD = f"""# Managed by groundcrew.fleet.hardening: changes made here are replaced.
[Unit]
Description=The firewall of groundcrew.fleet
Documentation=man:nft(8)
DefaultDependencies=no
# Its file begins with flush ruleset, which takes ours too: what it does, ours does after it.
After=nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f {RULESET}
ExecReload=/usr/sbin/nft -f {RULESET}
ExecStop=/usr/sbin/nft delete table inet groundcrew
[Install]
WantedBy=sysinit.target
"""
WHY = "What listens by mistake is reached by nobody."


def rules(settings: Mapping[str, Any], facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    skip = "" if facts.net_admin else "this container may not change its firewall (it lacks the capability NET_ADMIN)"
    text = ruleset(settings, facts.ssh_ports)
    refs = ("CIS Debian 12 4.3",)
    return (
        Rule("firewall-installed", "firewall", "nftables is installed", WHY, Package("nftables"), refs, 2, skip),
        Rule(
            "firewall-unit",
            "firewall",
            "A unit loads it before the network is up",
            WHY,
            File(f"/etc/systemd/system/{UNIT}", SYSTEMD),
            refs,
            2,
            skip,
        ),
        Rule(
            "firewall-rules",
            "firewall",
            "What is not listed is dropped",
            WHY,
            File(RULESET, text, 0o600, (TEST, RELOAD)),
            refs,
            3,
            skip,
        ),
        Rule("firewall-running", "firewall", "The rules are loaded", WHY, Unit(UNIT, effect=LOADED), refs, 3, skip),
    )


def ruleset(settings: Mapping[str, Any], ssh_ports: Sequence[int]) -> str:
    """Return the file for nft(8): it replaces our table in one step, whether it is loaded or not."""
    services = [
        {
            "name": "ssh",
            "ports": [str(port) for port in ssh_ports],
            "protocol": "tcp",
            "sources": settings["ssh_sources"],
        },
        *settings["allow"],
    ]
    lines = [
        "ct state established,related accept",
        "ct state invalid drop",
        'iifname "lo" accept',
        f"icmpv6 type {{ {', '.join(ICMPV6)} }} accept",
        f"ip6 saddr {{ ::, {LINK_LOCAL} }} icmpv6 type {{ {', '.join(MLD)} }} accept",
        # The question went to all servers, so that no answer is known as one.
        f"ip6 saddr {LINK_LOCAL} udp sport 547 udp dport 546 accept",
        "icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
        *(
            f"{family} type echo-request limit rate 10/second accept"
            for family in ("icmp", "icmpv6")
            if settings["ping"]
        ),
        *(line for service in services for line in _accept(service)),
        *(['limit rate 5/minute log prefix "groundcrew dropped: "'] if settings["log_dropped"] else []),
    ]
    body = "".join(f"    {line}\n" for line in lines)
    return (
        "#!/usr/sbin/nft -f\n# Managed by groundcrew.fleet.hardening: changes made here are replaced.\n"
        "table inet groundcrew\ndelete table inet groundcrew\n"
        "table inet groundcrew {\n  chain input {\n    type filter hook input priority filter; policy drop;\n"
        f"{body}  }}\n}}\n"
    )


def _accept(service: Mapping[str, Any]) -> list[str]:
    if not NAME.fullmatch(service["name"]):
        raise BadInput(f"firewall.allow has the name {service['name']!r}: use letters, digits, spaces and . _ / -")
    to = f'{_match(service)} accept comment "{service["name"]}"'
    networks = [_network(one, service["name"]) for one in service["sources"]]
    if not networks:
        return [to]
    found = []
    for version, word in ((4, "ip"), (6, "ip6")):
        of_version = sorted({str(one) for one in networks if one.version == version})
        found += [f"{word} saddr {{ {', '.join(of_version)} }} {to}"] if of_version else []
    return found


def _match(service: Mapping[str, Any]) -> str:
    protocol, name = service["protocol"], service["name"]
    if protocol in PORTLESS:
        if service["ports"]:
            raise BadInput(f"firewall.allow {name} has ports, which {protocol} does not know: leave them out")
        return f"meta l4proto {PORTLESS[protocol]}"
    if not service["ports"]:
        raise BadInput(f"firewall.allow {name} has no ports: give those of {protocol} at which it listens")
    return f"{protocol} dport {{ {', '.join(_port(port, name) for port in service['ports'])} }}"


def _port(text: str, name: str) -> str:
    first, _dash, last = text.partition("-")
    numbers = [first, last] if last else [first]
    if not all(one.isdigit() and 0 < int(one) < 65536 for one in numbers) or int(numbers[0]) > int(numbers[-1]):
        raise BadInput(
            f"firewall.allow {name} has port {text!r}: give a number from 1 to 65535, or a range such as 8000-8010"
        )
    return text


def _network(text: str, name: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise BadInput(
            f"firewall.allow {name} has source {text!r}, which is no address and no network: write it as 192.0.2.0/24; a host of the "
            "inventory needs an address in ansible_host"
        ) from None
