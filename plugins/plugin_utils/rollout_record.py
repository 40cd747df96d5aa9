# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rollout record on the controller: one JSON line an event, one file a run, safe for many forks at once.

Every change opens the file, takes its kernel lock, folds the lines, decides, appends and syncs. A driver that dies
while it appends leaves a torn last line, which was never acted upon: it is cut off by the next one to append.
Records of check runs live in a directory of their own.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, HostLocked, Unreadable
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import events
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.events import Run
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_driver

# How many records are kept; a run that has not ended stays whatever its age.
KEEP = 200
_SUFFIX = ".jsonl"
Decide = Callable[[Optional[Run]], Sequence[Mapping[str, Any]]]


class Place(NamedTuple):
    """Where records and the digests of the hosts' ledgers are kept: `root` is `state_directory(…)`."""

    root: str
    check: bool = False

    @property
    def runs(self) -> str:
        return os.path.join(self.root, "check" if self.check else "rollouts")

    def record(self, run_id: str) -> str:
        return os.path.join(self.runs, run_id + _SUFFIX)


def state_directory(given: str, environment: Mapping[str, str]) -> str:
    """Return the controller's state directory: `given`, GROUNDCREW_STATE, or the user's own by the XDG rules."""
    base = environment.get("XDG_STATE_HOME") or os.path.join("~", ".local", "state")
    chosen = given or environment.get("GROUNDCREW_STATE") or os.path.join(base, "groundcrew")
    return os.path.abspath(os.path.expanduser(chosen))


def read(path: str) -> Run | None:
    """Return the run that a record tells, or None when it has no whole line. Raise Unreadable naming the file."""
    with open(path, "rb") as record:
        return _fold(path, record.read())


def _fold(path: str, content: bytes, run: Run | None = None) -> Run | None:
    whole = content[: content.rfind(b"\n") + 1]
    try:
        return events.fold((json.loads(line) for line in whole.splitlines()), run)
    except (ValueError, KeyError, TypeError, Unreadable) as error:
        raise Unreadable(f"{path} cannot be understood ({error}). Move it away and start a new run") from error


def append(path: str, decide: Decide) -> Run:
    """Append what `decide` returns for the run as it is now, and return the run as it is then.

    Nobody else reads or appends in between. The lines are on the disk when this returns.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with open(descriptor, "r+b", buffering=0) as record:
        fcntl.flock(record, fcntl.LOCK_EX)
        content = record.read()
        whole = content[: content.rfind(b"\n") + 1]
        before = _fold(path, whole)
        added = b"".join(_line(event) for event in decide(before))
        if len(whole) != len(content):
            os.ftruncate(descriptor, len(whole))
        _write(descriptor, added)
        os.fsync(descriptor)
        run = _fold(path, added, before)
    if run is None:
        raise Unreadable(f"{path} has no beginning. Start a new run")
    return run


def _line(event: Mapping[str, Any]) -> bytes:
    stamped = {"v": events.VERSION, "at": round(time.time(), 3), **event}
    return json.dumps(stamped, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogateescape") + b"\n"


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def append_as(path: str, driver: Mapping[str, Any], decide: Callable[[Run], Sequence[Mapping[str, Any]]]) -> Run:
    """`append` for the run's own driver; raise BadInput when another one has taken the run over, or none began it."""

    def checked(run: Run | None) -> Sequence[Mapping[str, Any]]:
        if run is None or dict(run.driver) != dict(driver):
            raise BadInput("this ansible-playbook has not begun the rollout. Start at its first play, with state=begin")
        return decide(run)

    if not os.path.exists(path):
        raise BadInput(f"the rollout's record {path} is gone. Start a new run")
    return append(path, checked)


@contextlib.contextmanager
def opening(place: Place) -> Iterator[list[Run]]:
    """Yield the runs on record, while nobody else begins one. Makes the directories; prunes old records."""
    os.makedirs(place.root, mode=0o700, exist_ok=True)
    os.makedirs(place.runs, mode=0o700, exist_ok=True)
    with open(os.path.join(place.runs, ".begin"), "a", encoding="ascii") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        runs = _prune(place, _runs(place))
        yield runs
        _sync(place.runs)


def _runs(place: Place) -> list[Run]:
    names = [name for name in sorted(os.listdir(place.runs)) if name.endswith(_SUFFIX)]
    found = [read(os.path.join(place.runs, name)) for name in names]
    return [run for run in found if run is not None]


def _prune(place: Place, runs: list[Run]) -> list[Run]:
    """Drop the oldest ended records beyond KEEP; of check runs all whose driver is gone."""
    newest_first = sorted(runs, key=lambda run: run.last, reverse=True)
    if place.check:
        old = [run for run in runs if not rollout_driver.lives(run.driver)]
    else:
        old = [run for run in newest_first[KEEP:] if run.ended]
    for run in old:
        for path in (place.record(run.run_id), *reports(place, run.run_id)):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
    gone = {run.run_id for run in old}
    return [run for run in runs if run.run_id not in gone]


def reports(place: Place, run_id: str) -> tuple[str, str]:
    """Return where a run's JSON and JUnit reports are written."""
    base = os.path.join(place.runs, run_id)
    return base + ".json", base + ".junit.xml"


def refuse_second(runs: Sequence[Run], hosts: Sequence[str], *, take_over: str = "") -> None:
    """Raise HostLocked when another living driver rolls out one of the hosts, or drives the run to take over.

    A driver on another machine cannot be seen: its run is refused too, unless it is the one to take over by name.
    """
    here = rollout_driver.identify(0)["node"]
    for run in runs:
        if run.ended or not rollout_driver.lives(run.driver):
            continue
        common = sorted(set(hosts) & (set(run.hosts) - set(run.in_state(events.OPTED_OUT))))
        named = run.run_id == take_over
        if (named and run.driver["node"] != here) or not (named or common):
            continue
        raise HostLocked(_second(run, common or list(run.hosts)))


def _second(run: Run, busy: Sequence[str]) -> str:
    driver = run.driver
    who = f"process {driver['pid']} on {driver['node']}"
    why = f" ({run.reason})" if run.reason else ""
    return (
        f"rollout {run.run_id}{why} is under way on {', '.join(busy)}, driven by {who}. "
        f"Wait for it, or stop it there; one of another machine that is gone is taken over by resume={run.run_id}"
    )


def write_file(path: str, text: str) -> None:
    """Write a report so that readers see the old or the new one, never half of it."""
    temporary = f"{path}.{os.getpid()}"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as report:
        report.write(text)
        report.flush()
        os.fsync(report.fileno())
    os.replace(temporary, path)


def _sync(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
