# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Ask dnf 4 for updates, through the host's own python3-dnf."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import dnf_archive, dnf_base, dnf_files, dnf_holds
from .dnf_goal import Solver
from .dnf_packages import Packages
from .run import run
from .updates import ON_HOLD, PRIORITIES, Resolved, Update

# The words of advisories; makers of distributions differ.
SEVERITIES = {
    "low": "low",
    "moderate": "medium",
    "medium": "medium",
    "important": "high",
    "high": "high",
    "critical": "critical",
}
AUTOMATIC = ("dependency", "weak-dependency")
REBOOT = "Reboot is required"
DAY_S = 86400
TIMEOUT_S = 60


def open_manager(*, wait_s: float = 60) -> Dnf:
    """Open the host's packages and what its repositories had when they were fetched last.

    Waits up to `wait_s` for another dnf. Raise FleetError, with the cure, where python3-dnf is missing or cannot read it.
    """
    return Dnf(dnf_base.filled(wait_s=wait_s))


def needs_reboot() -> bool | None:
    """Return dnf's own word on whether what was updated needs a reboot, None where its plugin for that is missing."""
    done = run(["dnf", "--quiet", "--cacheonly", "needs-restarting", "--reboothint"], timeout_s=TIMEOUT_S)
    if done.rc == 0:
        return False
    return True if REBOOT in done.out else None


class Dnf:
    """The Manager of hosts with dnf 4; see updates.py for what its methods promise.

    Of packages that are installed side by side, such as kernels, the newest counts: the update of one goes from the newest
    that is installed, although that one stays where it is. Only with removals does resolving keep to the host's limit
    for their number, and tells of each that goes for it.
    What another package obsoletes has no newer version of its own, and is nothing that `candidates` tells.
    """

    name = "dnf"
    cve_source = "updateinfo"

    def __init__(self, base: Any) -> None:
        self._dnf, self._hawkey = dnf_base.load()
        self._base, self._sack = base, base.sack
        self._packages = Packages(base)
        self._installed, self._name = self._packages.installed, self._packages.name
        self._solver = Solver(self._packages)
        self._told = {repo.id for repo in base.repos.iter_enabled() if repo.get_metadata_path("updateinfo")}

    def installed(self) -> Mapping[str, str]:
        return {name: str(packages[-1].evr) for name, packages in self._installed.items()}

    def beside(self, name: str) -> tuple[str, ...]:
        versions = tuple(str(one.evr) for one in self._installed.get(name, ()))
        return versions if len(versions) > 1 else ()

    def compare(self, one: str, other: str) -> int:
        return int(self._sack.evr_cmp(one, other))

    def candidates(self) -> tuple[Update, ...]:
        fixes = self._fixes()
        offered = {**self._offered(self._packages.every()), **self._offered(self._sack.query())}
        return tuple(self._update(package, fixes) for _name, package in sorted(offered.items()))

    def held(self) -> Mapping[str, str]:
        allowed = self._offered(self._sack.query())
        excluded = dict.fromkeys(
            self._offered(self._packages.every()), f"{ON_HOLD}: excluded in the configuration of dnf"
        )
        locked = {}
        for lock in dnf_holds.locks(self._base.conf.pluginconfpath):
            names = self._names_in(lock)
            locked.update(
                {name: f"{ON_HOLD}: versionlock {lock}" for name in self._installed if self._plain(name) in names}
            )
        return {name: why for name, why in {**excluded, **locked}.items() if name not in allowed}

    def interrupted(self) -> tuple[str, ...]:
        """See updates.py; that are packages that are there twice, and those of a transaction of dnf's that has no end.

        A later transaction of dnf's puts an end to that; what was mended with rpm alone counts as interrupted until then.
        """
        twice = {
            name
            for name, packages in self._installed.items()
            if len(packages) > 1 and not self._packages.is_one_of_many(packages[0])
        }
        last = self._base.history.last(complete_transactions_only=False)
        begun = last.packages() if last is not None and not last.end_timestamp else ()
        return tuple(sorted(twice | {self._name(item) for item in begun}))

    def auto(self) -> frozenset[str]:
        """Return the packages that are there because another needs or recommends them."""
        return frozenset(name for name, packages in self._installed.items() if packages[-1].reason in AUTOMATIC)

    def lists_age_s(self) -> float | None:
        paths = [repo.get_metadata_path("primary") for repo in self._base.repos.iter_enabled()]
        return max((time.time() - os.stat(path).st_mtime for path in paths if path), default=None)

    def archive(self, name: str, version: str, into: str) -> str | None:
        """Put the .rpm of exactly this version into the directory and return its path, None where no repository has it.

        It is fetched unless dnf has it already. Raise CommandFailed when it is not what the repository says, or
        its signature is not what the host asks for.
        """
        package = self._packages.version(name, version)
        return dnf_archive.put(self._base, package, into) if package else None

    def is_broken(self) -> bool:
        """See updates.py; what was cut off can be foretold all the same, since the newest of two counts."""
        return False

    def edited(self, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        return dnf_files.edited(names)

    def files_of(self, name: str) -> tuple[str, ...]:
        return tuple(self._installed[name][-1].files) if name in self._installed else ()

    def offers(self, name: str, version: str) -> bool:
        return bool(self._packages.version(name, version))

    def rate(self, update: Update, store: str) -> Update:
        """See updates.py; advisories have told already."""
        del store
        return update

    def rehearse(self, words: Sequence[str]) -> Mapping[str, str]:
        """See updates.py; dnf itself tells what would go beside, and refuses, when it is done."""
        del words
        return {}

    def wants_reboot(self) -> bool | None:
        return needs_reboot()

    def resolve(self, wanted: Mapping[str, str], *, removals: bool) -> Resolved:
        now = self.installed()
        targets, left = {}, {}
        for name, version in wanted.items():
            package = self._packages.version(name, version)
            if now.get(name) == version:
                continue
            if version in [one.evr for one in self._installed.get(name, ())]:
                left[name] = f"version {version} is there, next to {now[name]}"
            elif package:
                targets[name] = package
            else:
                left[name] = f"no repository of this host has version {version}"
        solved = self._solver.solve(targets, removals=removals)
        fixes = self._fixes()
        changes = [self._update(package, fixes) for package in solved.coming]
        changes += [Update(self._name(one), str(one.evr), "", grows=-one.installsize) for one in solved.gone]
        return Resolved(tuple(sorted(changes, key=lambda one: one[:3])), {**left, **solved.refused})

    def _update(self, package: Any, fixes: Mapping[str, list[Any]]) -> Update:
        """Return the update to this package, with what the advisories for all versions on the way to it say."""
        name = self._name(package)
        before = self._installed[name][-1] if name in self._installed else None
        between = [
            (one, one.get_advisory(self._sack))
            for one in fixes.get(name, ())
            if before and self.compare(before.evr, one.evr) < 0 and self.compare(one.evr, package.evr) <= 0
        ]
        security = [advisory for _one, advisory in between if advisory.type == self._hawkey.ADVISORY_SECURITY]
        own = [advisory.updated.timestamp() for one, advisory in between if self.compare(one.evr, package.evr) == 0]
        return Update(
            name,
            str(before.evr) if before else "",
            str(package.evr),
            origin=package.reponame,
            security=bool(security),
            cves=self._cves(advisory for _one, advisory in between)
            if between or package.reponame in self._told
            else None,
            priority=_highest(advisory.severity for advisory in security),
            source=package.source_name or package.name,
            size=package.downloadsize,
            grows=package.installsize
            - (before.installsize if before and not self._packages.is_one_of_many(package) else 0),
            sha256=self._sha256(package),
            age_days=max(time.time() - min(own, default=package.buildtime), 0) / DAY_S,
        )

    def _fixes(self) -> dict[str, list[Any]]:
        """Return what advisories there are for versions newer than those installed, by name."""
        found: dict[str, list[Any]] = {}
        for one in self._packages.installed_query().get_advisory_pkgs(self._hawkey.GT):
            found.setdefault(self._name(one), []).append(one)
        return found

    def _cves(self, advisories: Iterable[Any]) -> tuple[str, ...]:
        references = (reference for advisory in advisories for reference in advisory.references)
        return tuple(sorted({one.id for one in references if one.type == self._hawkey.REFERENCE_CVE}))

    def _sha256(self, package: Any) -> str:
        kind, digest = package.chksum or (None, b"")
        return digest.hex() if kind == self._hawkey.CHKSUM_SHA256 else ""

    def _offered(self, query: Any) -> dict[str, Any]:
        return {self._name(one): one for one in query.available().filterm(upgrades_by_priority=True).latest()}

    def _plain(self, name: str) -> str:
        return str(self._installed[name][-1].name)

    def _names_in(self, lock: str) -> set[str]:
        """Return the installed packages that the entry of a list of locks is about, as dnf's plugin reads it."""
        forms = [getattr(self._hawkey, f"FORM_{form}") for form in ("NEVRA", "NEVR", "NEV", "NA", "NAME")]
        found: set[str] = set()
        for one in self._dnf.subject.Subject(lock).get_nevra_possibilities(forms=forms):
            found |= {package.name for package in self._packages.every().installed().filterm(name__glob=one.name)}
        return found


def _highest(severities: Iterable[str | None]) -> str:
    known = {SEVERITIES.get((one or "").lower(), "") for one in severities}
    return max(known - {""}, key=PRIORITIES.index, default="")
