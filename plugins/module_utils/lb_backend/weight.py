# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Weights as HAProxy takes them, and the steps of a ramp: pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from .._errors import BadInput
from .state import Server

MOST = 256
# More steps would be smoother than a server notices, and a line of HAProxy's log each.
STEPS = 10
WEIGHT = re.compile(r"(\d{1,3})(%?)", re.ASCII)


class Step(NamedTuple):
    """A weight, and how many seconds after the server is UP it is due."""

    at_s: float
    weight: int


def final(weight: str, server: Server) -> int | None:
    """Return the weight in numbers, None for ""; raise BadInput for what HAProxy would not take.

    A percentage is of the weight in the configuration. For instance, "50%" of 100 is 50.
    """
    if not weight:
        return None
    match = WEIGHT.fullmatch(weight)
    if not match:
        raise BadInput(
            f"weight {weight!r} is none: give 0 to {MOST}, or a percentage of the configured weight as '50%'"
        )
    number = int(match[1])
    if match[2]:
        return min(server.own_weight * number // 100, MOST)
    if number > MOST:
        raise BadInput(f"weight {number} is more than HAProxy's {MOST}: give less")
    return number


def word(weight: int, server: Server) -> str:
    """Return the weight as a command has it. A backend that spreads by a fixed table takes nothing but 0% and 100%."""
    if weight == server.own_weight:
        return "100%"
    return str(weight) if weight else "0%"


def ramp(below: int, last: int, seconds: float, server: Server) -> tuple[Step, ...]:
    """Return the steps above `below` up to `last`, the first at once and the last after `seconds`.

    Raise BadInput where the weight leaves no room for steps.
    """
    if last <= below:
        return ()
    if last < 2:
        raise BadInput(
            f"ramp_s cannot work in backend {server.backend}: {server.name} has the weight {last}, which has no steps; "
            "give servers `weight 100` in HAProxy's configuration, or leave ramp_s out"
        )
    count = min(STEPS, last - below)
    if count == 1:
        return (Step(0, last),)
    return tuple(
        Step(seconds * index / (count - 1), below + -(-(last - below) * (index + 1) // count)) for index in range(count)
    )
