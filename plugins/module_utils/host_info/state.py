# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What roles need to know of a host, read in one execution."""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Sequence
from typing import Any

from .._host import machine, net, systemd
from .._transaction import ledger, lock, quarantine, recovery
from .._transaction.paths import Paths


def read(*, packages: Sequence[str], units: Sequence[str], ledger_lines: int, ledger_digest: str) -> dict[str, Any]:
    """Return the facts; `packages` and `units` name those that are looked up besides."""
    return {
        **_system(),
        **_network(),
        "packages": dict(machine.package_versions(packages)),
        "units": {
            name: {"load": unit.load, "active": unit.active, "sub": unit.sub, "enabled": unit.is_enabled}
            for name, unit in systemd.show(units).items()
        },
        "transactions": transactions(Paths(), ledger_lines, ledger_digest),
    }


def transactions(paths: Paths, lines: int, known: str) -> dict[str, Any]:
    """Return the tail of the ledger and what stands in the way of the next run.

    Only root may read them; `readable` tells whether we could.
    """
    try:
        held = lock.read(paths)
        return {
            "readable": not os.path.exists(paths.base) or os.access(paths.base, os.R_OK | os.X_OK),
            "ledger": ledger.entries(paths, lines),
            "digest": ledger.tail_digest(paths),
            "chain_holds": ledger.holds(paths, known),
            "lock": {**held._asdict(), "remaining_s": round(held.remaining_s())} if held else None,
            "quarantine": quarantine.read(paths),
            "unfinished": recovery.pending(paths),
        }
    except PermissionError:
        return {"readable": False}


def _system() -> dict[str, Any]:
    release = machine.os_release()
    return {
        "distribution": release.get("NAME", ""),
        "id": release.get("ID", ""),
        "version": release.get("VERSION_ID", ""),
        "codename": release.get("VERSION_CODENAME", ""),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "virtualization": machine.virtualization(),
        "container": machine.is_container(),
        "service_manager": machine.service_manager(),
        "package_manager": machine.package_manager(),
        "cpus": os.cpu_count() or 1,
        "memory_mib": machine.memory_mib(),
    }


def _network() -> dict[str, Any]:
    name = socket.gethostname()
    return {
        "hostname": name.split(".", 1)[0],
        "fqdn": socket.getfqdn(name),
        "default_ipv4": net.default_ipv4(),
        "addresses": net.addresses(),
    }
