# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Plan the way back of a run: every package at its former version, from the archives that the run has kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput
from .._host import checks, files
from .._host.files import FileState
from .._host.updates import ON_HOLD, Manager
from .._transaction import archives, steps
from .._transaction.paths import HOST, Paths
from .._transaction.steps import FINISH, Plan, Step
from . import history
from .history import Run
from .managers import APT
from .want import Want

RETURN = "return"
GONE = "neither the store nor a repository has its archive any more"
DPKG_S = 1800
# Where a package manager that takes a new configuration file lays the edited one.
KEPT_BESIDE = (".dpkg-old", ".rpmsave")


class Back(NamedTuple):
    """What there is to return: versions by package ("" goes), and the reason for each that cannot.

    `strange` are the packages that somebody has changed since, `held` those that are on hold, `drawn` what the way back
    would change beside them; `contents` are the configuration files to give back, `copies` what the package manager has
    made of them meanwhile.
    """

    run: Run
    installed: Mapping[str, str]
    versions: Mapping[str, str] = {}
    cannot: Mapping[str, str] = {}
    strange: Mapping[str, str] = {}
    held: Sequence[str] = ()
    drawn: Sequence[str] = ()
    contents: Mapping[str, tuple[FileState, bytes]] = {}
    copies: Sequence[str] = ()
    manager: str = APT


def read(want: Want, manager: Manager, paths: Paths = HOST) -> Back:
    """Return the way back of the run that is wanted undone. Raise BadInput for one that is not known here."""
    run = history.find(paths, want.undo, unknown_is_none=want.undo_unknown_ok or want.undo == want.run_id)
    back = judge(run, manager.installed())._replace(manager=manager.name)
    going = dict(_going(name, version, run, manager) for name, version in back.versions.items())
    beside = {f"{name}-{version}": version for name, version in run.after.items() if f"{name}-{version}" in going}
    back = back._replace(versions=going, installed={**back.installed, **beside})
    returning = {name: version for name, version in back.versions.items() if version}
    lost = archives.missing(paths.archives, returning)
    cannot = {name: GONE for name, version in lost.items() if not manager.offers(name, version)}
    if cannot or not back.versions:
        return back._replace(cannot=cannot)
    leaving = [f"{name}-" for name in sorted({*back.versions} - {*returning})]
    drawn = manager.rehearse([*archives.words(paths.archives, returning), *leaving])
    on_hold = {name for name, why in manager.held().items() if why == ON_HOLD}
    also = [f"{name} to {version or 'not installed'}" for name, version in drawn.items() if name not in back.versions]
    contents = _contents(run)
    back = back._replace(held=sorted(on_hold & {*back.versions}))
    return back._replace(drawn=also, contents=contents, copies=_copies(contents))


def _going(name: str, version: str, run: Run, manager: Manager) -> tuple[str, str]:
    """Return what to ask for: where the former version is still there, the one that came beside it goes."""
    return (f"{name}-{run.after[name]}", "") if version and version in manager.beside(name) else (name, version)


def judge(run: Run, installed: Mapping[str, str]) -> Back:
    """Return what is to be returned of what the run did, as far as it still stands: pure."""
    moved = {name: version for name, version in run.before.items() if version != run.after[name]}
    versions = {name: version for name, version in moved.items() if installed.get(name, "") != version}
    strange = {name: installed.get(name, "") for name in versions if installed.get(name, "") != run.after[name]}
    return Back(run, installed, versions, strange=strange)


def _contents(run: Run) -> dict[str, tuple[FileState, bytes]]:
    found = {}
    for path, (entry, copy) in run.preserved.items():
        content = files.read(copy).content
        if content is not None and entry.old is not None and files.read(path).content != content:
            found[path] = (entry.old, content)
    return found


def _copies(contents: Mapping[str, tuple[FileState, bytes]]) -> tuple[str, ...]:
    beside = ((f"{path}{ending}", content) for path, (_old, content) in contents.items() for ending in KEPT_BESIDE)
    return tuple(path for path, content in sorted(beside) if files.read(path).content == content)


def plan(want: Want, back: Back) -> Plan:
    """Return the one transaction; raise BadInput, before anything is touched, where it would not lead all the way."""
    _refuse(want, back)
    summary = {"undone": sorted(back.run.txids), "packages": _told(back), "cannot": dict(back.cannot)}
    if not back.versions:
        return Plan(f"{RETURN} packages", summary=summary)
    gone = sorted(name for name, version in back.versions.items() if not version and name not in back.run.left)
    step = steps.package("install", back.versions, manager=back.manager, archived=True)
    purge = steps.argv(["dpkg", "--purge", *gone], recovery=FINISH, timeout_s=DPKG_S)
    return Plan(
        f"{RETURN} {len(back.versions)} packages of {want.undo}",
        (step, *((purge,) if gone and back.manager == APT else ()), *_writes(back)),
        checks=(checks.packages(back.versions, manager=back.manager),),
        diff=(_diff(back),),
        summary=summary,
    )


def _refuse(want: Want, back: Back) -> None:
    if back.strange:
        told = "; ".join(
            f"{name} is {now or 'not installed'}, {want.undo} left {back.run.after[name] or 'none'}"
            for name, now in back.strange.items()
        )
        raise BadInput(f"somebody has changed packages since: {told}. Nothing was changed: undo the later run first")
    if back.cannot:
        told = "; ".join(f"{name} {back.versions[name]}: {why}" for name, why in sorted(back.cannot.items()))
        raise BadInput(
            f"{want.undo} cannot be undone: {told}. Nothing was changed: add a repository that has these versions"
        )
    if back.held:
        names = " ".join(back.held)
        raise BadInput(
            f"{want.undo} cannot be undone: {names} is on hold since. Nothing was changed: run `apt-mark unhold {names}`"
        )
    if back.drawn:
        raise BadInput(
            f"the way back of {want.undo} would bring {', '.join(back.drawn)} too. Nothing was changed: undo what came later first"
        )


def _writes(back: Back) -> tuple[Step, ...]:
    written = [
        steps.write(path, content, owner=str(old.uid), group=str(old.gid), mode=old.mode)
        for path, (old, content) in sorted(back.contents.items())
    ]
    return (*written, *(steps.remove(path) for path in back.copies))


def _told(back: Back) -> list[dict[str, Any]]:
    return [
        {"name": name, "from": back.installed.get(name, ""), "to": version}
        for name, version in sorted(back.versions.items())
    ]


def _diff(back: Back) -> Mapping[str, str]:
    now = {name: back.installed.get(name, "") for name in sorted(back.versions)}
    before = "".join(f"{name} {version}\n" for name, version in now.items() if version)
    after = "".join(f"{name} {version}\n" for name, version in sorted(back.versions.items()) if version)
    return {"before_header": "packages", "after_header": "packages", "before": before, "after": after}
