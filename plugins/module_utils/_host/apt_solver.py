# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Ask apt's own dependency cache which versions can be had together, and why others cannot."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

NEEDS = ("PreDepends", "Depends")
CLASHES = ("Conflicts", "Breaks")


class Solver:
    """Marks versions in the dependency cache and reads what comes of it; `packages` are the installed ones by name."""

    def __init__(self, apt_pkg: Any, cache: Any, depcache: Any, packages: Mapping[str, Any]) -> None:
        self._apt_pkg, self._cache, self._depcache, self._packages = apt_pkg, cache, depcache, packages
        self._needless = {name for name, package in packages.items() if depcache.is_garbage(package)}

    def solve(self, targets: Mapping[str, Any], *, removals: bool) -> dict[str, str]:
        """Mark all `targets` that can be had together, and return why not the others.

        What nobody can have goes first, since beginning anew takes apt a while; what is left is halved until it goes.
        """
        refused = self._sifted(targets, removals=removals)
        names = [name for name in sorted(targets) if name not in refused]
        if not self._objection((targets[name] for name in names), removals=removals):
            return refused
        taken: list[str] = []
        waiting = [names]
        while waiting:
            names = waiting.pop()
            self._mark(targets, [*taken, *names])
            why = self._objection((targets[name] for name in (*taken, *names)), removals=removals)
            if not why:
                taken += names
            elif len(names) == 1:
                refused[names[0]] = why
            else:
                middle = len(names) // 2
                waiting += [names[middle:], names[:middle]]
        self._mark(targets, taken)
        return refused

    def moved(self) -> Iterator[tuple[Any, Any]]:
        """Yield each package that changes by what is marked, with the version that it comes to, None for none."""
        # Of tens of thousands that there are, nearly all stay.
        for package in self._cache.packages:
            if not self._depcache.marked_keep(package):
                yield package, self._installs(package)

    def garbage(self) -> tuple[str, ...]:
        """Return what is automatic and needed by nothing with what is marked, and not so without."""
        return tuple(
            name
            for name, package in sorted(self._packages.items())
            if self._depcache.is_garbage(package)
            and not self._depcache.marked_delete(package)
            and name not in self._needless
        )

    def _sifted(self, targets: Mapping[str, Any], *, removals: bool) -> dict[str, str]:
        """Mark all that nothing speaks against, and return what does against the others."""
        refused: dict[str, str] = {}
        while True:
            asked = {name: version for name, version in targets.items() if name not in refused}
            self._mark(targets, sorted(asked))
            lost = () if removals else self._lost()
            against = {name: self._against(version, lost) for name, version in asked.items()}
            found = {name: why for name, why in against.items() if why}
            if not found:
                return refused
            refused.update(found)

    def _mark(self, targets: Mapping[str, Any], names: Iterable[str]) -> None:
        """Begin anew and mark `names`; what is no target keeps its version, whatever the others would like."""
        self._depcache.init()
        with self._apt_pkg.ActionGroup(self._depcache):
            for name, package in self._packages.items():
                if name not in targets and self._depcache.is_upgradable(package):
                    self._depcache.set_candidate_ver(package, package.current_ver)
            for version in targets.values():
                self._depcache.set_candidate_ver(version.parent_pkg, version)
            for name in names:
                # As a dependency, so that the marks of what comes along foretell those to be.
                self._depcache.mark_install(targets[name].parent_pkg, True, False)
        if self._depcache.broken_count:
            with contextlib.suppress(self._apt_pkg.Error):
                self._apt_pkg.ProblemResolver(self._depcache).resolve(True)

    def _lost(self) -> tuple[Any, ...]:
        return tuple(package for package in self._packages.values() if self._depcache.marked_delete(package))

    def _against(self, version: Any, lost: Iterable[Any]) -> str:
        """Return what speaks against this version, as far as that can be told of it alone."""
        if not self._satisfies(version):
            lack = next(self._lacks(version), "")
            return f"kept back: {lack}" if lack else ""
        ousted = sorted(package.name for package in lost if self._ousts(version, package))
        return f"kept back: it would remove {', '.join(ousted)}" if ousted else ""

    def _ousts(self, version: Any, package: Any) -> bool:
        """Tell whether the version clashes with the installed package, or is no longer what that one needs."""
        there = package.current_ver
        if any(there in one.all_targets() for kind in CLASHES for one in _alternatives(version, kind)):
            return True
        unmet = (group for group in self._unmet_groups(there) for one in group if one.target_pkg == version.parent_pkg)
        return next(unmet, None) is not None

    def _objection(self, asked: Iterable[Any], *, removals: bool) -> str:
        """Return why what is marked now cannot be, "" where it can and is all that was `asked` for."""
        lost = self._lost()
        if lost and not removals:
            return f"kept back: it would remove {', '.join(sorted(package.name for package in lost))}"
        if self._depcache.broken_count:
            return "kept back: " + (next(self._broken(), "") or "what it needs cannot be had")
        missing = next((version for version in asked if not self._satisfies(version)), None)
        if not missing:
            return ""
        lack = next(self._lacks(missing), "")
        return "kept back: " + (lack or f"{_told(missing)} cannot be had together with the rest")

    def _broken(self) -> Iterator[str]:
        """Yield what broken packages lack, in words."""
        for package in self._cache.packages:
            if self._depcache.is_inst_broken(package):
                yield from self._lacks(self._installs(package) or package.current_ver)

    def _lacks(self, version: Any) -> Iterator[str]:
        """Yield what this version needs and would not have, and what it does not go with, in words."""
        # First what nobody has at all: apt marks none of the others then.
        for group in sorted(self._unmet_groups(version), key=lambda group: any(one.all_targets() for one in group)):
            yield f"{_told(version)} needs {' | '.join(_wish(one) for one in group)}, which cannot be had here"
        for one in (one for kind in CLASHES for one in _alternatives(version, kind)):
            yield from (
                f"{_told(version)} does not go with {_told(target)}"
                for target in one.all_targets()
                if self._satisfies(target)
            )

    def _unmet_groups(self, version: Any) -> Iterator[Any]:
        for kind in NEEDS:
            for group in version.depends_list.get(kind, ()):
                if not any(self._satisfies(target) for one in group for target in one.all_targets()):
                    yield group

    def _satisfies(self, version: Any) -> bool:
        return bool(self._installs(version.parent_pkg) == version)

    def _installs(self, package: Any) -> Any:
        """Return the version that the package has once all marks are done, None for none."""
        depcache = self._depcache
        if depcache.marked_delete(package):
            return None
        if depcache.marked_install(package) or depcache.marked_upgrade(package) or depcache.marked_downgrade(package):
            return depcache.get_candidate_ver(package)
        return package.current_ver


def _alternatives(version: Any, kind: str) -> Iterator[Any]:
    return (one for group in version.depends_list.get(kind, ()) for one in group)


def _told(version: Any) -> str:
    return f"{version.parent_pkg.name} {version.ver_str}"


def _wish(dependency: Any) -> str:
    name = dependency.target_pkg.name
    return f"{name} ({dependency.comp_type} {dependency.target_ver})" if dependency.target_ver else name
