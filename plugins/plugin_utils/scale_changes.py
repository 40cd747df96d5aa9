# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a load balancer has against what the inventory says: who is too many, and who is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Changes(NamedTuple):
    """Pairs of backend and server that are too many, and hosts that are missing somewhere."""

    gone: tuple[tuple[str, str], ...]
    new: tuple[str, ...]


def compare(wanted: Iterable[Mapping[str, Any]], found: Mapping[str, Mapping[str, Any]]) -> Changes:
    """Return what has to change for the backends that are both `wanted` and `found`.

    A backend that is gone, or new, as a whole goes or comes with HAProxy's configuration. With colours one server of a host is
    enough for it not to be missing: the other one comes with the configuration too.
    """
    gone, new = [], []
    for backend in wanted:
        if backend["name"] not in found:
            continue
        there = list(found[backend["name"]]["servers"])
        servers = {host: _servers(host, backend) for host in backend["hosts"]}
        expected = [name for names in servers.values() for name in names]
        gone += [(str(backend["name"]), name) for name in there if name not in expected]
        new += [host for host, names in servers.items() if not set(names) & set(there)]
    return Changes(tuple(gone), tuple(dict.fromkeys(new)))


def _servers(host: str, backend: Mapping[str, Any]) -> list[str]:
    return [host] if "port" in backend else [f"{host}-{colour}" for colour in backend["colours"]]
