# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide what to update and what to restart: pure.

One rule makes the order: what was interrupted is mended first; while there are packages to change, change them; once
there are none, restart what still runs replaced code. A run that died anywhere in between is so finished by the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import BadInput
from .._host import checks
from .._host.updates import Update
from .._transaction import steps
from .._transaction.steps import Plan, Step
from ..packages import mend
from . import restarts, tell
from .managers import DNF
from .room import Disk
from .state import Have
from .want import REFUSE, TAKE, Want


def plan(want: Want, have: Have, disks: Sequence[Disk]) -> Plan:
    """Return the repair of an interrupted update, or the update, or else the restarts that are due.

    Raise BadInput where a disk is too small, or a policy of the want stands against it.
    """
    summary = summarise(want, have)
    if have.interrupted:
        return Plan("repair what was interrupted", _mend(have), diff=_diff(have.changes), summary=summary)
    if not have.changes:
        return _restart(want, have, summary)
    against = objections(want, have, disks)
    if against:
        raise BadInput(f"{'; '.join(against)}. Nothing was changed")
    return Plan(
        f"update {len(have.changes)} packages",
        _steps(want, have),
        checks=(checks.packages({one.name: one.after for one in have.changes}, manager=have.manager.name),),
        diff=_diff(have.changes),
        summary=summary,
    )


def _mend(have: Have) -> tuple[Step, ...]:
    if have.manager.name == DNF:
        return mend.dnf(have.interrupted, have.manager.auto())
    return mend.apt(broken=have.broken, half=have.half)


def objections(want: Want, have: Have, disks: Sequence[Disk]) -> list[str]:
    """Return why the update must not begin, with the cure, in a sentence each; [] where it may."""
    against = []
    if want.config_files == REFUSE and have.edited:
        told = ", ".join(path for paths in have.edited.values() for path in paths)
        against.append(
            f"config_files is refuse, and somebody has edited {told}: say keep or take, or exclude {', '.join(sorted(have.edited))}"
        )
    if want.require_way_back and have.unsaved:
        told = ", ".join(f"{name} ({why})" for name, why in sorted(have.unsaved.items()))
        against.append(
            f"require_way_back is true, and there would be none for {told}: install dpkg-repack, or exclude these"
        )
    if want.config_files == TAKE and have.manager.name == DNF and have.edited:
        against.append("config_files is take, and rpm decides by itself about edited files: say keep or refuse")
    tight = [disk.told() for disk in disks if disk.free < disk.needs]
    if tight:
        against.append(f"there is no room: {', '.join(tight)}: make room, or take fewer packages at once")
    return against + _without_fallback(have)


def _without_fallback(have: Have) -> list[str]:
    """A new kernel that does not come up needs the present one to be there still."""
    own = f"linux-image-{have.kernel.running}"
    if any(one.name == own and not one.after for one in have.changes):
        return [
            f"it would remove {own}, which is running and the way back from a kernel that does not boot: exclude it"
        ]
    if not have.kernel.has_fallback and any(restarts.is_kernel(one.name) for one in have.changes):
        return [
            f"a kernel comes, and the running one ({have.kernel.running}) is not installed to fall back to: install or boot another one first"
        ]
    return []


def _steps(want: Want, have: Have) -> tuple[Step, ...]:
    versions = {one.name: one.after for one in have.changes}
    along = [one.name for one in have.changes if not one.before]
    policy = TAKE if want.config_files == TAKE else "keep"
    step = steps.package(
        "install",
        versions,
        manager=have.manager.name,
        archived=True,
        along=along,
        lost=have.lost,
        config_files=policy,
        way_back=want.require_way_back,
    )
    if policy != TAKE and have.manager.name != DNF:
        return (step,)
    # Nobody brings them back but us: dpkg where the new ones are taken, rpm where a package does not say noreplace.
    return (*(steps.preserve(path) for paths in have.edited.values() for path in paths), step)


def _restart(want: Want, have: Have, summary: Mapping[str, Any]) -> Plan:
    due = restarts.sort(have.scan.stale, have.lone, want.keep_running).restart
    if not due or not want.restart:
        left = {**summary["left"], **dict.fromkeys(due, "restarts are switched off: set restart to true")}
        return Plan("update packages", summary={**summary, "left": left})
    return Plan(
        f"restart {len(due)} units that run replaced code",
        tuple(steps.unit(name, "restart", timeout_s=max(steps.UNIT_S, want.within_s)) for name in due),
        checks=tuple(checks.unit(name) for name in due),
        within_s=want.within_s,
        stable=2,
        units=due,
        summary={**summary, "restarted": list(due)},
    )


def summarise(want: Want, have: Have) -> dict[str, Any]:
    """Return what the module tells of the host beside the steps."""
    stale = restarts.sort(have.scan.stale, have.lone, want.keep_running)
    coming = restarts.foretell(have.uses, want.keep_running)
    return {
        "packages": [tell.update(one, have.edited) for one in have.changes],
        "held": [tell.held(one) for one in have.held],
        "interrupted": list(have.interrupted),
        "way_back": tell.way_back(have),
        "new_config_files": list(have.laid_beside),
        "restarted": [],
        "left": dict(stale.left),
        "unknown": tell.unknown(have),
        "reboot": tell.reboot(have, stale, coming),
    }


def _diff(changes: tuple[Update, ...]) -> tuple[Mapping[str, str], ...]:
    if not changes:
        return ()
    before = "".join(f"{one.name} {one.before}\n" for one in changes if one.before)
    after = "".join(f"{one.name} {one.after}\n" for one in changes if one.after)
    return ({"before_header": "packages", "after_header": "packages", "before": before, "after": after},)
