# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what a host has of an app: its releases, which of them runs, which ran before, and what they share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from .._errors import BadInput
from .._host import disk_space, files, systemd
from .._host.files import FileState
from .._host.systemd import UnitState
from .._transaction.paths import HOST
from ..service_config.state import SYSTEMD_DIRECTORIES
from ..service_config.state import Have as ServiceHave
from ..service_config.want import Want as ServiceWant
from ..service_config.want import parents
from . import command, record
from .command import Given
from .offer import Offer, signer_today
from .record import Record
from .want import Want


class Release(NamedTuple):
    """One version: complete with a record and a directory, incomplete with a directory alone."""

    version: str
    record: Record | None = None
    has_directory: bool = True

    @property
    def is_complete(self) -> bool:
        return self.record is not None and self.has_directory


class Layout(NamedTuple):
    """The app's directory as it is: what the links lead to ("" for nowhere), and all releases by version."""

    active: str = ""
    former: str = ""
    releases: Mapping[str, Release] = {}

    def complete(self, version: str) -> Record | None:
        """Return the record of a release that is complete, None for any other."""
        found = self.releases.get(version)
        return found.record if found and found.is_complete else None


class Have(NamedTuple):
    """The host as the planner sees it.

    `missing` are the directories above wanted paths that are not there; `shared` what stands at the shared paths;
    `room` the free bytes of the releases' file system; `offer` what is offered to be staged, with the path of its
    archive on the host once that has been brought. `given` is what the unit gives to commands; `signer` who has
    signed the release that is staged already, by those who may sign today; `wanted` and `service` are for the
    service_config planner.
    """

    layout: Layout = Layout()
    missing: frozenset[str] = frozenset()
    shared: Mapping[str, FileState] = {}
    signers: FileState = FileState("", files.ABSENT)
    room: int = 0
    offer: Offer | None = None
    sockets: Mapping[str, UnitState] = {}
    given: Given = Given()
    signer: str = ""
    wanted: ServiceWant = ServiceWant("")
    service: ServiceHave = ServiceHave()
    validated: tuple[str, ...] = ()


def layout(app: str, root: str, base: str = HOST.base) -> Layout:
    """Return the app's releases; an empty layout on a host that never had one.

    Raise BadInput where the app lives elsewhere: its records would be taken for those of releases that are gone.
    """
    recorded = {
        name[: -len(".json")]
        for name in files.listing(record.directory_of(app, base))
        if name.endswith(".json") and not name.startswith(".")
    }
    unpacked = {
        name
        for name in files.listing(f"{root}/releases")
        if not name.startswith(".") and os.path.isdir(f"{root}/releases/{name}")
    }
    found = {
        version: Release(
            version, record.parse(files.read(record.path_of(app, version, base)).content), version in unpacked
        )
        for version in sorted(recorded | unpacked)
    }
    elsewhere = {one.record.root for one in found.values() if one.record and one.record.root} - {root}
    if elsewhere:
        raise BadInput(
            f"{app} lives in {', '.join(sorted(elsewhere))} on this host, not in {root}: give that as root, or another app"
        )
    return Layout(_leads_to(f"{root}/current"), _leads_to(f"{root}/former"), found)


def read(want: Want, known: Layout, offer: Offer | None) -> Have:
    """Return what the planners need beside the layout; the service's part is read by its own reader."""
    wanted = [*(want.shared_path(one.path) for one in want.shared), want.release_path("x"), want.record_path("x")]
    above = {up for path in wanted for up in parents(path) if not os.path.isdir(up) and up != want.base}
    staged = known.complete(want.version)
    return Have(
        layout=known,
        missing=frozenset(above),
        shared={one.path: files.read(want.shared_path(one.path), content=False) for one in want.shared},
        signers=files.read(want.signers) if want.signers_content else FileState("", files.ABSENT),
        room=disk_space.free(want.root),
        offer=offer,
        sockets=systemd.show(want.sockets),
        given=command.given_by(_unit_file(want)),
        signer=signer_today(want, staged) if staged and want.version != known.active else "",
    )


def _unit_file(want: Want) -> bytes:
    """Return the file of the unit as it will be when the call's files are in place; empty for none."""
    there = (files.read(f"{folder}{want.unit}").content for folder in SYSTEMD_DIRECTORIES if want.unit)
    return want.unit_file or next((content for content in there if content is not None), b"")


def _leads_to(link: str) -> str:
    """Return the version that a link of ours leads to, "" for one that is not there or leads elsewhere."""
    target = files.read(link, content=False).target or ""
    folder, _slash, version = target.rpartition("/")
    return version if folder == "releases" else ""
