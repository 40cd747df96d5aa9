# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide the steps of one call of kernel_settings: a pure function of what is wanted and what is there.

Order: our file, then the kernel in one command whose undo gives the former values, then the manifest.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .. import _managed
from .._errors import BadInput
from .._host import checks, files, sysctl
from .._host.files import FileState
from .._host.sysctl import Assignment
from .._managed import Managed
from .._transaction import steps
from .._transaction.steps import Plan, Step
from .state import Have, Key
from .want import Want

HEADER = "# Managed by groundcrew.fleet: changes made here are replaced.\n"
MODE = 0o644
WITHIN_S = 2
NEAREST = 3
SPECIAL = re.compile(r"[][.^$*+?(){}|\\]")
HEX = re.compile(r"0[xX][0-9a-fA-F]+")
# A change of these sets the others of their family anew (ip-sysctl of the kernel's documentation).
FORWARDING = ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv6.conf.all.forwarding")
REDIRECTS = "_redirects"
READ_ONLY = "/proc/sys is mounted read-only here, as in a container: a boot with a kernel of its own takes the file"
NOT_OURS = "this process may not set it, as in a container: a boot with a kernel of its own takes the file"
ONE_WAY_ONLY = "the kernel takes this one back at its next boot only, for which the files stand"
# The value that each of these keys, by its path, cannot leave until the next boot.
ONE_WAY = {
    "kernel/kexec_load_disabled": "1",
    "kernel/modules_disabled": "1",
    "kernel/unprivileged_bpf_disabled": "1",
    "kernel/yama/ptrace_scope": "3",
}
CHANGED = "somebody has set it to {0} since, and it stays so until the next boot, for which the files stand"
NO_KEY = "this kernel has no such key: the file holds it for when it does"


class Ruling(NamedTuple):
    """What becomes of one key in the kernel: the value it gets, or the reason why it is left as it is."""

    target: str
    skipped: str = ""


def plan(want: Want, have: Have) -> Plan:
    """Return the one transaction; raise BadInput for a key that cannot be set and for one that a later file sets."""
    listed = _listed(want, have)
    kept: tuple[str, ...] = ()
    if listed:
        of_files, managed = _ours(want, have, listed)
    else:
        of_files, kept, managed = _managed.release(have.managed, _places(have), force=want.force)
    found = _boot(want, have, listed, keeps=bool(kept))
    rulings = {key: _ruling(want, have, key, value, found) for key, value in listed.items()}
    gone = {key: _return(have, key, found, force=want.force) for key in _settings(have) if key not in listed}
    runtime = _runtime(have, {**rulings, **{key: one for key, one in gone.items() if one}})
    facts = _facts(have, listed)
    record = _managed.record(want.manifest, have.managed, Managed(managed.files, facts if listed else {}))
    taken = (*of_files, *_command(have, runtime), *record)
    return Plan(
        f"kernel settings {want.name}",
        taken,
        checks=tuple(_check(key, value) for key, value in runtime.items()),
        within_s=WITHIN_S,
        diff=_diff(have, of_files, runtime),
        summary={
            "settings": {key: _told(have, key, one, found, facts) for key, one in rulings.items()},
            "reverted": {key: {"runtime": one.target, "skipped": one.skipped} for key, one in gone.items() if one},
            "kept": list(kept),
        },
        # A host may be reached no more by IPv6, or by a way that is not the one back.
        proof_within_s=want.proof_within_s if any(key.startswith("net.") for key in runtime) else 0,
    )


def _settings(have: Have) -> Mapping[str, str]:
    return dict(have.managed.facts.get("settings", ()))


def _listed(want: Want, have: Have) -> dict[str, str]:
    """Return what our file shall hold, in its order."""
    if not want.present:
        return {}
    # What is there stays in its place: a call for one key of many changes no order. At a boot, too, forwarding comes first.
    listed = dict(want.settings) if want.purge else {**_settings(have), **want.settings}
    return {**{key: listed[key] for key in FORWARDING if key in listed}, **listed}


def _places(have: Have) -> dict[str, FileState]:
    return {have.own.path: have.own, have.folder.path: have.folder}


def _ours(want: Want, have: Have, listed: Mapping[str, str]) -> tuple[tuple[Step, ...], Managed]:
    own = have.own
    if own.kind not in (files.ABSENT, files.FILE, files.LINK):
        raise BadInput(f"{want.path} is to be our file, but a {own.kind} stands there: move it away first")
    text = (HEADER + "".join(f"{key} = {value}\n" for key, value in listed.items())).encode()
    write = steps.write(want.path, text, owner="root", group="root", mode=MODE)
    if own.kind == files.FILE and (own.content, own.mode) == (text, MODE):
        # Nobody else writes this: where the manifest was lost, nothing stood here before.
        before = FileState(want.path, files.ABSENT)
        return (), have.managed if want.path in have.managed.files else _managed.adopt(
            have.managed, [write], {want.path: before}
        )
    planned = (*(() if have.folder.exists else (steps.directory(have.folder.path),)), write)
    return planned, _managed.adopt(have.managed, planned, _places(have))


def _boot(want: Want, have: Have, listed: Mapping[str, str], *, keeps: bool) -> list[Assignment]:
    """Return what the next boot would assign, in its order, once the plan is done."""
    own = [Assignment(want.path, sysctl.key_path(key), value) for key, value in listed.items()]
    if keeps:
        own = list(sysctl.parse(want.path, (have.own.content or b"").decode("utf-8", "surrogateescape")))
    return sorted([*have.others, *own], key=lambda one: os.path.basename(one.path))


def _ruling(want: Want, have: Have, key: str, value: str, found: Sequence[Assignment]) -> Ruling:
    is_now = have.keys[key]
    if not is_now.mode and not want.allow_unknown:
        raise BadInput(_unknown(key, have))
    _refuse(key, value, is_now)
    wins = sysctl.winner(key, found)
    if wins and wins.value == value:
        return Ruling(value, _cannot(key, is_now, value))
    why = f"{wins.path} comes later and sets it to {wins.value}" if wins else "a later file takes it out of all others"
    if not want.allow_overridden:
        raise BadInput(
            f"kernel setting {key} = {value} would have no effect after a boot, since {why}: change or remove that line, or "
            "say allow_overridden"
        )
    return Ruling(value, why)


def _unknown(key: str, have: Have) -> str:
    last = key.rsplit(".", 1)[-1]
    of_same_end = [one for one in have.known if one.rsplit(".", 1)[-1] == last]
    near = [*difflib.get_close_matches(key, have.known, NEAREST, 0.7), *of_same_end]
    meant = f"did you mean {', '.join(list(dict.fromkeys(near))[:NEAREST])}? " if near else ""
    return (
        f"kernel setting {key} is not known to this kernel: {meant}Correct it, load the module that brings it, or say "
        "allow_unknown"
    )


def _refuse(key: str, value: str, is_now: Key) -> None:
    if is_now.mode and not is_now.mode & 0o222:
        raise BadInput(f"kernel setting {key} = {value} cannot be: the kernel only tells this one, leave it out")
    if is_now.mode and not is_now.mode & 0o444:
        raise BadInput(f"{key} = {value} is a command to the kernel and no setting: leave it out")
    if HEX.fullmatch(value) and (is_now.value or "").isdigit():
        raise BadInput(f"kernel setting {key} = {value} would be told by the kernel as {int(value, 16)}: write that")


def _cannot(key: str, is_now: Key, target: str) -> str:
    """Return why the kernel cannot be given its value here and now, "" where it can, or has it."""
    if is_now.value == target:
        return ""
    if not is_now.mode:
        return NO_KEY
    if is_now.read_only_mount:
        return READ_ONLY
    if _is_final(key, is_now.value):
        return ONE_WAY_ONLY
    return "" if is_now.writable else NOT_OURS


def _is_final(key: str, value: str | None) -> bool:
    return value is not None and ONE_WAY.get(sysctl.key_path(key)) == value


def _return(have: Have, key: str, found: Sequence[Assignment], *, force: bool) -> Ruling | None:
    """Return what a key that is no longer ours goes back to; None where that was never known.

    It is what the kernel had before us, unless the files that are left now say otherwise than they did then.
    """
    before = have.managed.facts.get("before", {}).get(key, {})
    wins = sysctl.winner(key, found)
    left = wins.value if wins else None
    target = before.get("runtime") if left == before.get("file") or left is None else left
    if target is None:
        return None
    now = have.keys[key].value
    theirs = not force and now not in (target, _settings(have)[key])
    return Ruling(target, CHANGED.format(now) if theirs else _cannot(key, have.keys[key], target))


def _runtime(have: Have, rulings: Mapping[str, Ruling]) -> dict[str, str]:
    """A host that stops being a router, or becomes one, has its redirects set anew by the kernel: they follow that, though right now."""
    able = {key: one.target for key, one in rulings.items() if not one.skipped}
    new = {key: target for key, target in able.items() if have.keys[key].value != target}
    first = {key: target for key, target in new.items() if key in FORWARDING}
    again = {key: target for key, target in able.items() if REDIRECTS in key} if first else {}
    return {**first, **new, **again}


def _command(have: Have, runtime: Mapping[str, str]) -> list[Step]:
    if not runtime:
        return []
    if not have.has_tool:
        raise BadInput(f"kernel settings {', '.join(runtime)} cannot be set, since sysctl is missing: install procps")
    undo = [
        f"{key}={have.keys[key].value}"
        for key, value in runtime.items()
        # What the kernel would refuse to take back must not make the undo of all others fail.
        if have.keys[key].value is not None and not _is_final(key, value)
    ]
    command = ["sysctl", "-q", "-w", *(f"{key}={value}" for key, value in runtime.items())]
    return [steps.argv(command, undo=["sysctl", "-q", "-w", *undo] if undo else None)]


def _check(key: str, value: str) -> checks.Check:
    """The kernel may take a value and keep another; it separates fields by tabs."""
    fields = "[[:space:]]+".join(SPECIAL.sub(r"\\\g<0>", field) for field in value.split(" "))
    return checks.command(["grep", "-Exq", "-e", f"{fields}[[:space:]]*", f"{sysctl.PROC}/{sysctl.key_path(key)}"])


def _facts(have: Have, listed: Mapping[str, str]) -> dict[str, Any]:
    """What we set, and for each key what the kernel had and what the other files said before we came."""
    known = have.managed.facts.get("before", {})
    return {
        "settings": [list(one) for one in listed.items()],
        "before": {key: known.get(key) or _before(have, key) for key in listed},
    }


def _before(have: Have, key: str) -> dict[str, str | None]:
    wins = sysctl.winner(key, have.others)
    return {"runtime": have.keys[key].value, "file": wins.value if wins else None}


def _told(
    have: Have, key: str, ruling: Ruling, found: Sequence[Assignment], facts: Mapping[str, Any]
) -> dict[str, str | None]:
    wins = sysctl.winner(key, found)
    return {
        "desired": ruling.target,
        "file": ruling.target,
        "wins": wins.path if wins else None,
        "runtime": have.keys[key].value if ruling.skipped else ruling.target,
        "before": facts["before"][key]["runtime"],
        "skipped": ruling.skipped,
    }


def _diff(have: Have, of_files: Sequence[Step], runtime: Mapping[str, str]) -> tuple[Mapping[str, str], ...]:
    told = []
    for step in of_files:
        if step.kind in ("write", "remove"):
            before, after = have.own.content or b"", step.args.get("content", b"")
            told.append(_entry(step.target, before.decode("utf-8", "replace"), after.decode("utf-8", "replace")))
    if runtime:
        was = "".join(f"{key} = {have.keys[key].value}\n" for key in runtime)
        told.append(_entry(sysctl.PROC, was, "".join(f"{key} = {value}\n" for key, value in runtime.items())))
    return tuple(told)


def _entry(header: str, before: str, after: str) -> Mapping[str, str]:
    return {"before_header": header, "after_header": header, "before": before, "after": after}
