# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide what to update and what to restart: pure.

One rule makes the order: while there are packages to update, update them; once there are none, restart what still
runs replaced code. A run that died between the two is so finished by the next one.
"""

from __future__ import annotations

import fnmatch
from typing import Any, NamedTuple

from .._host import checks
from .._host.apt import Update
from .._transaction import steps
from .._transaction.steps import Plan
from .state import Have, Want

REBOOT = "it cannot be restarted on a running system: reboot when it suits"
SESSION = "it is somebody's session: it ends with the session, or with a reboot"
FOREIGN = "no unit of systemd's has it: restart it by hand"
# Units whose restart cuts off logins, consoles, the network or other people's containers.
NEVER = (
    ("init.scope", "it is systemd itself: `systemctl daemon-reexec`, or reboot when it suits"),
    ("dbus*.service", REBOOT),
    ("systemd-logind.service", REBOOT),
    ("polkit.service", REBOOT),
    ("getty@*.service", SESSION),
    ("*-getty@*.service", SESSION),
    ("user@*.service", SESSION),
    ("session-*.scope", SESSION),
    ("gdm*.service", SESSION),
    ("lightdm.service", SESSION),
    ("sddm.service", SESSION),
    ("NetworkManager.service", REBOOT),
    ("networking.service", REBOOT),
    ("wpa_supplicant*.service", REBOOT),
    ("docker.service", "it would stop every container: drain the host first"),
    ("containerd.service", "it would stop every container: drain the host first"),
)


class Stale(NamedTuple):
    """The units that run replaced code: those to restart, and those to leave, each with the reason."""

    restart: tuple[str, ...]
    left: dict[str, str]


def plan(want: Want, have: Have) -> Plan:
    """Return the update of all packages that are ready; without any, the restarts that are due."""
    found = sort(want, have)
    summary: dict[str, Any] = {
        "packages": [_told(update) for update in have.updates.ready],
        "held": list(have.updates.held),
        "kept_back": list(have.updates.kept),
        "restarted": [],
        "left": found.left,
        "unknown": list(have.scan.unknown),
    }
    changed = {update.name: update.after for update in have.updates.ready if update.before}
    if changed:
        step = steps.package("upgrade", changed)
        return Plan(f"update {len(changed)} packages", (step,), diff=(_diff(have.updates.ready),), summary=summary)
    if not found.restart or not want.restart:
        left = {**found.left, **dict.fromkeys(found.restart, "restarts are switched off: set restart to true")}
        return Plan("update packages", summary={**summary, "left": left})
    return Plan(
        f"restart {len(found.restart)} units that run replaced code",
        tuple(steps.unit(name, "restart", timeout_s=max(steps.UNIT_S, want.within_s)) for name in found.restart),
        checks=tuple(checks.unit(name) for name in found.restart),
        within_s=want.within_s,
        stable=2,
        units=found.restart,
        summary={**summary, "restarted": list(found.restart)},
    )


def sort(want: Want, have: Have) -> Stale:
    """Return which units with replaced code can be restarted, and which are left and why."""
    restart, left = set(), {}
    for process in have.scan.stale:
        reason = _reason_to_leave(want, process.unit)
        if reason:
            left[process.unit or f"process {process.pid}"] = reason
        elif have.lone.get(process.unit, process.pid) == process.pid:
            restart.add(process.unit)
        else:
            left[f"sessions of {process.unit}"] = SESSION
    return Stale(tuple(sorted(restart)), left)


def _reason_to_leave(want: Want, unit: str) -> str:
    if not unit:
        return FOREIGN
    for pattern in want.keep_running:
        if fnmatch.fnmatchcase(unit, pattern):
            return f"keep_running names it ({pattern})"
    for pattern, reason in NEVER:
        if fnmatch.fnmatchcase(unit, pattern):
            return reason
    return "" if unit.endswith(".service") else SESSION


def _told(update: Update) -> dict[str, Any]:
    return {"name": update.name, "from": update.before, "to": update.after, "security": update.security}


def _diff(updates: tuple[Update, ...]) -> dict[str, str]:
    return {
        "before": "".join(f"{update.name} {update.before}\n" for update in updates if update.before),
        "after": "".join(f"{update.name} {update.after}\n" for update in updates),
    }
