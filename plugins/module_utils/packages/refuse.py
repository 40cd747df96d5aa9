# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Refuse what would take away more than was asked for: pure."""

from __future__ import annotations

from collections.abc import Iterable

from .._errors import BadInput
from .need import LIFELINES
from .state import Have
from .succession import heirs
from .want import Want, names_of


def refuse(want: Want, have: Have) -> None:
    """Raise BadInput, naming the packages and the cure, where apt's plan does what nobody asked for."""
    _refuse_nothing_to_install(have)
    lost = have.forecast.lost
    vital = [name for name in lost if name in have.host.known and have.host.known[name].vital]
    if vital:
        raise BadInput(
            f"{_told(vital)} would be removed, and Debian cannot run without: take what asks for it off the list"
        )
    contradicted = lost & names_of(want.present)
    if contradicted:
        raise BadInput(
            f"{_told(contradicted)} shall be present, but cannot be beside the rest of the list: correct which packages are "
            "present and absent"
        )
    unasked = lost - names_of(want.absent) - {*have.forecast.gone}
    if unasked & LIFELINES:
        raise BadInput(
            f"{_told(unasked & LIFELINES)} would be removed too, and this host is managed through it: list it with state absent if "
            "that is meant"
        )
    unasked -= {*heirs(want, have.host, have.forecast.changes, have.forecast.records)}
    if unasked and not want.allow_removals:
        raise BadInput(
            f"{_told(unasked)} would be removed too, and is not listed: list each with state absent, or set allow_removals"
        )
    _refuse_held(have)


def _refuse_nothing_to_install(have: Have) -> None:
    """A name that stands for other packages is nothing that could be found again by it."""
    versions = {change.name: change.after for change in have.forecast.changes}
    missing = [name for name in have.need.install if not versions.get(name)]
    if missing:
        raise BadInput(
            f"{_told(missing)} is no package by that name, so apt would take another in its place: give the name of that, or leave "
            "out the architecture if it is the host's own"
        )


def _refuse_held(have: Have) -> None:
    asked = {*have.need.install, *have.need.remove, *have.forecast.gone}
    held = [
        change.name for change in have.forecast.changes if have.host.is_held(change.name) and change.name not in asked
    ]
    if held:
        raise BadInput(
            f"{_told(held)} is on hold here and would have to change for the rest of the list: list it with held false, or with the "
            "version that is needed"
        )


def _told(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
