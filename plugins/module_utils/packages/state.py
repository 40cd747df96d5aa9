# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read the host and, where something is to be done, ask apt what that would mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .. import _managed
from .._host import apt, apt_get, dpkg, files
from .._host.apt_get import Change, Sizes, Stage
from . import need
from .memory import MANIFEST
from .need import Host, Need
from .repositories import paths_to_read
from .want import Want, names_of


class Forecast(NamedTuple):
    """What apt would do, with sizes; `gone` are those packages of ours that nothing needs any more."""

    changes: tuple[Change, ...] = ()
    sizes: Mapping[str, Sizes] = {}
    gone: tuple[str, ...] = ()


class Have(NamedTuple):
    host: Host
    need: Need
    forecast: Forecast = Forecast()


def read(want: Want, *, wait_s: float, own_lists: bool) -> Have:
    """Return the host and what apt foretells; an unchanged host costs one dpkg-query.

    With `own_lists` (check mode) new lists are fetched to a place of their own. Raise HostLocked with the name of
    whoever is at work with dpkg for more than `wait_s` seconds, BadInput for what apt cannot do.
    """
    host = look(want)
    found = need.find(want, host)
    if not (host.interrupted or found.asks_apt or found.files.steps):
        return Have(host, found)
    if dpkg.wait_for_lock(wait_s):
        host = look(want)
        found = need.find(want, host)
    if host.interrupted:
        host = host._replace(broken=apt_get.is_broken())
    return Have(host, found, _forecast(want, host, found, wait_s=wait_s, own_lists=own_lists))


def look(want: Want) -> Host:
    """Return packages, marks, files and manifest."""
    managed = _managed.read(MANIFEST)
    host = Host({}, frozenset(), {}, managed)
    listed = host.memory.sources.get(want.name, frozenset())
    paths = {*paths_to_read(names_of(want.repositories) | listed), *managed.files}
    known = dpkg.known()
    return host._replace(
        known=known,
        automatic=dpkg.automatic(known),
        files={path: files.read(path) for path in sorted(paths)},
        interrupted=dpkg.interrupted(known),
    )


def _forecast(want: Want, host: Host, found: Need, *, wait_s: float, own_lists: bool) -> Forecast:
    stale = found.files.changes_sources or (bool(found.install) and not apt.are_fresh(want.lists_valid_s))
    with apt_get.staged(found.files.overlay, own_lists=own_lists and stale) as stage:
        if stale:
            apt_get.fetch(stage, wait_s=wait_s)
        if not found.asks_apt:
            return Forecast()
        gone = _removable(want, host, found, stage)
        changes = apt_get.simulate(stage, words(found, gone), mend=bool(host.interrupted))
        return Forecast(changes, apt_get.sizes(stage, changes), gone)


def _removable(want: Want, host: Host, found: Need, stage: Stage) -> tuple[str, ...]:
    """Return what goes of that which left the list and of that which came along with it: what nothing needs any more."""
    brought = host.memory.brought
    if not (found.leaving or (brought and (found.remove or found.demoted))):
        return ()
    marks = dict.fromkeys((*found.leaving, *found.demoted), True)
    marks.update((one.name, False) for one in want.present if one.name in host.automatic)
    # apt itself never takes what is on hold.
    released = [name for name in (*found.leaving, *brought) if host.is_held(name)]
    with apt_get.staged({}, own_lists=False, marks=marks, released=released) as marked:
        both = Stage((*stage.options, *marked.options), stage.lists)
        changes = apt_get.simulate(both, words(found), mend=bool(host.interrupted), autoremove=True)
    going = {change.name for change in changes if not change.after}
    return tuple(sorted(going & {*found.leaving, *brought} - {*found.remove}))


def words(found: Need, gone: tuple[str, ...] = ()) -> list[str]:
    """Return what is asked of `apt-get install`."""
    install = [name + (f"={version}" if version else "") for name, version in sorted(found.install.items())]
    return [*install, *(f"{name}-" for name in sorted({*found.remove, *gone}))]
