# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Wait until a host is back from a reboot: every unit that was there before is there again, and none fails that did not."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from typing import Any, Callable, NamedTuple

from .._errors import CommandFailed
from .._host import boot, systemd
from .._host.systemd import UnitState

# Between two looks, both of which have to be good: a service that dies at once and is started again is not back.
PAUSE_S = 1.0


class Look(NamedTuple):
    """What was seen at one moment. `settled`: systemd has come to the end of its boot."""

    units: Mapping[str, UnitState]
    failed: tuple[str, ...]
    settled: bool


class Verdict(NamedTuple):
    """`missing` has each unit that is not back with what it is instead, `failed` those that fail and did not before."""

    missing: Mapping[str, str]
    failed: tuple[str, ...]
    settled: bool
    seconds: float

    @property
    def ok(self) -> bool:
        return not self.missing and not self.failed


class Clock(NamedTuple):
    """The world that the wait needs; tests give another."""

    look: Callable[[Sequence[str]], Look | None]
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Any] = time.sleep


def look(names: Sequence[str]) -> Look | None:
    """Return how things stand; None as long as systemd cannot be asked."""
    try:
        return Look(systemd.show(names), boot.failed(), boot.is_settled())
    except CommandFailed:
        return None


def wait(
    names: Sequence[str], before: Sequence[str], *, within_s: float, ignore: Sequence[str], clock: Clock
) -> Verdict:
    """Wait until the units `names` are back and systemd has settled, and return what was seen last.

    `before` are the units that had failed before the reboot already; what fits a pattern of `ignore` does not count. It
    ends early where waiting cannot help: systemd has settled, and what is missing has failed.
    """
    begin = clock.now()
    wanted = [name for name in names if not _fits(name, ignore)]
    former: Look | None = None
    was_good = False
    while True:
        seen = clock.look(wanted)
        waited = clock.now() - begin
        verdict = _judge(seen, former, [*before, *ignore], round(waited, 1))
        good = verdict.settled and not verdict.missing
        if (good and was_good) or waited >= within_s or _is_hopeless(seen, verdict):
            return verdict
        former, was_good = seen, good
        clock.sleep(PAUSE_S)


def _judge(seen: Look | None, former: Look | None, before: Sequence[str], seconds: float) -> Verdict:
    if seen is None:
        return Verdict({"systemd": "not to be asked"}, (), settled=False, seconds=seconds)
    missing = {name: told for name, unit in seen.units.items() if (told := _missing(unit, former))}
    failed = tuple(name for name in seen.failed if not _fits(name, before) and name not in missing)
    return Verdict(missing, failed, seen.settled, seconds)


def _missing(unit: UnitState, former: Look | None) -> str:
    """Return what the unit is instead of back, "" if it is; disabled or removed meanwhile it need not come back."""
    if unit.enabled not in boot.LASTING:
        return ""
    if not unit.is_active:
        return f"{unit.active} ({unit.sub})" + (f", result {unit.result}" if unit.active == "failed" else "")
    earlier = former and former.units.get(unit.name)
    if earlier and earlier.is_active and earlier.invocation != unit.invocation:
        return "active, but started again and again"
    return ""


def _is_hopeless(seen: Look | None, verdict: Verdict) -> bool:
    if seen is None or not seen.settled or not verdict.missing:
        return False
    return all(seen.units[name].active == "failed" for name in verdict.missing)


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
