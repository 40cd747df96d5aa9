# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of the inventory as entries of a hosts file."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

# Where a host is reached by other hosts; Ansible's own way to it may lead through a bastion or a tunnel.
ADDRESS = "provisioning_address"


def host_entries(
    names: Sequence[str], groups: Mapping[str, Sequence[str]], hostvars: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return an entry for each host of the groups of these names, as the module host_settings takes them in `hosts`.

    A host that has no name but its address needs none.
    Raise BadInput for a group that the inventory lacks, and for a host whose IP address it does not tell.
    """
    unknown = [name for name in names if name not in groups]
    if unknown:
        raise BadInput(f"the inventory has no group {', '.join(unknown)}: mend provisioning_hosts_groups")
    # A host of two groups is one entry. Ansible gives the hosts of nested groups in another order from run to run.
    hosts = sorted({str(host) for name in names for host in groups[name] if not _is_address(str(host))})
    return [{"address": address_of(host, hostvars[host]), "names": _names(host)} for host in hosts]


def address_of(host: str, known: Mapping[str, Any]) -> str:
    """Return the IP address by which other hosts reach this one; raise BadInput where its variables do not tell it."""
    address = str(known.get(ADDRESS) or known.get("ansible_host") or host)
    if not _is_address(address):
        raise BadInput(f"host {host} is at {address!r}, which is no IP address: give it {ADDRESS}")
    return str(ipaddress.ip_address(address))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _names(host: str) -> list[str]:
    return list(dict.fromkeys((host, host.partition(".")[0])))
