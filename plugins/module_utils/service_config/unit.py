# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide what a unit needs: daemon-reload, enable, start, stop, restart or reload, why, and what to record after it."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .._errors import BadInput
from .._host import files
from .._transaction import steps
from .._transaction.steps import Step
from . import record
from .record import Entry, Record
from .state import SYSTEMD_DIRECTORIES, Have, is_program, program_paths
from .want import ANY, RESTART, STOPPED, Want

NOW = "is changed by this call"


class Reason(NamedTuple):
    """Why a running unit is reloaded or restarted; only a restart makes it read a part of its program anew."""

    path: str
    why: str
    program: bool


class UnitPlan(NamedTuple):
    """Steps before and after those of the files, and why a running unit is reloaded or restarted."""

    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    reasons: tuple[Reason, ...] = ()


def converge(want: Want, have: Have, touched: Sequence[Step]) -> UnitPlan:
    """Return what the unit needs when the files are `touched` by these steps; nothing where it is as wanted."""
    if not want.unit:
        return UnitPlan()
    _refuse_impossible(want, have)
    reload = (steps.unit("", "daemon-reload"),) if _needs_daemon_reload(have, touched) else ()
    if want.unit_state == STOPPED:
        running = have.unit.active not in ("inactive", "failed")
        return UnitPlan(_acts(want, (["stop"] if running else []) + _enabling(want, have)), reload)
    reasons = _reasons(have, touched) if have.unit.is_active else ()
    action = _action(want, have, reasons)
    acts = reload + _acts(want, _enabling(want, have) + ([action] if action else []))
    return UnitPlan((), acts + (_recording(have, touched) if action else ()), reasons)


def _acts(want: Want, actions: Sequence[str]) -> tuple[Step, ...]:
    # A slow start is waited for as long as its checks are.
    patience = max(steps.UNIT_S, want.within_s)
    return tuple(steps.unit(want.unit, action, timeout_s=patience) for action in actions)


def _refuse_impossible(want: Want, have: Have) -> None:
    if have.unit.load == "masked":
        raise BadInput(f"{want.unit} is masked: run `systemctl unmask {want.unit}` first, or leave out unit")
    brought = any(one.content is not None and one.path.startswith(SYSTEMD_DIRECTORIES) for one in want.files)
    if have.unit.load == "not-found" and want.unit_state != STOPPED and not (brought or want.rehearsal):
        raise BadInput(
            f"{want.unit} does not exist on this host: install its package first, or list its unit file in files"
        )


def _reasons(have: Have, touched: Sequence[Step]) -> tuple[Reason, ...]:
    """What this call changes, and what changed earlier without the unit having read it since."""
    started_at = have.unit.started_at or 0.0
    now = {step.target: NOW for step in touched}
    known = {**have.record.config, **have.record.program}
    earlier = {
        path: record.stale(path, watched, known.get(path), started_at, have.digest)
        for path, watched in have.watched.items()
        if path not in now
    }
    return tuple(Reason(path, why, is_program(path, have.unit)) for path, why in {**now, **earlier}.items() if why)


def _action(want: Want, have: Have, reasons: Sequence[Reason]) -> str:
    if not have.unit.is_active:
        # One that systemd tries to start again and again is still "activating", which a start would leave alone.
        starts = "start" if have.unit.active in ("inactive", "failed") else "restart"
        return "" if want.unit_state == ANY else starts
    if not reasons:
        return ""
    return "restart" if want.on_change == RESTART or any(one.program for one in reasons) else "reload"


def _needs_daemon_reload(have: Have, touched: Iterable[Step]) -> bool:
    return have.unit.needs_daemon_reload or any(step.target.startswith(SYSTEMD_DIRECTORIES) for step in touched)


def _enabling(want: Want, have: Have) -> list[str]:
    if want.unit_enabled is True and not have.unit.is_enabled:
        return ["enable"]
    if want.unit_enabled is False and have.unit.enabled in ("enabled", "enabled-runtime"):
        return ["disable"]
    return []


def _recording(have: Have, touched: Sequence[Step]) -> tuple[Step, ...]:
    """What is on disk once the steps were taken is what the unit has read."""
    text = record.dump(_record(have, touched))
    if text == record.dump(have.record):
        return ()
    return (steps.write(have.record_path, text, owner="root", group="root", mode=0o600),)


def _record(have: Have, touched: Sequence[Step]) -> Record:
    written = {step.target: step for step in touched if step.kind in ("write", "link")}
    removed = {step.target for step in touched if step.kind == "remove"}
    known = {**have.record.config, **have.record.program}
    own = {*have.files, *program_paths(have.unit)}
    config: dict[str, Entry] = {}
    program: dict[str, Entry] = {}
    for path in {*have.watched, *written} - removed:
        leads_to = have.watched[path].leads_to if path in have.watched else ""
        if path in written:
            entry = _written(path, written, have)
        elif leads_to in written:
            entry = _written(leads_to, written, have)
        else:
            entry = _standing(path, have, known)
        if entry and not is_program(path, have.unit):
            config[path] = entry
        elif entry and path in own:
            program[path] = entry
    return Record(config, program)


def _standing(path: str, have: Have, known: Mapping[str, Entry]) -> Entry | None:
    now = have.watched[path]
    return record.entry_of(path, now, known.get(path), have.digest) if now.exists else None


def _written(path: str, written: Mapping[str, Step], have: Have) -> Entry | None:
    """Its identity is not known before it is written, so the next run compares the digest."""
    step = written[path]
    if step.kind == "write":
        return Entry(files.digest(step.args["content"]))
    target = os.path.normpath(os.path.join(os.path.dirname(path), step.args["to"]))
    if target in written:
        return _written(target, written, have)
    sha256 = have.digest(target)
    return Entry(sha256) if sha256 else None
