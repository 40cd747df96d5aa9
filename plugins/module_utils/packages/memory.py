# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What the manifest of packages remembers: which list has which name, how a package was before us, what came along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

MANIFEST = "packages"
# How a package was before we came: not there, or there for another package's sake only.
WAS_ABSENT, WAS_AUTOMATIC = "absent", "automatic"


class Past(NamedTuple):
    """A package before us; "" and None where we changed nothing of that kind. `purge` is asked for, not found."""

    was: str = ""
    held: bool | None = None
    purge: bool = False


class Replaced(NamedTuple):
    """A package that made place for the listed one `by`; `automatic` as it was marked."""

    by: str
    automatic: bool = False


class Memory(NamedTuple):
    """`lists` has the packages and `sources` the repositories of each list; `brought` came as dependencies.

    Each of `brought` has the listed packages that it came for; none where that is not known. `replaced` comes back when
    what it made place for leaves.
    """

    lists: Mapping[str, frozenset[str]] = {}
    sources: Mapping[str, frozenset[str]] = {}
    past: Mapping[str, Past] = {}
    brought: Mapping[str, frozenset[str]] = {}
    replaced: Mapping[str, Replaced] = {}

    def elsewhere(self, name: str) -> frozenset[str]:
        """Return the packages of all lists but this one."""
        return frozenset().union(*(names for other, names in self.lists.items() if other != name))

    def sources_elsewhere(self, name: str) -> frozenset[str]:
        return frozenset().union(*(names for other, names in self.sources.items() if other != name))


def load(facts: Mapping[str, Any]) -> Memory:
    """Return what the manifest's facts tell."""
    return Memory(
        {name: frozenset(names) for name, names in facts.get("lists", {}).items()},
        {name: frozenset(names) for name, names in facts.get("sources", {}).items()},
        {name: Past(**told) for name, told in facts.get("past", {}).items()},
        {name: frozenset(names) for name, names in facts.get("brought", {}).items()},
        {name: Replaced(**told) for name, told in facts.get("replaced", {}).items()},
    )


def dump(memory: Memory) -> dict[str, Any]:
    """Return the memory as JSON can hold it, always the same for the same; {} for an empty one."""
    told = {
        "lists": _sorted(memory.lists),
        "sources": _sorted(memory.sources),
        "past": {name: past._asdict() for name, past in memory.past.items() if past != Past()},
        "brought": {name: sorted(names) for name, names in memory.brought.items()},
        "replaced": {name: one._asdict() for name, one in memory.replaced.items()},
    }
    return {key: value for key, value in told.items() if value}


def _sorted(lists: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {name: sorted(names) for name, names in lists.items() if names}
