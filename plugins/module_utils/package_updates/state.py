# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What an update looks at: the versions on offer, the policy, the units that run code, the kernel, the disks."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from .._errors import BadInput
from .._host import kernel, machine, security_tracker, stale
from .._host.kernel import Kernel
from .._host.stale import Scan
from .._host.updates import Manager, Resolved, Update
from .._transaction import archives, lock
from .._transaction.paths import HOST, Paths
from .._transaction.world import World
from . import drift, managers, policy, seen
from .patch_set import Versions
from .policy import Choice, Held
from .want import Planned, Want

REPACK = "/usr/bin/dpkg-repack"
GONE = "no repository has this version any more"
LOST = "no repository has this version any more, and dpkg-repack is not installed"
WORN = "no repository has this version any more, and one packed anew would hide that somebody has edited its files"


class Have(NamedTuple):
    """The host before an update.

    `changes` are what is to be done now; `lost` what no repository has as it is installed, `unsaved` what could not go
    back, with the reason; `edited` the configuration files of what changes that somebody has edited; `laid_beside` the
    new ones that an update of this call has put beside them; `uses` the units that run code of what changes. `rated` is
    all that is on offer, `rated_by` who told its CVEs.
    """

    manager: Manager
    installed: Mapping[str, str]
    interrupted: tuple[str, ...] = ()
    broken: bool = False
    half: Sequence[str] = ()
    changes: tuple[Update, ...] = ()
    held: tuple[Held, ...] = ()
    garbage: tuple[str, ...] = ()
    rated: tuple[Update, ...] = ()
    rated_by: str = ""
    scan: Scan = Scan((), ())
    lone: Mapping[str, int] = {}
    uses: frozenset[str] = frozenset()
    kernel: Kernel = Kernel("")
    edited: Mapping[str, tuple[str, ...]] = {}
    laid_beside: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    unsaved: Mapping[str, str] = {}


class Reader:
    """Reads the host once for each round. What the first round found to do is the plan of all: no later one adds to it."""

    def __init__(self, want: Want, manager: str, *, remember: bool, paths: Paths = HOST) -> None:
        self._want, self._name, self._remember, self._paths = want, manager, remember, paths
        self._plan = want.plan
        self._edited: dict[str, tuple[str, ...]] = {}

    def __call__(self) -> Have:
        """Look at the host; its lists of packages must be fresh. Raise BadInput where it is not what the plan was made for."""
        have = _look(self._name, self._paths.archives)
        if have.broken:
            return have
        if self._remember:
            lock.make_base(self._paths, World())
        have = _settle(_rate(have, self._want, self._paths, remember=self._remember), self._want, self._plan)
        have = _detail(have, self._paths)._replace(laid_beside=_laid_beside(self._edited))
        if not have.interrupted:
            self._plan = tuple(Planned(one.name, one.before, one.after) for one in have.changes)
            self._edited.update(have.edited)
        return have


def _look(name: str, store: str) -> Have:
    manager = managers.open_manager(name)
    interrupted, installed, scan = manager.interrupted(), manager.installed(), stale.scan()
    units = sorted({process.unit for process in scan.stale if process.unit.endswith(".service")})
    return Have(
        manager,
        installed,
        interrupted,
        broken=bool(interrupted) and manager.is_broken(),
        half=managers.half_installed(name, store) if interrupted else (),
        scan=scan,
        lone=stale.main_pids_of_lone(units),
        kernel=kernel.read(installed),
    )


def _rate(have: Have, want: Want, paths: Paths, *, remember: bool) -> Have:
    """Add all that is on offer, with age, and with CVEs and priority as far as there is a source."""
    found = seen.aged(have.manager.candidates(), paths, remember=remember)
    if want.security_tracker:
        codename = machine.os_release().get("VERSION_CODENAME", "")
        fixes = security_tracker.read(want.security_tracker, codename, {one.source for one in found})
        found = tuple(security_tracker.rate(one, fixes.get(one.source, ()), have.manager.compare) for one in found)
        return have._replace(rated=found, rated_by="security tracker")
    found = tuple(have.manager.rate(one, paths.archives) for one in found)
    known = any(one.cves is not None for one in found)
    return have._replace(rated=found, rated_by=have.manager.cve_source if known else "")


def _settle(have: Have, want: Want, plan: tuple[Planned, ...] | None) -> Have:
    """Add what is to be done: the rest of the plan, or what the policy lets through."""
    left_alone = have.manager.held()
    if plan is None:
        choice = policy.choose(want, have.installed, have.rated, left_alone, have.manager.compare)
        found = _resolve(want, choice, have.manager)
        changes = found.changes
    else:
        choice = policy.choose(
            want._replace(patch_set=None), have.installed, have.rated, left_alone, have.manager.compare
        )
        open_ones = drift.remaining(plan, have.installed, left_alone)
        found = _ask(open_ones, have.manager)
        changes = drift.exactly(open_ones, found)
    told = {(one.name, one.after): one for one in have.rated}
    return have._replace(
        changes=tuple(told.get((one.name, one.after), one) for one in changes),
        held=(*choice.held, *_kept_back(have, found)),
        garbage=found.garbage,
    )


def _ask(plan: tuple[Planned, ...], manager: Manager) -> Resolved:
    if not plan:
        return Resolved()
    wanted = {one.name: one.after for one in plan if one.after}
    return manager.resolve(wanted, removals=any(not one.after for one in plan))


def _resolve(want: Want, choice: Choice, manager: Manager) -> Resolved:
    found = manager.resolve(choice.wanted, removals=want.removals)
    if want.patch_set is None:
        return found
    new = {one.name: one.after for one in found.changes if not one.before}
    pinned = {name: want.patch_set.versions.get(name, version) for name, version in new.items()}
    if pinned != new:
        found = manager.resolve({**choice.wanted, **pinned}, removals=want.removals)
    _refuse_another_mirror(want.patch_set, choice, found)
    return found


def _refuse_another_mirror(given: Versions, choice: Choice, found: Resolved) -> None:
    """Raise BadInput where this host's repositories would not give exactly what the patch set has."""
    lost = [f"{name} {choice.wanted.get(name, '')}: {why}" for name, why in sorted(found.left.items())]
    for one in found.changes:
        if one.after and one.name not in given.versions:
            lost.append(f"{one.name} {one.after} is needed newly, and the patch set does not have it")
        elif one.sha256 and given.digests.get(one.name, "") not in ("", one.sha256):
            lost.append(f"{one.name} {one.after} is another archive here than the one in the patch set")
    if lost:
        raise BadInput(
            f"the patch set cannot be had here: {'; '.join(lost)}. Nothing was changed: give this host's mirror these "
            "versions, or make a new patch set"
        )


def _kept_back(have: Have, found: Resolved) -> tuple[Held, ...]:
    told = {one.name: one for one in have.rated}
    return tuple(
        Held(name, told[name].before, told[name].after, told[name].security, why)
        for name, why in sorted(found.left.items())
        if name in told
    )


def _detail(have: Have, paths: Paths) -> Have:
    """Add what the changes mean for files, services and the way back."""
    manager = have.manager
    replaced = [one for one in have.changes if one.before]
    edited = manager.edited([one.name for one in replaced])
    files = (path for one in replaced for path in manager.files_of(one.name))
    stored = archives.Held(paths.archives)
    lost = [
        one.name
        for one in replaced
        if not stored.find(one.name, one.before) and not manager.offers(one.name, one.before)
    ]
    unsaved = {name: _why_unsaved(name, edited, manager.name) for name in lost}
    return have._replace(
        edited=edited,
        uses=stale.users(have.scan.mapped, files),
        lost=tuple(lost),
        unsaved={name: why for name, why in unsaved.items() if why},
    )


def _why_unsaved(name: str, edited: Collection[str], manager: str) -> str:
    """Return why a version that no repository has cannot be packed anew for the way back, "" where it can."""
    if manager == managers.DNF:
        return GONE
    if not os.path.exists(REPACK):
        return LOST
    return WORN if name in edited else ""


def _laid_beside(edited: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the new configuration files that a package manager has put beside the edited ones that stayed."""
    endings = (".dpkg-dist", ".rpmnew")
    paths = (f"{path}{ending}" for files in edited.values() for path in files for ending in endings)
    return tuple(sorted(path for path in paths if os.path.exists(path)))
