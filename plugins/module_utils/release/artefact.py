# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Look through the artefact of a release before anything is made of it."""

from __future__ import annotations

from typing import NamedTuple

from .._errors import BadInput
from .._host import unpack

# Made on the host, and only there: one that was carried along would name the paths of another machine.
VENV = "venv"


class Contents(NamedTuple):
    """How many members an artefact has, and how many bytes its files take unpacked."""

    members: int
    size: int


def members(path: str) -> Contents:
    """Return what the artefact (tar.gz or wheel) holds.

    Raise BadInput, naming the member, for a path or a link out of the tree, a device or a pipe, a setuid, setgid or
    sticky bit, a member that is there twice or lies in `venv`, too many members or too many bytes.
    """
    count = size = 0
    for member in unpack.members(path):
        if member.name.split("/")[0] == VENV:
            raise BadInput(
                f"member {member.name!r} lies in {VENV}/, which each host builds for itself; leave it out of the artefact, and bring "
                "the wheels in its wheelhouse"
            )
        count, size = count + 1, size + member.size
    return Contents(count, size)
