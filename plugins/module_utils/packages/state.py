# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read the host and, where something is to be done, ask apt what that would mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from .. import _managed
from .._errors import BadInput
from .._host import apt_get, apt_lists, dpkg, files
from .._host.apt_get import Change, Record, Stage
from .._transaction import archives
from .._transaction.paths import HOST
from . import need, succession
from .memory import MANIFEST
from .need import Host, Need
from .repositories import paths_to_read
from .want import Want, names_of


class Forecast(NamedTuple):
    """What apt would do, with the records of that; `gone` are those packages of ours that nothing needs any more.

    `back` are those that had made place for one that goes.
    """

    changes: tuple[Change, ...] = ()
    records: Mapping[str, Record] = {}
    gone: tuple[str, ...] = ()
    back: tuple[str, ...] = ()

    @property
    def lost(self) -> frozenset[str]:
        return frozenset(change.name for change in self.changes if not change.after)


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
        half = archives.words(HOST.archives, dpkg.half_installed(host.known))
        host = host._replace(broken=apt_get.is_broken(), half=half)
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
    stale = found.files.changes_sources or (bool(found.install) and not apt_lists.are_fresh(want.lists_valid_s))
    with apt_get.staged(found.files.overlay, own_lists=own_lists and stale) as stage:
        if stale:
            apt_get.fetch(stage, wait_s=wait_s)
        if not found.asks_apt:
            return Forecast()
        return _foretold(want, host, found, stage)


def _foretold(want: Want, host: Host, found: Need, stage: Stage) -> Forecast:
    mend = bool(host.interrupted)
    gone = _removable(want, host, found, stage)
    changes = apt_get.simulate(stage, words(found, gone), mend=mend)
    records = apt_get.records(stage, changes)
    back = succession.returning(want, host, found, gone, succession.heirs(want, host, changes, records))
    if not back:
        return Forecast(changes, records, gone)
    try:
        changes = apt_get.simulate(stage, words(found, gone, back), mend=mend)
    except BadInput as error:
        raise BadInput(
            f"{', '.join(back)} had made place for what goes now, and cannot come back: {error}; or list it with state absent"
        ) from error
    return Forecast(changes, apt_get.records(stage, changes), gone, back)


def _removable(want: Want, host: Host, found: Need, stage: Stage) -> tuple[str, ...]:
    """Return what goes of that which left the list and of that which came along with it."""
    brought = host.memory.brought
    if not (found.leaving or (brought and (found.remove or found.demoted))):
        return ()
    marks = dict.fromkeys((*found.leaving, *found.demoted), True)
    marks.update((one.name, False) for one in want.present if one.name in host.automatic)
    # apt itself never takes what is on hold.
    released = [name for name in (*found.leaving, *brought) if host.is_held(name)]
    with apt_get.staged({}, own_lists=False, marks=marks, released=released) as marked:
        both = Stage((*stage.options, *marked.options), stage.lists)

        def lost(asked: list[str], *, strict: bool) -> frozenset[str]:
            changes = apt_get.simulate(both, asked, mend=bool(host.interrupted), autoremove=True, strict=strict)
            return Forecast(changes).lost

        return unneeded(found, brought, lost, exactly=want.exactly_back)


def unneeded(
    found: Need, brought: Collection[str], lost: Callable[..., frozenset[str]], *, exactly: bool = False
) -> tuple[str, ...]:
    """Return what goes of that which left the list and of `brought`, which came along; `lost` asks apt's autoremove.

    What left stays only where something that stays needs it; what came along also where something that stays
    recommends it, unless all is to be `exactly` as before.
    """
    left = lost(words(found), strict=True).intersection(found.leaving)
    along = lost(words(found, tuple(left)), strict=exactly).intersection(brought)
    return tuple(sorted({*left, *along} - {*found.remove}))


def words(found: Need, gone: tuple[str, ...] = (), back: tuple[str, ...] = ()) -> list[str]:
    """Return what is asked of `apt-get install`."""
    install = [name + (f"={version}" if version else "") for name, version in sorted(found.install.items())]
    return [*install, *back, *(f"{name}-" for name in sorted({*found.remove, *gone}))]
