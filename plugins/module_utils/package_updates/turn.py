# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""One call's updates: what the modules read and plan, in rounds until nothing is left to do."""

from __future__ import annotations

from typing import Any, NamedTuple

from .._host import boot, machine
from .._transaction import journal
from .._transaction.paths import HOST, Paths, stamp
from .._transaction.steps import Plan
from . import history, patch_set, room, tell, undo
from . import plan as planning
from .patch_set import Versions
from .state import Have, Reader
from .undo import Back
from .want import UNDONE, Want

# Repair, change, restart; the last one finds nothing left to do.
ROUNDS = 4


class Found(NamedTuple):
    have: Have
    back: Back | None = None


class Turn:
    """A module's one call on one host. `remember` allows it to note which updates it has seen (not in check mode)."""

    def __init__(self, want: Want, manager: str, *, remember: bool, paths: Paths = HOST) -> None:
        self._want, self._paths = want, paths
        # On the way back nothing is updated beside what returns.
        forward = want._replace(plan=()) if want.state == UNDONE else want
        self._reader = Reader(forward, manager, remember=remember, paths=paths)

    def read(self) -> Found:
        have = self._reader()
        if self._want.state != UNDONE or have.interrupted:
            return Found(have)
        return Found(have, undo.read(self._want, have.manager, self._paths))

    def plan(self, found: Found) -> Plan:
        if found.back and found.back.versions:
            return undo.plan(self._want, found.back)
        planned = planning.plan(self._want, found.have, room.measure(found.have.changes, self._paths))
        if found.back:
            return planned._replace(summary={**planned.summary, "undone": list(found.back.run.txids)})
        return planned


def release() -> str:
    """Return what a host is to a patch set: distribution, its version and the machine's kind."""
    about = machine.os_release()
    return f"{about.get('ID', 'linux')} {about.get('VERSION_ID', '')} {machine.architecture()}"


def versions_of(given: dict[str, Any] | None) -> Versions | None:
    """Return the versions that a patch set has for this host. Raise BadInput where it is damaged or not for it."""
    return None if given is None else patch_set.versions_for(patch_set.check(given), release())


def report(want: Want, name: str, *, remember: bool, paths: Paths = HOST) -> dict[str, Any]:
    """Return everything about a host's updates, changing nothing."""
    have = Reader(want, name, remember=remember, paths=paths)()
    summary = planning.summarise(want, have)
    told = {key: summary[key] for key in ("held", "interrupted", "way_back", "unknown", "reboot")}
    disks = room.measure(have.changes, paths)
    seen = tell.report(have, want.keep_running)
    lists_age_s = have.manager.lists_age_s()
    due = seen["restart"]["due"] if want.restart else []
    busy = have.changes or have.interrupted or due or journal.unfinished(paths) or lists_age_s is None
    whole = {
        "manager": name,
        "release": release(),
        "plan": summary["packages"],
        **told,
        **seen,
        **tell.past(history.told(paths)),
        "space": [
            {"path": one.path, "free_bytes": one.free, "needs_bytes": one.needs, "what": one.what} for one in disks
        ],
        "lists_age_s": lists_age_s,
        "last_boot": stamp(boot.current().since),
        "idle": not busy,
        "repair_first": have.broken,
        "refused": planning.objections(want, have, disks),
    }
    return {**whole, "summary": tell.sentence(whole)}
