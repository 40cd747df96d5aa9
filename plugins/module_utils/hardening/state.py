# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what the rules are about: each thing once, however many rules ask for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .. import _managed
from .._host import files, run, systemd
from .._host.files import FileState
from .._host.systemd import UnitState
from .._managed import Managed
from ..kernel_settings import state as kernel
from ..kernel_settings.state import Have as Kernel
from ..kernel_settings.want import Want as KernelWant
from ..packages import state as packages
from ..packages.state import Have as Packages
from ..packages.want import Package
from ..packages.want import Want as PackagesWant
from .facts import Facts

FSTAB = "/etc/fstab"
MOUNTS, MODULES = "/proc/mounts", "/proc/modules"
# Kernels since 5.8 tell by a word what is given as a number, which older ones and fstab have.
NAMED = {"hidepid=off": "hidepid=0", "hidepid=noaccess": "hidepid=1", "hidepid=invisible": "hidepid=2"}
WITHOUT_EFFECT = "active without effect"
MANIFEST = "hardening-{layer}"
# The name under which kernel_settings keeps what the layer kernel sets.
KERNEL = "hardening"
# The list that packages keeps of what the layers install.
PACKAGES = "hardening"


class MountState(NamedTuple):
    source: str
    kind: str
    options: frozenset[str]


class Asked(NamedTuple):
    """What has to be read. `layers` are those of the call; `released` is whether they are to go."""

    layers: tuple[str, ...] = ()
    contents: frozenset[str] = frozenset()
    modes: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    effects: Mapping[str, tuple[str, ...]] = {}
    packages: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    sysctls: Mapping[str, str] = {}


class Have(NamedTuple):
    """The host. `managed` has the manifests of all layers; `installed` is dpkg's word on every package."""

    facts: Facts
    files: Mapping[str, FileState] = {}
    units: Mapping[str, UnitState] = {}
    installed: Mapping[str, str] = {}
    mounts: Mapping[str, MountState] = {}
    modules: frozenset[str] = frozenset()
    kernel: Kernel | None = None
    managed: Mapping[str, Managed] = {}
    packages: Packages | None = None
    packages_want: PackagesWant = PackagesWant()

    def text(self, path: str) -> str:
        there = self.files.get(path)
        return (there.content or b"").decode("utf-8", "surrogateescape") if there else ""


def read(facts: Facts, asked: Asked, managed: Mapping[str, Managed], *, wait_s: float, rehearsal: bool) -> Have:
    """Return the host; raise Unreadable where a manifest of ours cannot be understood, HostLocked while dpkg is at work."""
    theirs = [managed[layer] for layer in asked.layers]
    ours = [path for one in theirs for path in one.files if path not in asked.modes]
    units = {*asked.units, *(name for one in theirs for name in one.facts.get("units", ()))}
    wanted = packages_want(asked, managed)
    found = packages.read(wanted, wait_s=wait_s, own_lists=rehearsal)
    return Have(
        facts,
        {
            **{path: files.read(path, content=False) for path in asked.modes},
            **{path: files.read(path) for path in {*_with_folders(asked.contents), *ours, FSTAB}},
        },
        _with_effects(systemd.show(sorted(units)), asked.effects),
        {name: one.version for name, one in found.host.known.items() if one.is_there},
        mounts(_text(MOUNTS)),
        frozenset(line.split(" ")[0] for line in _text(MODULES).splitlines()),
        kernel.read(kernel_want(asked.sysctls)) if "kernel" in asked.layers else None,
        managed,
        found,
        wanted,
    )


def _with_effects(units: Mapping[str, UnitState], effects: Mapping[str, Sequence[str]]) -> dict[str, UnitState]:
    """Return the units; one that is active and has lost its effect is not."""
    lost = {name for name, argv in effects.items() if units[name].is_active and run.run(argv).rc != 0}
    return {name: one._replace(active=WITHOUT_EFFECT) if name in lost else one for name, one in units.items()}


def _with_folders(paths: Iterable[str]) -> set[str]:
    """What is to be written may lack the directory that it lies in, or that one's."""
    folders = {os.path.dirname(path) for path in paths}
    return {*paths, *folders, *(os.path.dirname(folder) for folder in folders)}


def kernel_want(settings: Mapping[str, str], *, force: bool = False) -> KernelWant:
    """Return what kernel_settings is asked for: no settings take all of them back."""
    return KernelWant(KERNEL, settings, allow_unknown=True, allow_overridden=True, force=force, present=bool(settings))


def manifests(layers: Iterable[str]) -> dict[str, Managed]:
    """Return what each layer manages; raise Unreadable where that cannot be understood."""
    return {layer: _managed.read(MANIFEST.format(layer=layer)) for layer in layers}


def packages_want(asked: Asked, managed: Mapping[str, Managed]) -> PackagesWant:
    """Return the one list of packages of all layers: those of the call, and what the others have asked for."""
    others = [
        name for layer, one in managed.items() if layer not in asked.layers for name in one.facts.get("packages", ())
    ]
    present = dict.fromkeys((*asked.packages, *others))
    return PackagesWant(
        (*(Package(name, purge=True) for name in present), *(Package(name, "absent") for name in asked.unwanted)),
        name=PACKAGES,
        exactly_back=True,
    )


def mounts(text: str) -> dict[str, MountState]:
    """Return what is mounted where; of several at one place the last."""
    rows: Iterable[list[str]] = (line.split(" ") for line in text.splitlines())
    return {row[1]: MountState(row[0], row[2], frozenset(_options(row[3]))) for row in rows if len(row) >= 4}


def _options(text: str) -> list[str]:
    return [NAMED.get(option, option) for option in text.split(",")]


def _text(path: str) -> str:
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
