# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Take the steps that touch Debian packages: exact versions, own conffiles kept, automatic marks kept.

dpkg cannot be turned back half-way, so an interrupted step is finished: configure what is unpacked, then ask again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import CommandFailed
from .._host.run import Completed, require
from .journal import Entry
from .steps import Step
from .world import World

LOCK_WAIT_S = 120
DPKG_BUSY = "lock"
APT = (
    *("apt-get", "-q", "-y", "-o", f"DPkg::Lock::Timeout={LOCK_WAIT_S}"),
    *("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"),
    *("-o", "APT::Get::AutomaticRemove=0", "--no-install-recommends"),
)


def survey(steps: Sequence[Step]) -> Mapping[str, Any] | None:
    """Return the installed versions and automatic marks, None when no step is about packages."""
    if not any(step.kind == "package" for step in steps):
        return None
    return {"installed": installed(), "auto": require(["apt-mark", "showauto"]).out.split()}


def installed() -> dict[str, str]:
    """Return the version of every installed package, by name (with architecture where dpkg tells it)."""
    return _rows(*"cnUFHWt")


def _rows(*without: str) -> dict[str, str]:
    """The version of every package that dpkg knows, but for those in one of the states `without`."""
    out = require(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}\t${binary:Package}\t${Version}\n"]).out
    rows = [line.split("\t") for line in out.splitlines()]
    return {name: version for status, name, version in rows if status[1:2] not in without}


def apply(world: World, entry: Entry) -> None:
    """Install, upgrade or remove exactly what the step names; raise CommandFailed with apt's own words."""
    step = entry.step
    names = [name + (f"={version}" if version else "") for name, version in sorted(step.args["packages"].items())]
    action = {"install": ["install"], "upgrade": ["install", "--only-upgrade"], "remove": ["remove"]}[
        step.args["action"]
    ]
    _must(world, [*APT, *action, *names], step)
    _keep_marks(world, entry)


def finish(world: World, entry: Entry) -> None:
    """Carry an interrupted step to its end: repair dpkg, then ask for the same versions again."""
    repair(world)
    apply(world, entry)


def repair(world: World) -> None:
    """Configure what dpkg has unpacked; waits while another dpkg, such as an orphan of ours, still works."""
    done = _settle(world)
    if done.rc != 0:
        raise CommandFailed(done.explain())


def _settle(world: World) -> Completed:
    deadline = time.monotonic() + LOCK_WAIT_S
    done = world.run(["dpkg", "--configure", "-a"], 1800)
    while done.rc != 0 and DPKG_BUSY in done.err and time.monotonic() < deadline:
        time.sleep(0.5)
        done = world.run(["dpkg", "--configure", "-a"], 1800)
    return done


def undo(world: World, entry: Entry) -> str | None:
    """Purge what is newly installed, put back what was replaced or removed; return a remark where it cannot be.

    An archive that no longer has the former version is the usual reason.
    """
    # A package whose own script fails cannot be configured; it is purged all the same.
    _settle(world)
    before, now = entry.before["installed"], installed()
    # What failed half-way is there too, though it does not count as installed.
    new = sorted(name for name in _rows("n", "c") if name not in before)
    back = sorted(f"{name}={version}" for name, version in before.items() if now.get(name) != version)
    if new:
        _must(world, [*APT, "purge", *new], entry.step)
    if back:
        done = world.run([*APT, "install", "--allow-downgrades", *back], float(entry.step.args["timeout_s"]))
        if done.rc != 0:
            return f"packages that could not return to their former version: {' '.join(back)} ({done.explain()})"
        _keep_marks(world, entry)
    return None


def _keep_marks(world: World, entry: Entry) -> None:
    """Apt marks what it is asked for by name as manual; what was automatic before stays so."""
    auto = set(entry.before["auto"])
    again = sorted(name for name in entry.step.args["packages"] if name in auto and name in _bare(entry))
    if again:
        world.run(["apt-mark", "auto", *again], 60)


def _bare(entry: Entry) -> set[str]:
    return {name.split(":", 1)[0] for name in entry.before["installed"]}


def _must(world: World, argv: Sequence[str], step: Step) -> None:
    done = world.run(argv, float(step.args["timeout_s"]))
    if done.rc != 0:
        raise CommandFailed(done.explain())
