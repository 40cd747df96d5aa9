# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Ask apt for updates, through the host's own python3-apt."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import FleetError
from . import apt_get, apt_lists, changelog, dpkg
from .apt_solver import Solver
from .updates import ON_HOLD, Resolved, Update

ARCHIVES = "/var/cache/apt/archives"
# A changelog lies at the end of its archive: to unpack one of a kernel takes half a minute. So many bytes in all are read.
READABLE = 4 * 1024**2


def open_manager() -> Apt:
    """Open the host's package cache. Raise FleetError, with the cure, where python3-apt is missing or cannot read it."""
    try:
        import apt_pkg
    except ImportError:
        raise FleetError(
            "python3-apt is missing for the Python that Ansible uses here: install the package python3-apt and set "
            "ansible_python_interpreter to /usr/bin/python3"
        ) from None
    try:
        apt_pkg.init()
        # As dpkg.FRESH for apt-get.
        apt_pkg.config.set("Dir::Cache::pkgcache", "")
        return Apt(apt_pkg, apt_pkg.Cache(None))
    except apt_pkg.Error as error:
        raise FleetError(
            f"apt cannot read its packages: {error}; `apt-get -s dist-upgrade` on this host tells more"
        ) from error


class Apt:
    """The Manager of Debian's kind of hosts; see updates.py for what its methods promise.

    It asks the libraries of apt-get itself, so that both come to the same end. python3-apt's friendlier half takes three
    times as long to open.
    """

    name = "apt"
    cve_source = "changelogs"

    def __init__(self, apt_pkg: Any, cache: Any) -> None:
        self._apt_pkg, self._cache = apt_pkg, cache
        self._depcache = apt_pkg.DepCache(cache)
        self._records = apt_pkg.PackageRecords(cache)
        self._at_hand: dict[str, str] | None = None
        self._readable = READABLE
        self._packages = {package.get_fullname(True): package for package in cache.packages if package.current_ver}
        self._solver = Solver(apt_pkg, cache, self._depcache, self._packages)

    def installed(self) -> Mapping[str, str]:
        return {name: str(package.current_ver.ver_str) for name, package in self._packages.items()}

    def interrupted(self) -> tuple[str, ...]:
        return dpkg.interrupted(dpkg.known())

    def is_broken(self) -> bool:
        return apt_get.is_broken()

    def edited(self, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        return dpkg.edited(names)

    def files_of(self, name: str) -> tuple[str, ...]:
        return dpkg.files_of(name, self._packages[name].architecture)

    def auto(self) -> frozenset[str]:
        return frozenset(name for name, one in self._packages.items() if self._depcache.is_auto_installed(one))

    def offers(self, name: str, version: str) -> bool:
        return bool(self._version(name, version))

    def rehearse(self, words: Sequence[str]) -> Mapping[str, str]:
        return {change.name: change.after for change in apt_get.simulate(apt_get.Stage(), words)}

    def rate(self, update: Update, store: str) -> Update:
        if self._at_hand is None:
            self._at_hand = changelog.archives_in((ARCHIVES, store))
        archive = self._at_hand.get(changelog.stem(update.name, update.after), "")
        size = os.path.getsize(archive) if archive else 0
        if not archive or size > self._readable:
            return update
        self._readable -= size
        return update._replace(cves=changelog.cves(archive, update.before, self.compare))

    def lists_age_s(self) -> float | None:
        return apt_lists.age_s()

    def wants_reboot(self) -> None:
        """It has no word of its own: the flag file is packages' and not apt's (kernel.py)."""

    def candidates(self) -> tuple[Update, ...]:
        found = []
        for name, package in sorted(self._packages.items()):
            version = self._depcache.get_candidate_ver(package)
            if version and version > package.current_ver:
                found.append(self._update(name, package, version))
        return tuple(found)

    def held(self) -> Mapping[str, str]:
        held = {
            name: ON_HOLD
            for name, package in self._packages.items()
            if package.selected_state == self._apt_pkg.SELSTATE_HOLD
        }
        return {**self._phased(), **held}

    def _phased(self) -> dict[str, str]:
        """Return what apt itself would leave alone for now, as it gives an update to a part of all hosts first."""
        upgradable = {name: one for name, one in self._packages.items() if self._depcache.is_upgradable(one)}
        shares = {name: self._phase(package) for name, package in upgradable.items()}
        if not any(shares.values()):
            return {}
        self._depcache.init()
        self._depcache.upgrade(True)
        return {
            name: f"phased: {share} % of all hosts get it as yet, and this one is not among them"
            for name, share in shares.items()
            if share and not self._depcache.marked_upgrade(upgradable[name])
        }

    def resolve(self, wanted: Mapping[str, str], *, removals: bool) -> Resolved:
        targets, left = {}, {}
        for name, version in wanted.items():
            found = self._version(name, version)
            if found:
                targets[name] = found
            else:
                left[name] = f"no repository of this host has version {version}"
        refused = self._solver.solve(targets, removals=removals)
        changes = (self._update(package.get_fullname(True), package, after) for package, after in self._solver.moved())
        return Resolved(tuple(sorted(changes)), {**left, **refused}, self._solver.garbage())

    def beside(self, name: str) -> tuple[str, ...]:
        """See updates.py; with apt such packages have names of their own."""
        del name
        return ()

    def compare(self, one: str, other: str) -> int:
        return int(self._apt_pkg.version_compare(one, other))

    def _update(self, name: str, package: Any, after: Any) -> Update:
        before = package.current_ver
        if after is None:
            return Update(name, before.ver_str, "", grows=-before.installed_size)
        record = self._record(after)
        return Update(
            name,
            before.ver_str if before else "",
            after.ver_str,
            origin=_origin(after),
            security=before is not None and self._is_security(package, before, after),
            source=record.source_pkg or package.name,
            size=after.size,
            grows=after.installed_size - (before.installed_size if before else 0),
            sha256=_sha256(record),
        )

    def _record(self, version: Any) -> Any:
        files = [one for one in version.file_list if not _is_status(one[0])] or version.file_list
        self._records.lookup(files[0])
        return self._records

    def _is_security(self, package: Any, before: Any, after: Any) -> bool:
        """A version between the installed one and the new one came from a security archive.

        Looking at the new one alone is not enough: a later point release in the main archive contains the fix as well.
        """
        between = [version for version in package.version_list if before < version and not after < version]
        return any(_is_security_origin(file) for version in between for file, _index in version.file_list)

    def _phase(self, package: Any) -> str:
        """Return the percentage of hosts that get the update as yet, "" for one that all get."""
        record = self._record(self._depcache.get_candidate_ver(package)).record
        return str(self._apt_pkg.TagSection(record).get("Phased-Update-Percentage", ""))

    def _version(self, name: str, wanted: str) -> Any:
        """Return this version of the package as it can be fetched, None where it cannot."""
        package = self._packages.get(name)
        if not package:
            plain, _colon, architecture = name.partition(":")
            known = (plain, architecture) in self._cache if architecture else plain in self._cache
            package = (self._cache[plain, architecture] if architecture else self._cache[plain]) if known else None
        found: Sequence[Any] = package.version_list if package else ()
        return next((version for version in found if version.ver_str == wanted and version.downloadable), None)


def _is_security_origin(file: Any) -> bool:
    return file.label == "Debian-Security" or str(file.archive).endswith("-security")


def _is_status(file: Any) -> bool:
    return bool(file.index_type == "Debian dpkg status file")


def _origin(version: Any) -> str:
    """Return where the version comes from: origin, archive and component as far as the archive tells, otherwise its site."""
    files = [file for file, _index in version.file_list if not _is_status(file)]
    if not files:
        return ""
    file = next((file for file in files if _is_security_origin(file)), files[0])
    told = "/".join(part for part in (file.label or file.origin, file.archive or file.codename, file.component) if part)
    return told or file.site or "a local repository"


def _sha256(record: Any) -> str:
    return next((str(one).partition(":")[2] for one in record.hashes if str(one).startswith("SHA256:")), "")
