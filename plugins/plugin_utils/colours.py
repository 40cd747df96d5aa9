# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the two instances of an app on a host gets the requests, and which one is to have a version. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Colours(NamedTuple):
    """`live` has the requests, "" where none has; `other` is the other one, `next` the one to deploy to.

    `settled` is false where the other one might get requests too.
    """

    live: str
    other: str
    next: str
    settled: bool


def choose(
    versions: Mapping[str, str], running: Sequence[str], servers: Sequence[str], version: str, *, change_version: bool
) -> Colours:
    """Return the roles of the colours that `versions` tells of, each with its version, "" for none.

    `running` are those whose unit is up, `servers` the host's servers (HOST-COLOUR) that no load balancer keeps in maintenance.
    Where both run and both may be asked, as after a crash of HAProxy, a swap to `version` was perhaps cut short: then the one that
    has it is not the live one.
    """
    asked = [colour for colour in versions if any(server.endswith(f"-{colour}") for server in servers)]
    live = _live(versions, running, asked, version)
    other = next(colour for colour in versions if colour != live)
    stays = live and (versions[live] == version or not change_version)
    return Colours(live, other, live if stays else other, len(running) < 2 or len(asked) == 1)


def _live(versions: Mapping[str, str], running: Sequence[str], asked: Sequence[str], version: str) -> str:
    if len(running) < 2:
        # Nobody else could answer.
        return "".join(running)
    candidates = asked if len(asked) == 1 else running
    return next((colour for colour in candidates if versions[colour] != version), candidates[0])
