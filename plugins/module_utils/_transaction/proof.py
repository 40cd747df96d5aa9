# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The undo that saves from a lock-out: armed before a risky step, disarmed after a proof from outside.

Between the two, three things take the transaction back: the timer, the next boot, and a human. The timer counts from
its activation on the monotonic clock, and is enabled, so that a reboot does not lose it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .._errors import BadInput, CommandFailed, Unfinished
from . import journal
from .journal import Journal
from .paths import Paths, boot_id, boottime, remaining
from .world import World

LATE = "no proof came in time that the host can still be reached"
TIMER = "groundcrew-undo.timer"
SERVICE = "groundcrew-undo.service"
_TIMER_TEXT = """\
[Unit]
Description=Take back the transaction {txid} unless its proof comes first

[Timer]
OnActiveSec={within_s:.0f}s
AccuracySec=100ms
Unit={service}

[Install]
WantedBy=timers.target
"""


def arm(paths: Paths, world: World, opened: Journal, *, within_s: float) -> None:
    """Start the undo timer, on the disk before anything is changed, and say so in the journal."""
    path = f"{paths.systemd}/{TIMER}"
    world.create(path, _TIMER_TEXT.format(txid=opened.txid, within_s=within_s, service=SERVICE).encode())
    world.chmod(path, 0o644)
    world.sync(path)
    _await(world, opened, within_s)
    for argv in (["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", TIMER]):
        done = world.run(argv, 60)
        if done.rc != 0:
            raise CommandFailed(f"the undo timer could not be armed: {done.explain()}")
    for folder in (paths.systemd, f"{paths.systemd}/timers.target.wants"):
        world.sync(folder)


def renew(world: World, opened: Journal, *, within_s: float) -> None:
    """Let the time of the proof begin anew once the change is whole: its steps may have taken longer than that."""
    _await(world, opened, within_s)
    # Where the timer has run out meanwhile, its service waits for this process to let go of the host.
    for argv in (["systemctl", "restart", TIMER], ["systemctl", "stop", SERVICE]):
        done = world.run(argv, 60)
        if done.rc != 0:
            raise CommandFailed(f"the undo timer could not be armed: {done.explain()}")


def _await(world: World, opened: Journal, within_s: float) -> None:
    opened.mark(world, unproven={"ends": boottime() + within_s, "boot": boot_id(), "within_s": within_s})


def disarm(paths: Paths, world: World) -> None:
    """Stop and remove the timer, if there is one."""
    path = f"{paths.systemd}/{TIMER}"
    if not os.path.exists(path):
        return
    done = world.run(["systemctl", "disable", "--now", TIMER], 60)
    if done.rc != 0:
        raise CommandFailed(f"the undo timer could not be disarmed: {done.explain()}")
    world.unlink(path)
    world.sync(paths.systemd)
    world.run(["systemctl", "daemon-reload"], 60)


def find(paths: Paths, txid: str) -> Journal:
    """Return the open transaction `txid`, which waits for its proof; raise BadInput when there is none such."""
    opened = journal.load(f"{paths.journal}/{txid}") if f"{paths.journal}/{txid}" in journal.unfinished(paths) else None
    if opened is None or not opened.marked("verified") or opened.marked("undo"):
        raise BadInput(
            f"transaction {txid!r} does not wait for a proof: it was taken back, proven already, or not ours"
        )
    return opened


def refuse_while_awaited(opened: Journal, awaited: Mapping[str, Any]) -> None:
    """Raise Unfinished while the proof may still come; return once its time is over."""
    left = remaining(float(awaited["ends"]), str(awaited["boot"]), ttl_s=0)
    if left > 0:
        raise Unfinished(
            f"{opened.plan.name} ({opened.txid}) waits {left:.0f} s more for the proof that this host can be reached; "
            "wait for it, or settle it on this host with `groundcrew recover --accept --reason TEXT` or --undo"
        )
