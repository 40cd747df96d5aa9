# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Unattended tasks: a service and a timer of systemd for each, which systemd-analyze has looked at before."""

from __future__ import annotations

import pwd
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..._errors import BadInput
from ..._host.run import Completed
from ..area import HEADER, Ask, Asked, Have, Part, no_doubles, one_line, paths_of
from ..unit_files import UnitFile, names_in, plan_units

AREA = "timers"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
TOOL = "systemd-analyze"
CURE = "install the package systemd first"
LOOK = (TOOL, "verify", "--man=no", "--recursive-errors=no")
SERVICE = """\
{header}[Unit]
Description={name} (groundcrew.fleet)
# Otherwise systemd gives up the timer of a task that runs more often than every other second.
StartLimitIntervalSec=0

[Service]
Type=oneshot
User={user}
ExecStart={command}
"""
TIMER = """\
{header}[Unit]
Description=When {name} runs (groundcrew.fleet)

[Timer]
OnCalendar={on_calendar}
# systemd's own minute would let it be late by more than it is asked to.
AccuracySec=1s
RandomizedDelaySec={delay}
Persistent={persistent}

[Install]
WantedBy=timers.target
"""


class Timer(NamedTuple):
    name: str
    command: str
    on_calendar: str
    user: str
    delay_s: int
    persistent: bool

    @property
    def units(self) -> tuple[UnitFile, UnitFile]:
        service = SERVICE.format(header=HEADER, name=self.name, user=self.user, command=self.command)
        timer = TIMER.format(
            header=HEADER,
            name=self.name,
            on_calendar=self.on_calendar,
            delay=f"{self.delay_s}s",
            persistent="yes" if self.persistent else "no",
        )
        return UnitFile(f"groundcrew-{self.name}.service", service), UnitFile(f"groundcrew-{self.name}.timer", timer)


def parse(params: Mapping[str, Any]) -> tuple[Timer, ...] | None:
    """Return the timers that shall be, None where they are not asked for; raise BadInput for what cannot be."""
    if params["timers"] is None:
        return None
    no_doubles("timer", (one["name"] for one in params["timers"]))
    return tuple(_timer(one) for one in params["timers"] if one["state"] == "present")


def _timer(one: Mapping[str, Any]) -> Timer:
    name, delay = one["name"], one["randomized_delay_s"]
    if not NAME.fullmatch(name):
        raise BadInput(f"timer {name!r} is no good name of a unit: use lower case letters, digits, - and _")
    if not one["command"] or not one["on_calendar"]:
        raise BadInput(f"timer {name} needs a command and on_calendar, such as daily: give both, or state absent")
    if delay < 0:
        raise BadInput(f"randomized_delay_s {delay} of timer {name} is before its time: give 0 or more")
    command = one_line(f"command of timer {name}", one["command"])
    return Timer(
        name,
        command,
        one_line(f"on_calendar of timer {name}", one["on_calendar"]),
        one["user"],
        delay,
        one["persistent"],
    )


def reads(want: tuple[Timer, ...], past: Mapping[str, Any]) -> Asked:
    """Return what the plan has to know of the host."""
    units = [unit for one in want for unit in one.units]
    names = [unit.name for unit in units if unit.name.endswith(".timer")]
    looks: dict[str, Callable[[], Any]] = (
        {"users": lambda: frozenset(one.pw_name for one in pwd.getpwall())} if want else {}
    )
    paths = (*(unit.path for unit in units), *paths_of(past))
    return Asked(paths, (*names, *names_in(paths_of(past))), looks)


def plan(want: tuple[Timer, ...], have: Have) -> Part:
    """Return the units, and the questions whether systemd takes those that change."""
    for one in want:
        if one.user not in have.seen["users"] and not have.rehearsal:
            raise BadInput(f"user {one.user} of timer {one.name} is none of this host: make the account first")
    part = plan_units(AREA, [unit for one in want for unit in one.units], have)
    fresh = [one for one in want if any(unit.path in part.settled.changed for unit in one.units)]
    calendar = [
        Ask(f"on_calendar of timer {one.name}", (TOOL, "calendar", one.on_calendar), refused, CURE) for one in fresh
    ]
    texts = {unit.name: unit.text.encode() for one in fresh for unit in one.units}
    # What is not installed yet cannot be looked at in a rehearsal: an earlier task may be about to do it.
    whole = Ask("timers", (*LOOK, *(f"{{tree}}/{name}" for name in texts)), refused, CURE, texts)
    return part._replace(asks=(*calendar, *([whole] if texts and not have.rehearsal else [])))


def refused(done: Completed) -> str:
    """Return what systemd-analyze holds against it, "" if it ended with 0."""
    return (done.err + done.out).strip() if done.rc else ""
