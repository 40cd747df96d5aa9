# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom backends and SLOs belong to, by the owners of the hosts that they are about: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

from .watched import Groups, Hostvars, Settings, backend_owners


def owners(groups: Groups, hostvars: Hostvars, settings: Settings) -> dict[str, Any]:
    """Return `slos`, the SLOs of all hosts, each once and with its owner, and `backends`, the owner of each backend.

    An SLO that names no owner has that of its backend, else the one that the hosts which carry it agree on, else none. Raise
    BadInput naming the host whose monitoring_slos are no list.
    """
    backends = backend_owners(groups, hostvars, settings)
    slos = [_owned(slo, of_hosts, backends) for slo, of_hosts in _carried(groups, hostvars)]
    told = {str(slo["backend"]): str(slo["owner"]) for slo in slos if _names(slo, "backend") and _names(slo, "owner")}
    return {"slos": slos, "backends": {**backends, **told}}


def _carried(groups: Groups, hostvars: Hostvars) -> Sequence[tuple[Any, set[str]]]:
    """Each SLO with the owners of the hosts that carry it."""
    found: list[tuple[Any, set[str]]] = []
    for host in sorted({str(one) for one in groups.get("all", ())}):
        for slo in _slos(host, hostvars):
            of_hosts = next((known for one, known in found if one == slo), None)
            if of_hosts is None:
                of_hosts = set()
                found.append((slo, of_hosts))
            of_hosts.update({str(hostvars[host].get("monitoring_owner") or "")} - {""})
    return found


def _slos(host: str, hostvars: Hostvars) -> Iterator[Any]:
    given = hostvars[host].get("monitoring_slos") if host in hostvars else None
    if given is not None and (isinstance(given, (str, Mapping)) or not isinstance(given, Sequence)):
        raise BadInput(
            f"monitoring_slos of {host} is no list: {given!r}. Give a list of dictionaries, one for each SLO"
        )
    yield from given or ()


def _owned(slo: Any, of_hosts: set[str], backends: Mapping[str, str]) -> Any:
    if not isinstance(slo, Mapping) or slo.get("owner"):
        return slo
    owner = backends.get(str(slo.get("backend") or "")) or (min(of_hosts) if len(of_hosts) == 1 else "")
    return {**slo, "owner": owner} if owner else slo


def _names(slo: Any, key: str) -> bool:
    return isinstance(slo, Mapping) and bool(slo.get(key))
