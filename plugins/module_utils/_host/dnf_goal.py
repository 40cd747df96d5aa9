# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Let dnf's own solver say what comes of asking for exact versions."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from . import dnf_base
from .dnf_packages import Packages


class Solved(NamedTuple):
    """The packages that come, newly needed ones too; those that go for good; and what was refused, with the reason."""

    coming: tuple[Any, ...]
    gone: tuple[Any, ...]
    refused: Mapping[str, str]


class Solver:
    """Asks the same solver for one plan after the other; what is excluded is as before after each."""

    def __init__(self, packages: Packages) -> None:
        self._dnf, _hawkey = dnf_base.load()
        self._packages, self._sack, self._base = packages, packages.sack, packages.base

    def solve(self, targets: Mapping[str, Any], *, removals: bool) -> Solved:
        """Return what comes of bringing these packages, by name; everything else that is installed keeps its version."""
        with self._nothing_but(targets.values(), removals=removals):
            removers = {} if removals else self._removers(targets)
            ready = {name: package for name, package in targets.items() if name not in removers}
            taken, refused = self._taken(ready, removals=removals)
            goal = self._goal(taken, removals=removals)
            coming = _coming(goal)
            return Solved(tuple(coming), tuple(self._gone(goal, coming)), {**removers, **refused})

    def _taken(self, targets: Mapping[str, Any], *, removals: bool) -> tuple[list[Any], dict[str, str]]:
        """Return which targets can be had together, and why not the others.

        dnf first takes as many as it can, since those that need each other go only as a whole; then each of the others
        has a try of its own, from which the reason comes.
        """
        goal = self._goal((), optional=targets.values(), removals=removals)
        coming = set(_coming(goal))
        taken = [package for package in targets.values() if package in coming]
        refused = {}
        for name, package in targets.items():
            if package not in coming:
                attempt = self._goal([*taken, package], removals=removals)
                problems = attempt.problem_rules()
                if problems:
                    refused[name] = f"kept back: {_words(problems[0])}"
                else:
                    taken.append(package)
        return taken, refused

    def _goal(self, packages: Iterable[Any], *, optional: Iterable[Any] = (), removals: bool) -> Any:
        """Return what dnf makes of these packages: those that have to come, and those that may."""
        goal = self._dnf.goal.Goal(self._sack)
        goal.protect_running_kernel = self._base.conf.protect_running_kernel
        goal.add_protected(self._sack.query().filterm(name=self._base.conf.protected_packages))
        for package in packages:
            goal.install(select=self._just(package), optional=False)
        for package in optional:
            goal.install(select=self._just(package), optional=True)
        goal.run(allow_uninstall=removals, force_best=False, ignore_weak_deps=True)
        return goal

    def _just(self, package: Any) -> Any:
        return self._dnf.selector.Selector(self._sack).set(pkg=[package])

    @contextlib.contextmanager
    def _nothing_but(self, targets: Collection[Any], *, removals: bool) -> Iterator[None]:
        """Let dnf see no other version of what is installed, and held ones too if they are targets."""
        excluded, included = self._sack.get_excludes(), self._sack.get_includes()
        shown = {*targets, *(package for packages in self._packages.installed.values() for package in packages)}
        hidden = {package for package in excluded if package not in shown} | self._other_versions(shown)
        if not removals:
            hidden |= self._heirs() - shown
            self._sack.installonly_limit = 0
        try:
            self._sack.set_excludes(list(hidden))
            self._sack.add_includes(list(targets))
            yield
        finally:
            self._sack.set_excludes(excluded)
            self._sack.set_includes(included)
            self._sack.installonly_limit = self._base.conf.installonly_limit

    def _other_versions(self, shown: Collection[Any]) -> set[Any]:
        names = [packages[0].name for packages in self._packages.installed.values()]
        return {
            package
            for package in self._packages.every().available().filterm(name=names)
            if package not in shown and self._packages.name(package) in self._packages.installed
        }

    def _heirs(self) -> set[Any]:
        """Return what would take the place of something that is installed, under another name or the same."""
        return set(self._packages.every().available().filterm(obsoletes=self._packages.installed_query()))

    def _removers(self, targets: Mapping[str, Any]) -> dict[str, str]:
        """Return the targets that would take the place of others, each with the reason to keep it back."""
        heirs, found = self._heirs(), {}
        for name, package in targets.items():
            if package in heirs:
                others = self._packages.installed_query().filterm(name__neq=package.name)
                lost = [one.name for one in others if package in set(self._packages.every().filterm(obsoletes=[one]))]
                if lost:
                    found[name] = f"kept back: it would remove {', '.join(sorted(lost))}"
        return found

    def _gone(self, goal: Any, coming: Collection[Any]) -> set[Any]:
        """Return what goes without an heir of its own name; of those side by side also the oldest."""
        if not coming:
            return set()
        names = {package: self._packages.name(package) for package in coming}
        replaced = (
            old
            for package in coming
            for old in goal.obsoleted_by_package(package)
            if self._packages.name(old) != names[package]
        )
        return {*goal.list_erasures(), *replaced}


def _coming(goal: Any) -> list[Any]:
    return [] if goal.problem_rules() else [*goal.list_installs(), *goal.list_upgrades(), *goal.list_downgrades()]


def _words(problem: Iterable[str]) -> str:
    """Return dnf's own words for a problem, less those that tell nothing; what is hidden is so by us or by the host."""
    telling = (line for line in problem if line != "conflicting requests")
    return "; ".join(
        line.replace("filtered out by exclude filtering", "excluded, or not asked for") for line in telling
    )
