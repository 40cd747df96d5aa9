# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The packages that dnf knows of: those installed, and those that its repositories have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import dnf_base

# The keys of repositories are in the database of packages too.
KEYS = "gpg-pubkey"


class Packages:
    """What is installed has the names that a Manager gives, each with its versions, the newest last."""

    def __init__(self, base: Any) -> None:
        self._dnf, self._hawkey = dnf_base.load()
        self.base, self.sack = base, base.sack
        found: dict[str, list[Any]] = {}
        for package in sorted(self.installed_query()):
            if package.name != KEYS:
                found.setdefault(self.name(package), []).append(package)
        self.installed: Mapping[str, list[Any]] = found

    def installed_query(self) -> Any:
        """Return a query for what is installed, excluded or not: what is excluded is there all the same."""
        return self.sack.query(flags=self._hawkey.IGNORE_EXCLUDES).installed()

    def every(self) -> Any:
        """Return a query that sees what is excluded too, but not the packages of module streams that are not enabled."""
        return self.sack.query(flags=self._hawkey.IGNORE_REGULAR_EXCLUDES)

    def version(self, name: str, version: str) -> Any:
        """Return this version of the package as it can be fetched, from the repository that dnf would prefer; None for none."""
        named = self.every().available().filterm(name=[name, name.rpartition(".")[0]])
        found = [one for one in named if one.evr == version and self.name(one) == name]
        return min(found, key=lambda one: (one.repo.priority, one.repo.cost, one.reponame), default=None)

    def is_one_of_many(self, package: Any) -> bool:
        """Tell whether versions of the package are installed side by side, as those of a kernel are."""
        return package in set(self.every().filterm(provides=self.base.conf.installonlypkgs, name=package.name))

    def name(self, package: Any) -> str:
        """Return the name that the Manager has for a package, or for a part of an advisory or a transaction."""
        arch = str(package.arch)
        native = arch == "noarch" or self._dnf.rpm.basearch(arch) == self.base.conf.substitutions["basearch"]
        return str(package.name) if native else f"{package.name}.{arch}"
