# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide which updates a host's policy lets through: pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from .._errors import BadInput
from .._host.updates import Update
from .want import Want, rank

NOT_IN_SET = "the patch set does not have it"


class Held(NamedTuple):
    """An update that is left alone, and why."""

    name: str
    before: str
    after: str
    security: bool
    why: str


class Choice(NamedTuple):
    """The versions to ask the package manager for, by package, and the updates that are left alone."""

    wanted: Mapping[str, str]
    held: tuple[Held, ...] = ()


def choose(
    want: Want,
    installed: Mapping[str, str],
    candidates: Iterable[Update],
    left_alone: Mapping[str, str],
    compare: Callable[[str, str], int],
) -> Choice:
    """Return what to ask for; `left_alone` are packages that the manager itself does not touch, each with the reason.

    Raise BadInput for a name in `only` that is not installed.
    """
    _refuse_unknown(want, installed)
    wanted: dict[str, str] = {}
    held: list[Held] = []
    for update, aim in _aims(want, installed, candidates, compare):
        why = left_alone.get(update.name, "") or _unlisted(want, update.name)
        why = why or (_unfit(want, update) if want.patch_set is None else "" if aim else NOT_IN_SET)
        if why:
            held.append(Held(update.name, update.before, update.after, update.security, why))
        else:
            wanted[update.name] = aim
    return Choice(wanted, tuple(held))


def _aims(
    want: Want, installed: Mapping[str, str], candidates: Iterable[Update], compare: Callable[[str, str], int]
) -> Iterator[tuple[Update, str]]:
    """Yield each update with the version to ask for: the newest, or that of the patch set ("" where it has none)."""
    if want.patch_set is None:
        yield from ((update, update.after) for update in candidates)
        return
    offered = {update.name: update for update in candidates}
    # Those of the set too that the mirror offers nothing for: it has lost them, which is no reason to call the host done.
    for name in sorted({*offered, *want.patch_set.versions} & {*installed}):
        aim = want.patch_set.versions.get(name, "")
        if not aim or compare(aim, installed[name]) > 0:
            yield offered.get(name, Update(name, installed[name], aim)), aim
        elif name in offered:
            # What came out since the set was made is nothing that it has.
            yield offered[name], ""


def _refuse_unknown(want: Want, installed: Mapping[str, str]) -> None:
    plain = {name.split(":", 1)[0] for name in installed}
    missing = [name for name in want.only if not _is_pattern(name) and name not in installed and name not in plain]
    if missing:
        raise BadInput(
            f"only names what is not installed here: {', '.join(missing)}; install it first, or leave it out"
        )


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _unlisted(want: Want, name: str) -> str:
    blocking = next((pattern for pattern in want.exclude if _matches(name, pattern)), "")
    if blocking:
        return f"policy: exclude has {blocking}"
    return (
        ""
        if not want.only or any(_matches(name, pattern) for pattern in want.only)
        else "policy: only does not have it"
    )


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name.split(":", 1)[0], pattern)


def _unfit(want: Want, update: Update) -> str:
    """Return why the update is not urgent or not old enough; what nobody has rated is never held back if it is a fix."""
    if want.security_only and not update.security:
        return "policy: it is no security update"
    if want.min_priority and rank(_priority(update)) < rank(want.min_priority):
        return f"policy: its priority is {_priority(update)}, below {want.min_priority}"
    if want.min_age_days and (update.age_days or 0) < want.min_age_days:
        return f"policy: known for {update.age_days or 0:.1f} days, {want.min_age_days:g} are asked for"
    return ""


def _priority(update: Update) -> str:
    return update.priority or ("critical" if update.security else "low")
