# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""File systems that are mounted at boot and now: a mount unit of systemd for each; /etc/fstab is left to its owner."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..._errors import BadInput
from ..._host import confines
from ..area import HEADER, Asked, Have, Part, no_doubles, one_line, paths_of
from ..unit_files import UnitFile, escape, names_in, plan_units

AREA = "mounts"
FSTAB = "/etc/fstab"
# Without them the host does not come up; what they are is the installer's matter.
FORBIDDEN = ("/", "/boot", "/dev", "/etc", "/proc", "/run", "/sys", "/usr")
REMOTE = ("nfs", "nfs4", "cifs", "ceph", "glusterfs")
CONTAINER = "this process may not mount, as in a container: give the container's engine the volume instead"
UNIT = """\
{header}[Unit]
Description={point} (groundcrew.fleet)

[Mount]
What={what}
Where={point}
Type={type}
Options={options}

[Install]
WantedBy={target}
"""


class Mount(NamedTuple):
    point: str
    what: str
    type: str
    options: str

    @property
    def unit(self) -> UnitFile:
        remote = self.type in REMOTE or "_netdev" in self.options.split(",")
        target = "remote-fs.target" if remote else "local-fs.target"
        text = UNIT.format(header=HEADER, target=target, **self._asdict())
        return UnitFile(f"{escape(self.point)}.mount", text)


def parse(params: Mapping[str, Any]) -> tuple[Mount, ...] | None:
    """Return the mounts that shall be, None where they are not asked for; raise BadInput for what cannot be."""
    if params["mounts"] is None:
        return None
    no_doubles("mount point", (one["point"] for one in params["mounts"]))
    return tuple(_mount(one) for one in params["mounts"] if one["state"] == "present")


def _mount(one: Mapping[str, Any]) -> Mount:
    point = one["point"]
    if not point.startswith("/") or os.path.normpath(point) != point or "\n" in point or "%" in point:
        raise BadInput(
            f"mount point {point!r} is no plain full path: write it like /srv/data, without .. and without %"
        )
    if point in FORBIDDEN:
        raise BadInput(f"mount point {point} is the system's own: change it in {FSTAB}")
    if not one["what"] or not one["type"]:
        raise BadInput(f"mount {point} needs what and type, such as /dev/vdb1 and ext4: give both, or state absent")
    what = one_line(f"what of mount {point}", one["what"]).replace("%", "%%")
    options = one_line(f"options of mount {point}", ",".join(one["options"]) or "defaults").replace("%", "%%")
    return Mount(point, what, one_line(f"type of mount {point}", one["type"]), options)


def reads(want: tuple[Mount, ...], past: Mapping[str, Any]) -> Asked:
    """Return what the plan has to know of the host."""
    units = [one.unit for one in want]
    paths = (FSTAB, *(unit.path for unit in units), *paths_of(past))
    looks: dict[str, Callable[[], Any]] = {"may administer": lambda: confines.may(confines.SYS_ADMIN)}
    return Asked(paths, (*(unit.name for unit in units), *names_in(paths_of(past))), looks)


def plan(want: tuple[Mount, ...], have: Have) -> Part:
    """Return the units; what is to be mounted in a container is told as skipped."""
    theirs = {fields[1] for line in have.text(FSTAB).splitlines() if len(fields := line.split()) > 1}
    for one in want:
        if one.point in theirs:
            raise BadInput(
                f"mount point {one.point} stands in {FSTAB} already: remove that line, or leave the mount out"
            )
    if want and not have.seen["may administer"]:
        return Part(facts=have.past(AREA), skipped={f"mount {one.point}": CONTAINER for one in want})
    return plan_units(AREA, [one.unit for one in want], have)
