# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Plan accounts: databases, homes, keys and sudo rules as files, so that the way back is their former bytes."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence

from .. import _managed
from .._errors import BadInput
from .._host import checks, files, logins
from .._host.files import FileState
from .._managed import Managed
from .._transaction import steps
from .._transaction.steps import Plan, Step
from . import access, server
from . import databases as db
from .databases import GSHADOW, HOME, PASSWD, SHADOW, Table
from .edit import Desk
from .server import CONFIG, DROPIN, KEYS, OURS
from .state import MANIFEST, SSH, SUDOERS, Have
from .want import LOCKOUT, PRESENT, Want

MANAGED = "# Managed by groundcrew.fleet.accounts: changes by hand are overwritten.\n"
ROOT = "0"
HOME_MODE, SUDOERS_MODE, FILE_MODE, FOLDER_MODE = 0o700, 0o440, 0o644, 0o755
NEVER_SHOWN = (SHADOW, GSHADOW)
WITHIN_S = 10


def plan(want: Want, have: Have) -> Plan:
    """Return the one transaction; raise BadInput where it would leave nobody who can log in and become root."""
    desk = Desk(want, have)
    desk.edit()
    texts = _texts(want, have, desk)
    planned = [*_folders(have, texts), *_files(have, texts), *_homes(have, desk)]
    if any(step.target == DROPIN for step in planned):
        planned += _reload(have)
    proven = planned and _cuts(have, desk, planned)
    before = access.verdicts(_door(have, _tables(have), {}))
    able = [name for name, why in before.items() if not why]
    door = _door(have, desk.tables, texts)
    after = access.verdicts(door, able)
    _refuse_shut(want, door)
    if proven and not want.allow_lockout and able and "" not in after.values():
        raise BadInput(_refusal(able, after))
    facts = desk.facts()
    kept = _managed.record(MANIFEST, have.managed, Managed(facts=facts))
    return Plan(
        "accounts",
        (*planned, *kept),
        checks=(checks.unit(SSH),) if any(step.target == SSH for step in planned) else (),
        within_s=WITHIN_S,
        diff=_diff(have, planned),
        units=(SSH,) if any(step.target == SSH for step in planned) else (),
        summary=_summary(have, desk, after),
        proof_within_s=want.proof_within_s if proven else 0,
    )


def _tables(have: Have) -> dict[str, Table]:
    return {path: Table(have.text(path)) for path in db.DATABASES}


def _texts(want: Want, have: Have, desk: Desk) -> dict[str, str | None]:
    """Return every file by its path as it shall be, None for absent."""
    texts: dict[str, str | None] = {path: table.text() for path, table in desk.tables.items()}
    listed = {one.name: one.keys for one in want.people if one.state == PRESENT}
    known = {one.name for one in want.people}
    for path, there in have.files.items():
        name = os.path.basename(path)
        if os.path.dirname(path) != KEYS or not there.exists:
            continue
        if name in known or not desk.keeps(name):
            texts[path] = None
        elif there.kind == files.FILE:
            texts[path] = have.text(path)
    texts.update({f"{KEYS}/{name}": "".join(f"{key}\n" for key in keys) or None for name, keys in listed.items()})
    rules = "".join(f"{name} {rule}\n" for name, rule in sorted(desk.rules.items()))
    texts[SUDOERS] = MANAGED + rules if rules else None
    alone = {*desk.alone, *desk.locked}
    texts[DROPIN] = _dropin(have, alone) if alone or _has_keys(texts) else None
    return texts


def _dropin(have: Have, alone: Collection[str]) -> str:
    # Where there is no server yet, a rehearsal does not know what it will read.
    if have.files[CONFIG].exists:
        server.refuse_unread(have.keys_first)
    return MANAGED + server.dropin(have.patterns, alone)


def _folders(have: Have, texts: Mapping[str, str | None]) -> list[Step]:
    """The server reads keys as the person whose they are, so that all must be able to get there."""
    return [
        steps.directory(path, owner=ROOT, group=ROOT, mode=FOLDER_MODE)
        for path in (os.path.dirname(KEYS), KEYS)
        if _has_keys(texts) and not _is_roots(have.files[path], FOLDER_MODE)
    ]


def _has_keys(texts: Mapping[str, str | None]) -> bool:
    return any(text and path.startswith(f"{KEYS}/") for path, text in texts.items())


def _files(have: Have, texts: Mapping[str, str | None]) -> list[Step]:
    planned: list[Step] = []
    for path, text in texts.items():
        there = have.files.get(path) or FileState(path, files.ABSENT)
        if text is None:
            planned += [steps.remove(path)] if there.exists else []
        elif path not in db.DATABASES:
            planned += _ours(there, _bytes(text))
        elif there.content != _bytes(text):
            # Their owners and modes are the distribution's.
            planned.append(steps.write(path, _bytes(text), sensitive=path in NEVER_SHOWN))
    return planned


def _ours(there: FileState, content: bytes) -> list[Step]:
    mode = SUDOERS_MODE if there.path == SUDOERS else FILE_MODE
    if there.content != content:
        return [steps.write(there.path, content, owner=ROOT, group=ROOT, mode=mode)]
    return [] if _is_roots(there, mode) else [steps.mode(there.path, owner=ROOT, group=ROOT, mode=mode)]


def _is_roots(there: FileState, mode: int) -> bool:
    return there.exists and (there.uid, there.gid, there.mode) == (0, 0, mode)


def _homes(have: Have, desk: Desk) -> list[Step]:
    """A home that is missing is made, with what the skeleton has; one that belongs to another is refused."""
    planned: list[Step] = []
    for name, home in desk.homes.items():
        passwd = desk.tables[PASSWD]
        uid, gid = passwd.field(name, db.UID), passwd.field(name, db.PRIMARY)
        there = have.files[home]
        if there.exists and str(there.uid) != uid:
            raise BadInput(
                f"home {home} of account {name} is there already and belongs to uid {there.uid}, not {uid}: move it away, give "
                f"uid {there.uid}, or another home"
            )
        if there.exists:
            continue
        if not have.files[os.path.dirname(home)].exists:
            raise BadInput(f"home {home} of account {name} lies in a directory that is not there: make that first")
        planned.append(steps.directory(home, owner=uid, group=gid, mode=HOME_MODE))
        planned += [
            steps.write(f"{home}/{one}", state.content, owner=uid, group=gid, mode=state.mode)
            for one, state in have.skeleton.items()
            if state.kind == files.FILE and state.content is not None
        ]
    return planned


def _reload(have: Have) -> list[Step]:
    """Nobody is told of a server that does not run; one that runs is asked before it is reloaded."""
    test = steps.argv(["sshd", "-t"])
    return [test, steps.unit(SSH, "reload")] if have.ssh_active else []


def _cuts(have: Have, desk: Desk, planned: Sequence[Step]) -> bool:
    """Tell whether the steps could take access from somebody: anything but new accounts could."""
    for path, table in _tables(have).items():
        if any(name not in desk.tables[path] or _loses(path, table, desk.tables[path], name) for name in table.names()):
            return True
    # sudo takes the last rule that fits, so that a first one of ours may take what an earlier one gave.
    ruled = any(name in desk.rules for name in _tables(have)[PASSWD].names())
    always = {DROPIN, SUDOERS} if ruled else {DROPIN}
    return any(
        _is_access(step.target) and (step.target in always or have.files[step.target].exists) for step in planned
    )


def _is_access(path: str) -> bool:
    return path in (SUDOERS, DROPIN) or path.startswith(f"{KEYS}/")


def _loses(path: str, old: Table, new: Table, name: str) -> bool:
    """A group that has only gained members takes nothing from anybody."""
    before, after = old.row(name), new.row(name)
    if path in (PASSWD, SHADOW):
        return before != after
    return before[:3] != after[:3] or not set(old.members(name)) <= set(new.members(name))


def _door(have: Have, tables: Mapping[str, Table], texts: Mapping[str, str | None]) -> access.Door:
    """Return how one gets in once `texts` stand on the host."""

    def text(path: str) -> str:
        there = have.files.get(path)
        now = (there.content or b"").decode("utf-8", "replace") if there else ""
        return texts.get(path, now) or ""

    alone = server.standing_alone(text(DROPIN))
    read_now = server.effective(have.sshd) or text(DROPIN).split()
    reads_ours = bool(texts[DROPIN]) if DROPIN in texts else OURS in read_now

    def keys(name: str) -> int:
        ours = logins.keys_in(text(f"{KEYS}/{name}")) if reads_ours else 0
        home = tables[PASSWD].field(name, HOME)
        return ours + (0 if name in alone else have.other_keys.get((name, home), 0))

    rules = [text(SUDOERS), *(rule for path, rule in have.sudoers.items() if path != SUDOERS)]
    return access.Door(tables, keys, rules, have.sshd, have.shells, have.today)


def _refuse_shut(want: Want, door: access.Door) -> None:
    why = access.shut(door, want.break_glass)
    if why and want.break_glass in {one.name for one in want.people}:
        raise BadInput(
            f"account {want.break_glass} is the break-glass account, and {why}: give it a shell, no end, and a key or a "
            "password, take it out of the list, or give another as break_glass"
        )


def _refusal(able: Sequence[str], after: Mapping[str, str]) -> str:
    names = sorted({*after, *able})
    reasons = "; ".join(f"{name} {after.get(name) or 'would be gone'}" for name in names)
    return (
        f"after this nobody could log in by SSH and become root any more: 0 accounts of {len(names)} ({reasons}). Give "
        f"one of them a key and sudo, or say allow_lockout: {LOCKOUT}"
    )


def _summary(have: Have, desk: Desk, after: Mapping[str, str]) -> dict[str, object]:
    was, now = set(_tables(have)[PASSWD].names()), set(desk.tables[PASSWD].names())
    return {
        "added": sorted(now - was),
        "removed": sorted(was - now),
        "locked": sorted(desk.locked),
        "kept": desk.kept,
        "awaited": sorted(desk.awaited),
        "administrators": sorted(name for name, why in after.items() if not why),
    }


def _diff(have: Have, planned: Sequence[Step]) -> tuple[Mapping[str, str], ...]:
    def shown(path: str, content: bytes | None) -> str:
        return "(not shown)\n" if path in NEVER_SHOWN else (content or b"").decode("utf-8", "replace")

    told = []
    for step in planned:
        if step.kind in ("write", "remove"):
            there = have.files.get(step.target)
            before = shown(step.target, there.content if there else None)
            after = shown(step.target, step.args.get("content"))
            told.append({"before_header": step.target, "after_header": step.target, "before": before, "after": after})
    return tuple(told)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
