# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Take the steps that touch systemd units, and bring units back to what they were.

The undo of a transaction has three parts: what it started is stopped, then files go back, then what ran before runs
again with them. This module does the first and the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._errors import CommandFailed
from .._host import checks, systemd
from .journal import Entry
from .steps import Step
from .world import World

SYSTEMCTL_S = 120
# Actions that end, begin or renew a unit's run.
RUNNING = ("start", "stop", "restart", "reload")
# How long a unit may take to be active again after an undo.
BACK_S = 60


def survey(steps: Sequence[Step]) -> dict[str, Mapping[str, Any]]:
    """Return for each unit of the steps what it is now: active, enabled, masked, and its invocation."""
    return {
        name: {
            "active": state.is_active,
            "enabled": state.is_enabled,
            "masked": state.enabled == "masked",
            "invocation": state.invocation,
        }
        for name, state in systemd.show(_names(steps)).items()
    }


def restarted(entries: Sequence[Entry]) -> list[Entry]:
    """Return those whose unit ran before the transaction and was started anew since, by a reboot or by itself.

    It may have read files that are about to go back, although no step touched it yet.
    """
    now = systemd.show(_names([entry.step for entry in entries]))
    return [
        entry
        for entry in entries
        if entry.before.get("active") and now[entry.step.target].invocation != entry.before.get("invocation")
    ]


def apply(world: World, step: Step) -> None:
    """Take one unit step; raise CommandFailed with systemd's own words."""
    action = {"reload": "reload-or-restart"}.get(step.args["action"], step.args["action"])
    argv = ["systemctl", action] + ([step.target] if step.target else [])
    done = world.run(argv, float(step.args["timeout_s"]))
    if done.rc != 0:
        raise CommandFailed(done.explain())


def stop_started(world: World, entries: Iterable[Entry]) -> None:
    """Stop, disable, mask and unmask back to what was before the transaction; last taken, first undone."""
    for entry in reversed(list(entries)):
        action, before = entry.step.args["action"], entry.before
        if action in ("start", "restart", "reload") and not before.get("active"):
            # A unit without a file is gone with its process; there is then nothing left to stop.
            world.run(["systemctl", "stop", entry.step.target], SYSTEMCTL_S)
        elif action == "enable" and not before.get("enabled"):
            world.run(["systemctl", "disable", entry.step.target], SYSTEMCTL_S)
        elif action in ("mask", "unmask") and (action == "unmask") == bool(before.get("masked")):
            _must(world, ["systemctl", "mask" if before.get("masked") else "unmask", entry.step.target])


def run_again(world: World, entries: Sequence[Entry]) -> list[str]:
    """With the old files in place, bring back to life what was active before; return a remark on each that stays down.

    Raise CommandFailed where systemd cannot read or enable units.
    """
    if entries:
        _must(world, ["systemctl", "daemon-reload"])
    remarks: dict[str, str] = {}
    seen = set()
    for entry in entries:
        name, action, before = entry.step.target, entry.step.args["action"], entry.before
        if action == "disable" and before.get("enabled"):
            _must(world, ["systemctl", "enable", name])
        elif action in RUNNING and before.get("active") and name not in seen:
            seen.add(name)
            # A broken start may have used up its start limit, which would refuse the good one.
            world.run(["systemctl", "reset-failed", name], SYSTEMCTL_S)
            again = ["systemctl", "reload-or-restart" if action == "reload" else "restart", name]
            done = world.run(again, float(entry.step.args["timeout_s"]))
            if done.rc != 0:
                remarks[name] = done.explain()
    report = checks.wait_for([checks.unit(name) for name in sorted(seen - set(remarks))], within_s=BACK_S)
    return [f"{name} does not run again: {why}" for name, why in remarks.items()] + checks.failures(report)


def _names(steps: Sequence[Step]) -> list[str]:
    return sorted({step.target for step in steps if step.kind == "unit" and step.target})


def _must(world: World, argv: Sequence[str]) -> None:
    done = world.run(argv, SYSTEMCTL_S)
    if done.rc != 0:
        raise CommandFailed(done.explain())
