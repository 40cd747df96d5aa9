# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that are let in from groups of the inventory, as the layer firewall of hardening takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.host_entries import address_of


def firewall_of_groups(
    settings: Mapping[str, Any], groups: Mapping[str, Sequence[str]], hostvars: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the settings with the addresses of each service's `groups` among its `sources`.

    Raise BadInput for a group that the inventory lacks or that has no hosts: without sources, everybody would be let in.
    """
    services = [_service(dict(one), groups, hostvars) for one in settings.get("allow", ())]
    return {**settings, "allow": services} if services else dict(settings)


def _service(
    service: dict[str, Any], groups: Mapping[str, Sequence[str]], hostvars: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    names = service.pop("groups", ())
    for name in names:
        if not groups.get(name):
            raise BadInput(
                f"hardening_firewall.allow {service.get('name')} names the group {name}, which has no hosts in the inventory: mend it, or "
                "give sources"
            )
    # The order of nested groups changes from run to run.
    addresses = sorted({address_of(str(host), hostvars[host]) for name in names for host in groups[name]})
    return {**service, "sources": [*service.get("sources", ()), *addresses]} if addresses else service
