# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read systemd: the state of many units in one call, and the end of a unit's journal."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from typing import NamedTuple

from .run import require, run

PROPERTIES = (
    "Id,Names,LoadState,ActiveState,SubState,UnitFileState,Result,FragmentPath,DropInPaths,EnvironmentFiles,"
    "ExecStart,ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic,MainPID,CanReload,NeedDaemonReload,"
    "Restart,NRestarts,InvocationID"
)


class UnitState(NamedTuple):
    """One unit as systemd sees it. `started_at` is wall-clock seconds, None while it is not running."""

    name: str
    load: str = "not-found"
    active: str = "inactive"
    sub: str = "dead"
    enabled: str = ""
    result: str = ""
    fragment: str = ""
    dropins: tuple[str, ...] = ()
    environment_files: tuple[str, ...] = ()
    binary: str = ""
    started_at: float | None = None
    main_pid: int = 0
    can_reload: bool = False
    needs_daemon_reload: bool = False
    restart: str = "no"
    restarts: int = 0
    # Another one for each start, whoever or whatever started it.
    invocation: str = ""

    @property
    def is_active(self) -> bool:
        return self.active in ("active", "reloading")

    @property
    def is_enabled(self) -> bool:
        return self.enabled in ("enabled", "enabled-runtime", "alias", "static", "indirect", "generated")


def show(units: Sequence[str], *, timeout_s: float = 30) -> dict[str, UnitState]:
    """Return the state of each of `units` (full names such as `ssh.service`), in one systemctl call.

    A unit that does not exist is there with load "not-found". Raise CommandFailed where systemd does not answer.
    """
    if not units:
        return {}
    done = require(["systemctl", "show", "--property", PROPERTIES, "--", *units], timeout_s=timeout_s)
    # One block a unit, in the order asked, separated by an empty line.
    blocks = done.out.rstrip("\n").split("\n\n")
    # Monotonic stamps survive a step of the wall clock; the offset turns them into the time that ctime is told in.
    offset = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)
    return {name: parse(name, block, offset) for name, block in zip(units, blocks)}


def parse(name: str, block: str, offset: float) -> UnitState:
    """Return the unit told by one block of `systemctl show`; `offset` is wall-clock minus monotonic, in seconds."""
    found: dict[str, list[str]] = {}
    for line in block.splitlines():
        key, _equals, value = line.partition("=")
        found.setdefault(key, []).append(value)

    def last(key: str) -> str:
        return found.get(key, [""])[-1]

    started = int(last("ExecMainStartTimestampMonotonic") or 0) or int(last("ActiveEnterTimestampMonotonic") or 0)
    active = last("ActiveState") or "inactive"
    return UnitState(
        name=name,
        load=last("LoadState") or "not-found",
        active=active,
        sub=last("SubState"),
        enabled=last("UnitFileState"),
        result=last("Result"),
        fragment=last("FragmentPath"),
        dropins=tuple(shlex.split(last("DropInPaths"))),
        environment_files=tuple(value.split(" (", 1)[0] for value in found.get("EnvironmentFiles", []) if value),
        binary=_binary(found.get("ExecStart", [])),
        started_at=offset + started / 1e6 if started and active in ("active", "reloading") else None,
        main_pid=int(last("MainPID") or 0),
        can_reload=last("CanReload") == "yes",
        needs_daemon_reload=last("NeedDaemonReload") == "yes",
        restart=last("Restart") or "no",
        restarts=int(last("NRestarts") or 0),
        invocation=last("InvocationID"),
    )


def _binary(values: Sequence[str]) -> str:
    """ExecStart={ path=/usr/sbin/haproxy ; argv[]=… }: the path alone."""
    for value in values:
        _before, found, rest = value.partition("path=")
        if found:
            return rest.split(" ;", 1)[0]
    return ""


def journal_tail(unit: str, *, lines: int = 20, timeout_s: float = 10) -> list[str]:
    """Return the last `lines` lines of the unit's journal; one line with the reason where it cannot be read."""
    done = run(["journalctl", "--no-pager", "-o", "short-iso", "-n", str(lines), "-u", unit], timeout_s=timeout_s)
    return done.out.splitlines() if done.rc == 0 else [done.explain()]
