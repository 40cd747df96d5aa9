# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The exception tree of the collection. Every message names the value that is wrong and the cure.

FleetError
├── BadInput          what the user gave cannot be right; nothing was touched
├── CommandFailed     a command on the host could not be run or ended badly
├── HostLocked        another run holds the host's lock
├── Quarantined       an earlier undo failed; a human has to decide first
├── Unfinished        a transaction is waiting for its proof or for its recovery
├── StepFailed        a step or the verification failed; says whether the undo succeeded
└── Unreadable        a file or record of ours cannot be understood
"""

from __future__ import annotations


class FleetError(Exception):
    """What every planner, reader and engine raises; the glue turns it into one clear failure of the module."""


class BadInput(FleetError):
    pass


class CommandFailed(FleetError):
    pass


class HostLocked(FleetError):
    pass


class Quarantined(FleetError):
    pass


class Unfinished(FleetError):
    pass


class StepFailed(FleetError):
    """`undone` tells whether the host is back in its former state; `details` are facts for the module's result."""

    def __init__(self, message: str, *, undone: bool, details: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.undone = undone
        self.details = details or {}


class Unreadable(FleetError):
    pass
