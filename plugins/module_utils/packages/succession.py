# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Tell from the packages' own records who takes whose place, who comes back then, and who brought whom: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from .._host.apt_get import Change, Record
from .need import Host, Need
from .want import Want, names_of

# A host has one of each, which keeps nothing that the next one would miss; a database server, say, does.
EXCHANGED = frozenset({"mail-transport-agent", "time-daemon"})


def heirs(want: Want, host: Host, changes: Sequence[Change], records: Mapping[str, Record]) -> dict[str, str]:
    """Return, for each package that goes, the listed one that comes in its place.

    Of what both stand for there can be one only: they provide and conflict with the same name. What another list has is
    nobody's to replace.
    """
    roles = {change.name: _roles(records.get(change.name, Record())) for change in changes}
    listed = names_of(want.present)
    coming = sorted(change.name for change in changes if change.after and change.name in listed)
    claimed = _claimed(want, host)
    going = [change.name for change in changes if not change.after and change.name not in claimed]
    return {name: one for name in going for one in coming if roles[one] & roles[name]}


def _roles(record: Record) -> frozenset[str]:
    return record.provides & record.conflicts & EXCHANGED


def _claimed(want: Want, host: Host) -> frozenset[str]:
    own = frozenset() if want.purge_unlisted else host.memory.lists.get(want.name, frozenset())
    return host.memory.elsewhere(want.name) | own


def returning(want: Want, host: Host, need: Need, gone: Collection[str], heirs: Mapping[str, str]) -> tuple[str, ...]:
    """Return what had made place for a package that now goes, where nothing takes that one's place."""
    away = {*need.remove, *gone} - {*heirs}
    return tuple(
        name
        for name, one in sorted(host.memory.replaced.items())
        if one.by in away and not host.is_there(name) and name not in names_of(want.packages)
    )


def bringers(
    changes: Iterable[Change], records: Mapping[str, Record], listed: Collection[str]
) -> dict[str, frozenset[str]]:
    """Return, for each package that is new and not listed, those of the listed ones that need it, be it through others."""
    coming = [change for change in changes if change.after]
    by_name: dict[str, set[str]] = {}
    for change in coming:
        for name in (change.name.split(":", 1)[0], *records.get(change.name, Record()).provides):
            by_name.setdefault(name, set()).add(change.name)
    reached = {change.name: _reached(change.name, records, by_name) for change in coming if change.name in listed}
    new = [change.name for change in coming if not change.before and change.name not in listed]
    return {name: frozenset(one for one, along in reached.items() if name in along) for name in new}


def _reached(start: str, records: Mapping[str, Record], by_name: Mapping[str, Collection[str]]) -> set[str]:
    seen, ahead = {start}, [start]
    while ahead:
        needs = records.get(ahead.pop(), Record()).needs
        fresh = {one for name in needs for one in by_name.get(name, ())} - seen
        seen |= fresh
        ahead += fresh
    return seen
