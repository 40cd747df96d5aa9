# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Change Debian packages: exact versions, own conffiles as asked, holds and automatic marks kept."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Mapping, Sequence

from .._errors import CommandFailed
from .._host import dpkg
from .._host.run import Completed, require
from . import archives
from .world import World

LOCK_WAIT_S = 120
# Scripts of packages say "lock" too.
DPKG_BUSY = re.compile(r"dpkg: error: .* lock (?:is|was) locked by another process")
INSTALLED, CONFIG_FILES, HALF_INSTALLED = "i", "c", "H"
# Nobody is there to answer what becomes of a configuration file that somebody has edited: it stays, unless told otherwise.
KEEP_EDITED = ("--force-confdef", "--force-confold")
ANSWERS = {"keep": KEEP_EDITED, "take": ("--force-confnew",)}
CONFIGURE = ("dpkg", *KEEP_EDITED, "--configure", "-a")
CONFIGURE_S = 1800
# Only so does apt look at what it takes to be installed, and only so does dpkg remove what is not.
FORCE_HALF = "--force-remove-reinstreq"
ANEW = ("-o", f"Dpkg::Options::={FORCE_HALF}", "--reinstall")
# No recommended package comes along: whoever wants one names it.
APT = (
    *("apt-get", "-q", "-y", *dpkg.FRESH, "-o", f"DPkg::Lock::Timeout={LOCK_WAIT_S}"),
    *("-o", "APT::Get::AutomaticRemove=0", "--no-install-recommends"),
)
# Of a version that a repository has as well, apt would fetch the archive from there, and only where that fails, after many
# tries, take ours; as a user of its own, which may not read the store. Without repositories it takes what it was given.
ALONE = (
    *("-o", "Dir::Etc::sourcelist=/dev/null", "-o", "Dir::Etc::sourceparts=/dev/null"),
    *("-o", "Dir::Cache::srcpkgcache=", "-o", "APT::Sandbox::User=root"),
)
# The store is root's alone, so that apt's own user could not write to it.
FETCH = ("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download")
FETCH_S = 1800
MARK_S = 60


def known() -> dict[str, tuple[str, str]]:
    """Return state (dpkg's letter) and version of every package that dpkg has traces of, by its name."""
    out = require(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}\t${binary:Package}\t${Version}\n"]).out
    rows = [line.split("\t") for line in out.splitlines()]
    return {name: (dpkg.state_in(status), version) for status, name, version in rows if status[1:2] != "n"}


def marks() -> dict[str, list[str]]:
    """Return the packages that are marked as automatic, and those on hold."""
    return {kind: require(["apt-mark", f"show{kind}"]).out.split() for kind in ("auto", "hold")}


def fetch(world: World, store: str, wanted: Mapping[str, str]) -> None:
    """Bring these versions to the store, their digests verified by apt; raise CommandFailed with apt's own words."""
    names = [f"{name}={version}" for name, version in sorted(wanted.items())]
    # apt-get writes under the final name, and leaves a part there when it is killed or the disk is full.
    with archives.workshop(world, store) as folder:
        done = world.run(["env", f"--chdir={folder}", *FETCH, *names], FETCH_S)
        if done.rc != 0:
            raise CommandFailed(done.explain())
        for name in sorted(os.listdir(folder)):
            archives.take_in(world, f"{folder}/{name}", f"{store}/{name}")


def pack(world: World, store: str, name: str, version: str) -> None:
    """Make an archive of what is installed, where no repository has that version any more; needs dpkg-repack."""
    with archives.workshop(world, store) as folder:
        done = world.run(["env", f"--chdir={folder}", "dpkg-repack", name], FETCH_S)
        made = [one for one in os.listdir(folder) if one.endswith(archives.ENDINGS)]
        if done.rc == 0 and len(made) == 1:
            ending = made[0].rsplit("_", 1)[1]
            archives.take_in(world, f"{folder}/{made[0]}", f"{store}/{archives.stem(name, version)}{ending}")


def install(
    world: World, words: Sequence[str], *, config_files: str, release_held: bool, timeout_s: float
) -> Completed:
    """`words` are archives by path, name=version, name, or name- for one that goes; older versions too.

    Where dpkg was stopped at unpacking, what is asked for is installed even if it seems to be there, or goes as it is.
    """
    options = [word for option in ANSWERS[config_files] for word in ("-o", f"Dpkg::Options::={option}")]
    held = ["--allow-change-held-packages"] if release_held else []
    half = any(state == HALF_INSTALLED for state, _version in known().values())
    alone = ALONE if all(_is_at_hand(word) for word in words) else ()
    argv = [*APT, *alone, *options, *(ANEW if half else ()), "install", "--allow-downgrades", *held, *words]
    return world.run(argv, timeout_s)


def _is_at_hand(word: str) -> bool:
    """Whether apt needs no repository for it: an archive by its path, or what goes."""
    return word.startswith("/") or ("=" not in word and word.endswith("-"))


def remove(world: World, names: Sequence[str], *, timeout_s: float) -> Completed:
    return world.run([*APT, "remove", *names], timeout_s)


def drop(world: World, names: Sequence[str], *, purge: bool, timeout_s: float) -> Completed:
    """Remove exactly these, half installed ones too: dpkg refuses where something needs them, and apt would purge that as well."""
    argv = ["dpkg", FORCE_HALF, "--purge" if purge else "--remove", *names]
    return _patiently(world, argv, timeout_s)


def mark(world: World, kind: str, names: Collection[str]) -> None:
    """Mark as `auto`, `manual`, `hold` or `unhold`."""
    if names:
        world.run(["apt-mark", kind, *sorted(names)], MARK_S)


def repair(world: World) -> Completed:
    """Configure what dpkg has unpacked; waits while another dpkg, or the script that a dead one left, still works."""
    dpkg.wait_for_lock(LOCK_WAIT_S)
    return _patiently(world, CONFIGURE, CONFIGURE_S)


def _patiently(world: World, argv: Sequence[str], timeout_s: float) -> Completed:
    """Run dpkg, which unlike apt-get does not wait for whoever has its lock."""
    deadline = time.monotonic() + LOCK_WAIT_S
    done = world.run(argv, timeout_s)
    while is_busy(done) and time.monotonic() < deadline:
        time.sleep(0.5)
        done = world.run(argv, timeout_s)
    return done


def is_busy(done: Completed) -> bool:
    """Whether another dpkg was still at work."""
    return done.rc != 0 and bool(DPKG_BUSY.search(done.err))
