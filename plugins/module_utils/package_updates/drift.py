# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Hold an approved plan against the host as it is now: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .._errors import BadInput
from .._host.updates import Resolved, Update
from .want import Planned

CURE = "Nothing was changed: read a new plan with package_updates_info, and approve that"


def remaining(
    plan: Iterable[Planned], installed: Mapping[str, str], left_alone: Mapping[str, str]
) -> tuple[Planned, ...]:
    """Return what of the plan is still to be done; a run that was cut off may have done a part of it.

    Raise BadInput, naming each difference, when the host is no longer what the plan was made for.
    """
    wrong, open_ones = [], []
    for one in plan:
        now = installed.get(one.name, "")
        if now == one.after:
            continue
        if now != one.before:
            wrong.append(f"{one.name} is {_there(now)}, the plan goes from {_there(one.before)} to {_there(one.after)}")
        elif one.name in left_alone:
            wrong.append(f"{one.name} is left alone now: {left_alone[one.name]}")
        else:
            open_ones.append(one)
    if wrong:
        raise BadInput(f"the host is not as planned: {'; '.join(wrong)}. {CURE}")
    return tuple(open_ones)


def exactly(plan: Sequence[Planned], found: Resolved) -> tuple[Update, ...]:
    """Return the changes that the manager foretells, which are those of the plan; raise BadInput where they are not."""
    if found.left:
        told = "; ".join(f"{name}: {why}" for name, why in sorted(found.left.items()))
        raise BadInput(f"the plan cannot be carried out here: {told}. {CURE}")
    asked = {one.name: one.after for one in plan}
    foretold = {one.name: one.after for one in found.changes}
    more = [f"{name} would become {_there(version)} too" for name, version in foretold.items() if name not in asked]
    less = [f"{name} would not become {_there(asked[name])}" for name in asked if name not in foretold]
    other = [
        f"{name} would become {_there(foretold[name])}, not {_there(asked[name])}"
        for name in asked
        if foretold.get(name, asked[name]) != asked[name]
    ]
    if more or less or other:
        raise BadInput(f"the plan does not fit this host any more: {'; '.join([*more, *less, *other])}. {CURE}")
    return found.changes


def _there(version: str) -> str:
    return version or "not installed"
