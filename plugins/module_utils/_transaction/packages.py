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
SAID = 1500
INSTALLED, CONFIG_FILES = "i", "c"
# Nobody is there to answer what becomes of a configuration file that somebody has edited: it stays.
KEEP_EDITED = ("--force-confdef", "--force-confold")
CONFIGURE = ("dpkg", *KEEP_EDITED, "--configure", "-a")
APT = (
    *("apt-get", "-q", "-y", "-o", f"DPkg::Lock::Timeout={LOCK_WAIT_S}"),
    *(word for option in KEEP_EDITED for word in ("-o", f"Dpkg::Options::={option}")),
    *("-o", "APT::Get::AutomaticRemove=0", "--no-install-recommends"),
)


def survey(steps: Sequence[Step]) -> Mapping[str, Any] | None:
    """Return the installed versions, the state of what is not quite there, and automatic marks; None without a package step."""
    if not any(step.kind == "package" for step in steps):
        return None
    known = _known()
    return {
        "installed": {name: version for name, (state, version) in known.items() if state == INSTALLED},
        "others": {name: state for name, (state, _version) in known.items() if state != INSTALLED},
        "auto": require(["apt-mark", "showauto"]).out.split(),
    }


def version_in(installed: Mapping[str, str], name: str) -> str:
    """Return the version of `name`, which dpkg may know by name and architecture; "" where it is not installed."""
    found = (version for known, version in installed.items() if name in (known, known.split(":", 1)[0]))
    return next(found, "")


def _known() -> dict[str, tuple[str, str]]:
    """Return state (dpkg's letter) and version of every package that dpkg has traces of, by its name."""
    out = require(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}\t${binary:Package}\t${Version}\n"]).out
    rows = [line.split("\t") for line in out.splitlines()]
    return {name: (status[1:2], version) for status, name, version in rows if status[1:2] != "n"}


def apply(world: World, entry: Entry) -> None:
    """Install, upgrade or remove exactly what the step names; raise CommandFailed with apt's own words."""
    step = entry.step
    names = [name + (f"={version}" if version else "") for name, version in sorted(step.args["packages"].items())]
    # Whoever names a version to install means it, older ones too.
    action = {
        "install": ["install", "--allow-downgrades"],
        "upgrade": ["install", "--only-upgrade"],
        "remove": ["remove"],
    }[step.args["action"]]
    _must(world, [*APT, *action, *names], step)
    _keep_marks(world, entry)


def repair(world: World) -> None:
    """Configure what dpkg has unpacked; waits while another dpkg, such as an orphan of ours, still works."""
    done = _settle(world)
    if done.rc != 0:
        raise CommandFailed(done.explain())


def _settle(world: World) -> Completed:
    deadline = time.monotonic() + LOCK_WAIT_S
    done = world.run(CONFIGURE, 1800)
    while done.rc != 0 and DPKG_BUSY in done.err and time.monotonic() < deadline:
        time.sleep(0.5)
        done = world.run(CONFIGURE, 1800)
    return done


def undo(world: World, entry: Entry) -> str | None:
    """Purge what is newly installed, put back what was replaced or removed; return a remark where it cannot be.

    An archive that no longer has the former version is the usual reason. What was half installed before the step is
    not ours to purge; of what had left its configuration, that stays.
    """
    # A package whose own script fails cannot be configured; it is purged all the same.
    settled = _settle(world)
    if settled.rc != 0 and DPKG_BUSY in settled.err:
        raise CommandFailed(f"another dpkg is still at work: {settled.explain()}")
    purge, remove, back = way_back(entry.before, _known())
    if purge:
        _must(world, [*APT, "purge", *purge], entry.step)
    if remove:
        _must(world, [*APT, "remove", *remove], entry.step)
    if back:
        done = world.run([*APT, "install", "--allow-downgrades", *back], float(entry.step.args["timeout_s"]))
        if done.rc != 0:
            return f"packages that could not return to their former version: {' '.join(back)} ({done.explain()})"
        _mark_back(world, entry)
    return None


def way_back(before: Mapping[str, Any], now: Mapping[str, tuple[str, str]]) -> tuple[list[str], list[str], list[str]]:
    """Return what to purge, what to remove and which `name=version` to install, to come from `now` to `before`."""
    was, others = before["installed"], before["others"]
    there = [name for name, (state, _version) in now.items() if state != CONFIG_FILES and name not in was]
    back = sorted(f"{name}={version}" for name, version in was.items() if now.get(name) != (INSTALLED, version))
    purge = sorted(name for name in there if name not in others)
    remove = sorted(name for name in there if others.get(name) == CONFIG_FILES)
    return purge, remove, back


def _keep_marks(world: World, entry: Entry) -> None:
    """Apt marks what it is asked for by name as manual; what was automatic before stays so."""
    auto = set(entry.before["auto"])
    there = entry.before["installed"]
    again = sorted(name for name in entry.step.args["packages"] if name in auto and version_in(there, name))
    if again:
        world.run(["apt-mark", "auto", *again], 60)


def _mark_back(world: World, entry: Entry) -> None:
    """What had to be asked for by name to return was a dependency for the most part: it is marked so again."""
    manual = world.run(["apt-mark", "showmanual"], 60).out.split()
    again = sorted({*entry.before["auto"]}.intersection(manual))
    if again:
        world.run(["apt-mark", "auto", *again], 60)


def _must(world: World, argv: Sequence[str], step: Step) -> None:
    done = world.run(argv, float(step.args["timeout_s"]))
    if done.rc != 0:
        # What the packages' own scripts said is in the output; apt's errors tell no more than that they failed.
        raise CommandFailed(done._replace(err=f"{done.out[-SAID:]}\n{done.err}").explain())
