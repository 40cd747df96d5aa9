# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Which package manager the host has, opened behind the one interface."""

from __future__ import annotations

from .._errors import BadInput
from .._host import apt, apt_lists, dnf, dnf_base, dpkg, machine
from .._host.updates import Manager
from .._transaction import archives

AUTO, APT, DNF = "auto", "apt", "dnf"


def find(given: str) -> str:
    """Return the manager to use: the one given, or the one that the host has; raise BadInput where it has none."""
    found = machine.package_manager() if given == AUTO else given
    if not found:
        raise BadInput("manager: this host has neither apt nor dnf, and no other one is known here")
    return found


def open_manager(name: str) -> Manager:
    """Open it; raise FleetError, with the cure, where it cannot read the host's packages."""
    return dnf.open_manager() if name == DNF else apt.open_manager()


def refresh(name: str, valid_s: int, *, wait_s: float) -> None:
    """Fetch the lists of packages unless they are fresh enough; raise CommandFailed when one cannot be had."""
    (dnf_base if name == DNF else apt_lists).refresh(valid_s, wait_s=wait_s)


def wait(name: str, wait_s: float) -> None:
    """Wait for whoever is at work with packages; raise HostLocked with his name."""
    if name == APT:
        dpkg.wait_for_lock(wait_s)


def half_installed(name: str, store: str) -> tuple[str, ...]:
    """Return what was stopped at unpacking and has to be installed anew: its archive in the store, or name=version."""
    return tuple(archives.words(store, dpkg.half_installed(dpkg.known()))) if name == APT else ()
