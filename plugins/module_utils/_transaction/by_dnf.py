# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Change packages of rpm through dnf 4: exactly the archives that are given, without a network, reasons kept.

Version locks are a list that nothing here touches, and that does not apply to archives given by path.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence

from .._errors import CommandFailed, HostLocked
from .._host import dpkg
from .._host.run import Completed, require
from . import archives
from .world import World

LOCK_WAIT_S = 120
PAUSE_S = 0.5
RPM_LOCK = "/var/lib/rpm/.rpm.lock"
# rpm writes the scripts of packages to files of this name, which go on running when it is killed.
SCRIPTS = b"/var/tmp/rpm-tmp."
# Excludes would apply to archives too, and the host's limit of kernels would drop one; what it asks for is decided before.
DNF = (
    *("dnf", "-q", "-y", "--disablerepo=*", "--disableexcludes=all", "--noautoremove"),
    *("--setopt=install_weak_deps=False", "--setopt=installonly_limit=0"),
)
FORM = "%{NAME}\t%{ARCH}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\t%{INSTALLTIME}\n"
REPAIR_S = 1800
MARK_S = 120
NOTHING = Completed((), 0, "", "", 0.0)


def known() -> dict[str, tuple[str, str]]:
    """Return state and version of every package by its name: rpm has no other state than installed ("i"), but for what a
    cut-off transaction has left there twice ("H").

    Those that stand side by side, such as kernels, are each a package of its own, with its version in its name.
    """
    kernels, halves, found = _kernels(), _halves(), {}
    for name, version in _installed():
        found[f"{name}-{version}" if name in kernels else name] = ("H" if name in halves else "i", version)
    return found


def _installed() -> list[tuple[str, str]]:
    """Return name and version of every package, the one that was installed last at the end."""
    rows = [line.split("\t") for line in require(["rpm", "-qa", "--qf", FORM]).out.splitlines()]
    ordered = sorted(rows, key=lambda row: int(row[3]))
    return [(_own(name, arch), version.removeprefix("0:")) for name, arch, version, _when in ordered]


def marks() -> dict[str, list[str]]:
    """Return the packages that came along for others' sake; nothing is on hold, since locks stay where they are."""
    query = ["dnf", "-q", "-C", "--disablerepo=*", "repoquery", "--userinstalled", "--qf", "%{name} %{arch}"]
    asked = {_own(*line.split()) for line in require(query).out.splitlines()}
    return {"auto": sorted({name for name in known() if name not in asked}), "hold": []}


def _own(name: str, arch: str) -> str:
    """Return the name that the reader of dnf has for the package."""
    return name if arch in ("noarch", os.uname().machine, "(none)") else f"{name}.{arch}"


def fetch(world: World, store: str, wanted: Mapping[str, str]) -> None:
    """Bring these versions to the store, verified by digest and signature; raise CommandFailed where one is not to be had."""
    # Only before a change, in the module: the interpreter that the host has for recovery finds them in the store.
    from .._host import dnf

    manager = dnf.open_manager(wait_s=LOCK_WAIT_S)
    for name, version in sorted(wanted.items()):
        path = manager.archive(name, version, store)
        if path is None:
            raise CommandFailed(f"no repository of this host has {name} {version} any more")
        arch = path.rsplit(".", 2)[1]
        archives.take_in(world, path, f"{store}/{archives.stem(name, version)}{arch}.rpm")


def pack(world: World, store: str, name: str, version: str) -> None:
    """Nothing makes an archive of an installed package here; the plan has told so."""


def install(
    world: World, words: Sequence[str], *, config_files: str, release_held: bool, timeout_s: float
) -> Completed:
    """`words` are archives by path, older ones too, and name- for one that goes; then what conflicts with them may go."""
    del config_files, release_held
    paths = [word for word in words if not word.endswith("-")]
    gone = [word[:-1] for word in words if word.endswith("-")]
    done = _install(world, paths, ["--allowerasing"] if gone else [], timeout_s)
    left = sorted({*gone} & {*known()})
    return remove(world, left, timeout_s=timeout_s) if left and done.rc == 0 else done


def _install(world: World, paths: Sequence[str], options: Sequence[str], timeout_s: float) -> Completed:
    if not paths:
        return NOTHING
    if _halves():
        # dnf cannot end what was cut off between the new package and the old one; rpm takes both for what they are. Kernels
        # are not for it: it would have the old one go.
        cut = [path for path in paths if _named(path)[0] not in _kernels()]
        done = world.run(["rpm", "-U", "--quiet", "--replacepkgs", "--oldpackage", *cut], timeout_s)
        if done.rc != 0:
            return done
        # dnf's history has no end of the transaction that was cut off until it has a later one.
        world.run([*DNF, "mark", "install", _named(cut[0])[0]], MARK_S)
        paths = [path for path in paths if path not in cut]
        if not paths:
            return done
    return world.run([*DNF, *options, "install", *paths], timeout_s)


def _halves() -> list[str]:
    """Return the packages that are there twice, as a cut-off transaction leaves them; kernels are so on purpose."""
    kernels, names = _kernels(), [name for name, _version in _installed()]
    return sorted({name for name in names if names.count(name) > 1 and name not in kernels})


def _kernels() -> list[str]:
    asked = ["rpm", "-q", "--whatprovides", "--qf", "%{NAME}\n", "installonlypkg(kernel)", "kernel"]
    # It ends with the number of names that nothing provides.
    return require(asked, ok=(0, 1, 2)).out.split()


def _named(path: str) -> tuple[str, str]:
    """Return name and version of an archive in the store."""
    name, version, _rest = os.path.basename(path).split("_", 2)
    return name, version.replace("%3a", ":")


def remove(world: World, names: Sequence[str], *, timeout_s: float) -> Completed:
    """Remove, with what needs them."""
    return world.run([*DNF, "remove", *names], timeout_s)


def drop(world: World, names: Sequence[str], *, purge: bool, timeout_s: float) -> Completed:
    """Remove what is there still of these; rpm keeps no configuration that would have to be purged."""
    del purge
    left = sorted(set(names) & set(known()))
    return remove(world, left, timeout_s=timeout_s) if left else NOTHING


def mark(world: World, kind: str, names: Collection[str]) -> None:
    """Mark as `auto` or `manual`."""
    verb = {"auto": "remove", "manual": "install"}.get(kind)
    if names and verb:
        world.run([*DNF, "mark", verb, *sorted(names)], MARK_S)


def repair(world: World) -> Completed:
    """Wait until nobody is at work with rpm, the script of a dead one included; the step is then taken once more."""
    del world
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        busy = [pid for pid in (dpkg.holder(RPM_LOCK),) if pid is not None] or dpkg.running(SCRIPTS)
        if not busy:
            return NOTHING
        if time.monotonic() > deadline:
            raise HostLocked(
                f"process {busy[0]} is at work with rpm, and still was after {LOCK_WAIT_S} s: wait for its end"
            )
        time.sleep(PAUSE_S)


def is_busy(done: Completed) -> bool:
    """Whether another one was still at work: then `repair` has raised already."""
    del done
    return False
