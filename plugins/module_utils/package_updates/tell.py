# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What is told of a host's updates, as plain data: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._host.package_versions import few
from .._host.updates import Update
from . import restarts
from .history import GOOD
from .policy import Held
from .restarts import Stale
from .state import Have

CHANGELOGS = "changelogs"


def update(one: Update, edited: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return one change; `edited` has the configuration files of packages that somebody has edited."""
    return {
        "name": one.name,
        "from": one.before,
        "to": one.after,
        "origin": one.origin,
        "security": one.security,
        "cves": None if one.cves is None else list(one.cves),
        "priority": one.priority,
        "source": one.source,
        "sha256": one.sha256,
        "download_bytes": one.size,
        "disk_bytes": one.grows,
        "age_days": None if one.age_days is None else round(one.age_days, 2),
        "config_files": list(edited.get(one.name, ())),
    }


def held(one: Held) -> dict[str, Any]:
    """Return one update that is left alone, with the reason."""
    return {"name": one.name, "from": one.before, "to": one.after, "security": one.security, "why": one.why}


def way_back(have: Have) -> dict[str, Any]:
    """Return whether all can be taken back later, and the reason for each package that cannot."""
    return {"complete": not have.unsaved, "missing": dict(have.unsaved)}


def unknown(have: Have) -> list[str]:
    """Return a sentence for each thing that could not be read, so that nobody takes it for well."""
    told = [f"whether {unit} runs replaced code: its processes may not be looked into" for unit in have.scan.unknown]
    if have.manager.lists_age_s() is None:
        told.append("what there is to update: no list of packages is here, since no repository could be asked")
    unrated = sum(one.cves is None for one in have.rated)
    if have.rated_by == CHANGELOGS and unrated:
        told.append(f"which CVEs {unrated} of {len(have.rated)} updates close: their changelogs are not at hand")
    if have.broken:
        told.append(f"what there is to update: {', '.join(have.interrupted)} must be repaired first")
    return told


def reboot(have: Have, stale: Stale, coming: Stale) -> dict[str, Any]:
    """Return whether a reboot is due; `stale` runs replaced code now, `coming` will after the changes."""
    judged = restarts.judge(have.kernel, have.scan, stale.left, own_word=have.manager.wants_reboot())
    return {
        "needed": judged.needed,
        "why": list(judged.why),
        "after": list(restarts.judge_after([one.name for one in have.changes], coming.left)),
        "running_kernel": have.kernel.running,
        "newest_kernel": have.kernel.newest,
    }


def report(have: Have, keep_running: Sequence[str]) -> dict[str, Any]:
    """Return what package_updates_info tells beyond what every update tells."""
    stale = restarts.sort(have.scan.stale, have.lone, keep_running)
    coming = restarts.foretell(have.uses, keep_running)
    pending = [one for one in have.rated if one.security]
    blind = have.broken or have.manager.lists_age_s() is None
    cves = sorted({cve for one in have.rated for cve in one.cves or ()})
    return {
        "restart": {
            "due": list(stale.restart),
            "after": [unit for unit in coming.restart if unit not in stale.restart],
            "left": dict(stale.left),
            "left_after": dict(coming.left),
        },
        "cves": {"open": cves if have.rated_by or not (have.rated or blind) else None, "source": have.rated_by},
        "no_longer_needed": list(have.garbage),
        "patch_age_days": None if blind else round(max((one.age_days or 0.0 for one in pending), default=0.0), 2),
    }


def past(history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the updates of the past, newest first, and when the last good one was."""
    good = [str(one["when"]) for one in history if one["result"] in GOOD]
    return {"history": [dict(one) for one in history], "last_patched": good[0] if good else ""}


def sentence(told: Mapping[str, Any]) -> str:
    """Return what package_updates_info found in one line, for somebody who is about to let it happen."""
    fixes = sum(one["security"] for one in told["plan"])
    parts = (
        [_counted(len(told["plan"]), "update") + (f" ({fixes} for security)" if fixes else "")] if told["plan"] else []
    )
    parts += [f"repair of {', '.join(told['interrupted'])}"] if told["interrupted"] else []
    restarts_ = [*told["restart"]["due"], *told["restart"]["after"]]
    parts += [f"restart of {', '.join(restarts_)}"] if restarts_ else []
    parts += [_left_alone(told["held"])] if told["held"] else []
    kept = [path for one in told["plan"] for path in one["config_files"]]
    parts += [f"edited files: {few(kept)}"] if kept else []
    parts += [f"old code stays in {few(sorted(told['restart']['left']))}"] if told["restart"]["left"] else []
    why = [*told["reboot"]["why"], *told["reboot"]["after"]]
    parts += [f"reboot due: {'; '.join(why)}"] if why else []
    parts += [f"no way back for {', '.join(told['way_back']['missing'])}"] if told["way_back"]["missing"] else []
    parts += (
        ["no list of packages is here, so nobody can tell what there is to update"]
        if told["lists_age_s"] is None
        else []
    )
    return ", ".join(parts) or "no update is due"


def _left_alone(held: Sequence[Mapping[str, Any]]) -> str:
    """Name those that matter: fixes that do not come."""
    fixes = [f"{one['name']}: {one['why']}" for one in held if one["security"]]
    return f"{len(held)} left alone" + (f" (for security {few(fixes)})" if fixes else "")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
