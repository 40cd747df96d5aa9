# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Plan accounts: databases, homes, keys and sudo rules as files, so that the way back is their former bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from .. import _managed
from .._errors import BadInput
from .._host import checks, files
from .._managed import Managed
from .._transaction import steps
from .._transaction.steps import Plan, Step
from . import access
from . import databases as db
from .databases import GSHADOW, PASSWD, SHADOW, Table
from .edit import Desk
from .state import DROPIN, KEYS, MANIFEST, SSH, SUDOERS, Have
from .want import KEPT, LOCKOUT, PRESENT, Want

MANAGED = "# Managed by groundcrew.fleet.accounts: changes by hand are overwritten.\n"
# Keys lie where only root writes: a home belongs to its owner, who could lead root's hand elsewhere by a link.
AUTHORIZED_KEYS = f"AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2 {KEYS}/%u\n"
EXCLUSIVE = f"    AuthorizedKeysFile {KEYS}/%u\nMatch all\n"
HOME_MODE = 0o700
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
    after = access.verdicts(_door(have, desk.tables, texts), able)
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
    stored = {
        os.path.basename(path) for path, there in have.files.items() if os.path.dirname(path) == KEYS and there.exists
    }
    unlisted = stored - set(listed)
    known = {one.name for one in want.people}
    gone = [name for name in unlisted if want.purge != KEPT or name in known]
    texts.update({f"{KEYS}/{name}": None for name in gone})
    texts.update({f"{KEYS}/{name}": "".join(f"{key}\n" for key in keys) or None for name, keys in listed.items()})
    rules = "".join(f"{name} {rule}\n" for name, rule in sorted(desk.rules.items()))
    texts[SUDOERS] = MANAGED + rules if rules else None
    alone = sorted({*desk.alone, *desk.locked})
    kept = len(unlisted) > len(gone)
    if alone or kept or any(listed.values()):
        texts[DROPIN] = MANAGED + AUTHORIZED_KEYS + (f"Match User {','.join(alone)}\n{EXCLUSIVE}" if alone else "")
    else:
        texts[DROPIN] = None
    return texts


def _folders(have: Have, texts: Mapping[str, str | None]) -> list[Step]:
    needed = any(path.startswith(f"{KEYS}/") and text for path, text in texts.items())
    return [
        steps.directory(path, owner="0", group="0", mode=0o755)
        for path in (os.path.dirname(KEYS), KEYS)
        if needed and not have.files[path].exists
    ]


def _files(have: Have, texts: Mapping[str, str | None]) -> list[Step]:
    planned: list[Step] = []
    for path, text in texts.items():
        there = have.files.get(path)
        if text is None:
            planned += [steps.remove(path)] if there and there.exists else []
        elif there is None or there.content != _bytes(text):
            mode = 0o440 if path == SUDOERS else None if path in db.DATABASES else 0o644
            planned.append(steps.write(path, _bytes(text), mode=mode, sensitive=path in NEVER_SHOWN))
    return planned


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

    listed = re.search(r"^Match User (\S+)$", text(DROPIN), re.MULTILINE)
    alone = frozenset(listed[1].split(",") if listed else ())

    def keys(name: str) -> int:
        ours = text(f"{KEYS}/{name}").count("\n") if text(DROPIN) else 0
        return ours + (0 if name in alone else have.keys_at_home.get(name, 0))

    rules = [text(SUDOERS), *(rule for path, rule in have.sudoers.items() if path != SUDOERS)]
    return access.Door(tables, keys, rules, have.sshd, have.shells, have.today)


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
