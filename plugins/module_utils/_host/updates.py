# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What apt and dnf have in common when one asks them for updates: the one interface that plans are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

# How urgent an update is, least first; "" is not known.
PRIORITIES = ("low", "medium", "high", "critical")
# Why a package manager itself leaves an update alone.
ON_HOLD = "on hold on this host"


class Update(NamedTuple):
    """One package that goes from one version to another; `before` is "" for a newly needed one, `after` for one that goes.

    `cves` is None where nobody could tell; `age_days` counts from when it was first known to be on offer. `size` are the
    bytes to fetch, `grows` those that the disk has to give. `sha256` is that of the archive, "" where it is not known.
    """

    name: str
    before: str
    after: str
    origin: str = ""
    security: bool = False
    cves: tuple[str, ...] | None = None
    priority: str = ""
    source: str = ""
    size: int = 0
    grows: int = 0
    sha256: str = ""
    age_days: float | None = None


class Resolved(NamedTuple):
    """What comes of asking for some versions: all changes, newly needed and removed packages included.

    `left` are those asked for that cannot be had, each with the reason; `garbage` is what nothing needs any more then,
    and something needs now.
    """

    changes: tuple[Update, ...] = ()
    left: Mapping[str, str] = {}
    garbage: tuple[str, ...] = ()


class Manager(Protocol):
    """A package manager that was opened once: it reads, and changes nothing.

    Names are the package's own, with its architecture where that is not the host's (apt `name:arch`, dnf `name.arch`).
    Versions are as the manager prints them (an epoch of 0 left out).
    """

    name: str
    # Where the CVEs that `rate` tells come from.
    cve_source: str

    def installed(self) -> Mapping[str, str]:
        """Return name and version of all that is installed (of several versions side by side the newest)."""

    def candidates(self) -> tuple[Update, ...]:
        """Return every installed package that has a newer version on offer, held and phased ones included."""

    def held(self) -> Mapping[str, str]:
        """Return the installed packages that the manager itself leaves alone, each with the reason."""

    def resolve(self, wanted: Mapping[str, str], *, removals: bool) -> Resolved:
        """Return what bringing these packages to these versions would change; older and newly installed ones too.

        Nothing else that is installed changes its version. Without `removals` nothing is removed: what would need it is in `left`.
        """

    def beside(self, name: str) -> tuple[str, ...]:
        """Return the versions of a package that stand side by side, as those of a kernel do; () for one that has but one."""

    def compare(self, one: str, other: str) -> int:
        """Return below 0, 0 or above 0 as the version `one` is older than, the same as, or newer than the `other`."""

    def auto(self) -> frozenset[str]:
        """Return the packages that are there for others' sake."""

    def offers(self, name: str, version: str) -> bool:
        """Tell whether a repository has this version of the package."""

    def rehearse(self, words: Sequence[str]) -> Mapping[str, str]:
        """Return the versions ("" for none) that installing these would lead to: archives by path, name=version, name- to remove."""

    def interrupted(self) -> tuple[str, ...]:
        """Return what was begun and not ended: it has to be mended before anything else."""

    def is_broken(self) -> bool:
        """Tell whether what is missing keeps what was interrupted from its end, so that nothing can be foretold."""

    def edited(self, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the configuration files of these packages that somebody has edited, by package."""

    def files_of(self, name: str) -> tuple[str, ...]:
        """Return the paths that the installed package has."""

    def rate(self, update: Update, store: str) -> Update:
        """Return the update with its CVEs, as far as repositories, or archives at hand (also in `store`), tell them."""

    def lists_age_s(self) -> float | None:
        """Return how old what it knows of its repositories is, in seconds; None where it knows nothing."""

    def wants_reboot(self) -> bool | None:
        """Return the manager's own word on whether a reboot is due, None where it has none."""
