# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Plan how a release is staged: unpacked whole beside the others, and recorded last. What runs does not notice."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import NamedTuple

from .._errors import BadInput
from .._host import files
from .._transaction import steps
from .._transaction.steps import Plan, Step
from . import command, record
from .offer import Offer
from .record import Record
from .state import Have
from .want import Shared, Want

VENV_S, INSTALL_S, MODES_S, SYNC_S = 120.0, 900.0, 120.0, 300.0
# A virtual environment holds once more what its wheels hold packed.
VENV_ROOM = 4
MARGIN = 1024 * 1024


class Staging(NamedTuple):
    """The transactions that stage the release, and the record that the last of them writes."""

    plans: tuple[Plan, ...]
    record: Record


def trust(want: Want, have: Have) -> tuple[Plan, ...]:
    """Return the plan that brings the file of allowed signers, where its content was given and differs."""
    content = want.signers_content.encode()
    if not content or have.signers.content == content:
        return ()
    folder = want.signers.rpartition("/")[0]
    made = [steps.directory(folder)] if not have.signers.exists and folder.count("/") > 1 else []
    write = steps.write(want.signers, content, owner="root", group="root", mode=0o644)
    return (Plan(f"{want.app}: who may sign", (*made, write)),)


def stage(want: Want, have: Have, offer: Offer, *, failed: bool = False) -> Staging:
    """Return how the offered release is staged; with `failed` it counts as failed until it is well.

    Raise BadInput where the disk is too small, or where the release brings something at a path that is shared.
    """
    _refuse_lack_of_room(want, have, offer)
    for one in want.shared:
        _refuse_own_content(one, offer)
    entry = Record(
        app=want.app,
        version=want.version,
        sha256=offer.manifest.sha256,
        manifest=offer.told,
        root=want.root,
        signer=offer.signer,
        staged_at=want.now,
        run_id=want.run_id,
        bytes=offer.size,
        failed=failed,
        manifest_text=offer.text,
        signature=offer.signature,
    )
    path = want.release_path(want.version)
    archive = offer.archive or f"{want.base}/artefacts/{offer.manifest.artefact}"
    taken = (
        *(steps.directory(one, owner="root", group="root", mode=_mode(want, one)) for one in sorted(have.missing)),
        *(step for one in want.shared for step in _shared(want, have, one)),
        steps.tree(path, archive, sha256=offer.manifest.sha256),
        *(step for one in want.shared for step in _linked(want, offer, one)),
        *_built(path, (*_venv(want, offer), *_hooks(want, have))),
        steps.write(want.record_path(want.version), record.dump(entry), owner="root", group="root", mode=0o600),
    )
    diff = {"before_header": path, "after_header": path, "before": "", "after": f"(sha256 {offer.manifest.sha256})\n"}
    plan = Plan(f"{want.app} {want.version}: stage", taken, diff=(diff,))
    return Staging((*_cleared(want, have), plan), entry)


def _built(path: str, commands: tuple[Step, ...]) -> tuple[Step, ...]:
    """What commands have written is on the disk before the record says that the release is complete."""
    return (*commands, steps.argv(["sync", "--file-system", path], timeout_s=SYNC_S)) if commands else ()


def _mode(want: Want, path: str) -> int:
    return 0o700 if path.startswith(f"{want.base}/") else 0o755


def _cleared(want: Want, have: Have) -> tuple[Plan, ...]:
    """What an earlier attempt has left of this version is in the way of a whole one."""
    found = have.layout.releases.get(want.version)
    return (removal(want, want.version, have, "remove what is left of it"),) if found else ()


def removal(want: Want, version: str, have: Have, why: str) -> Plan:
    """Return the plan that removes a release, its record first: without one it is never gone back to."""
    found = have.layout.releases[version]
    path, noted = want.release_path(version), want.record_path(version)
    gone = [steps.remove(noted)] if found.record or not found.has_directory else []
    gone += [steps.erase(path)] if found.has_directory else []
    diff = {"before_header": path, "after_header": path, "before": "(release)\n", "after": ""}
    return Plan(f"{want.app} {version}: {why}", tuple(gone), diff=(diff,))


def _refuse_lack_of_room(want: Want, have: Have, offer: Offer) -> None:
    needs = (
        (offer.room or offer.manifest.size) + MARGIN + (VENV_ROOM * offer.manifest.size if offer.manifest.python else 0)
    )
    if have.room < needs:
        raise BadInput(
            f"{want.root} has {have.room // 1024} KiB free, and {want.app} {want.version} needs {-(-needs // 1024)} KiB "
            "unpacked: make room, keep fewer releases, or remove one with state=absent; nothing was touched"
        )


def _refuse_own_content(one: Shared, offer: Offer) -> None:
    """An empty directory only says that something belongs there."""
    kind = offer.members.get(one.path)
    within = next((name for name in offer.members if name.startswith(f"{one.path}/")), "")
    if within or kind not in (None, "directory"):
        raise BadInput(
            f"the release has {within or one.path!r} of its own, which would be hidden, since {one.path!r} is shared by all "
            "releases: leave it out of the artefact, or out of shared"
        )
    parents = one.path.split("/")[:-1]
    for count in range(1, len(parents) + 1):
        folder = "/".join(parents[:count])
        if offer.members.get(folder, "directory") != "directory":
            raise BadInput(f"shared path {one.path!r} lies below {folder!r}, which is no directory in the release")


def _shared(want: Want, have: Have, one: Shared) -> Iterable[Step]:
    """Made once; what the app makes of it later is its own business."""
    path, state = want.shared_path(one.path), have.shared[one.path]
    expected = files.DIRECTORY if one.kind == "directory" else files.FILE
    if state.exists:
        # A link may lead to another disk.
        if state.kind not in (expected, files.LINK):
            raise BadInput(f"{path} is to be a {one.kind}, but a {state.kind} stands there: move it away first")
        return ()
    access = one.access._asdict()
    if one.kind == "directory":
        return (steps.directory(path, **access),)
    return (steps.write(path, b"", **access),)


def _linked(want: Want, offer: Offer, one: Shared) -> Iterable[Step]:
    path, to = f"{want.release_path(want.version)}/{one.path}", want.shared_path(one.path)
    if one.path in offer.members:
        yield steps.remove(path)
    folder = one.path.rpartition("/")[0]
    if folder in offer.members:
        # The planner of file steps knows of no directory that an archive brings.
        yield steps.argv(["ln", "--symbolic", "--no-target-directory", to, path])
        return
    parts = folder.split("/") if folder else []
    for count in range(1, len(parts) + 1):
        if "/".join(parts[:count]) not in offer.members:
            yield steps.directory(f"{want.release_path(want.version)}/{'/'.join(parts[:count])}")
    yield steps.link(path, to)


def _venv(want: Want, offer: Offer) -> Iterable[Step]:
    """Built from the wheels that came along, its own pip among them: nothing is fetched."""
    python = offer.manifest.python
    if not python:
        return ()
    path = want.release_path(want.version)
    wheels = f"{path}/{python.wheelhouse}"
    install = [
        *(f"{path}/venv/bin/python", f"{wheels}/{_pip(want, offer, python.wheelhouse)}/pip", "install", "--isolated"),
        *("--no-input", "--no-cache-dir", "--disable-pip-version-check", "--no-index", "--find-links", wheels),
        *("--only-binary", ":all:", "-r", f"{path}/{python.requirements}"),
    ]
    return (
        steps.argv([want.python, "-m", "venv", "--without-pip", f"{path}/venv"], timeout_s=VENV_S),
        steps.argv(install, timeout_s=INSTALL_S),
        # Root's umask may be stricter than what the app's account can read.
        steps.argv(["chmod", "-R", "u=rwX,go=rX", f"{path}/venv"], timeout_s=MODES_S),
    )


def _pip(want: Want, offer: Offer, wheelhouse: str) -> str:
    """Return the name of pip's own wheel; in a rehearsal, where the artefact was not brought, a pattern stands for it."""
    found = fnmatch.filter(offer.members, f"{wheelhouse}/pip-*.whl")
    if not found and offer.archive:
        raise BadInput(
            f"the artefact of {want.app} {want.version} has no {wheelhouse}/pip-*.whl, so its environment cannot be "
            "built: package it anew with playbook package, which brings pip along"
        )
    return found[0].rpartition("/")[2] if found else "pip-*.whl"


def _hooks(want: Want, have: Have) -> Iterable[Step]:
    path = want.release_path(want.version)
    place = command.Place(want.app, want.version, path, want.environment_file, optional=True, given=have.given)
    for number, one in enumerate(want.staged_hooks):
        yield command.hook(place, one.argv, user=one.user, timeout_s=one.timeout_s, label=f"staged-{number}")
