# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The files of a repository: its source as deb822, its key and its pin."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from .. import _managed
from .._errors import BadInput
from .._host import files
from .._host.files import FileState
from .._managed import Managed
from .._transaction import steps
from .._transaction.steps import Step
from .want import PRESENT, Pin, Repository

HEADER = "# Managed by groundcrew.fleet: changes made here are replaced.\n"
SOURCES, KEYRINGS, PREFERENCES = "/etc/apt/sources.list.d", "/etc/apt/keyrings", "/etc/apt/preferences.d"
MODE = 0o644


class Filed(NamedTuple):
    """The steps for the files, the paths that are no longer ours, and those that somebody edited and that stay."""

    steps: tuple[Step, ...] = ()
    gone: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def overlay(self) -> dict[str, bytes | None]:
        """What the files are after the steps, None where there is none."""
        return {step.target: step.args.get("content") for step in self.steps if step.kind in ("write", "remove")}

    @property
    def changes_sources(self) -> bool:
        return any(os.path.dirname(path) in (SOURCES, KEYRINGS) for path in self.overlay)


def paths_of(name: str) -> tuple[str, str, str]:
    """Return the paths of a repository's source, key and pin."""
    return f"{SOURCES}/{name}.sources", f"{KEYRINGS}/{name}.asc", f"{PREFERENCES}/{name}"


def contents(one: Repository) -> dict[str, bytes]:
    """Return the content of each file that the repository shall have."""
    if one.state != PRESENT:
        return {}
    source, key, pin = paths_of(one.name)
    found = {source: _source(one, one.keyring or (key if one.key else "")).encode()}
    if one.key:
        found[key] = one.key.encode()
    if one.pin:
        found[pin] = _preferences(one.uris, one.pin).encode()
    return found


def _source(one: Repository, signed_by: str) -> str:
    fields: Mapping[str, Iterable[str]] = {
        "Types": one.types,
        "URIs": one.uris,
        "Suites": one.suites,
        "Components": one.components,
        "Architectures": one.architectures,
        "Signed-By": [signed_by] if signed_by else [],
    }
    return HEADER + "".join(f"{field}: {' '.join(values)}\n" for field, values in fields.items() if values)


def _preferences(uris: Iterable[str], pin: Pin) -> str:
    # apt knows what lies in files as coming from the host "".
    matches = [pin.match] if pin.match else [f'origin "{host}"' for host in dict.fromkeys(map(_host, uris))]
    stanzas = [f"Package: {' '.join(pin.packages)}\nPin: {match}\nPin-Priority: {pin.priority}\n" for match in matches]
    return HEADER + "\n".join(stanzas)


def _host(uri: str) -> str:
    return urlsplit(uri).hostname or ""


def plan_files(
    wanted: Sequence[Repository],
    leaving: Sequence[str],
    have: Mapping[str, FileState],
    managed: Managed,
    *,
    force: bool,
) -> Filed:
    """Return how the files come to be as wanted; those of repositories that left become what was there before."""
    asked = {path: content for one in wanted for path, content in contents(one).items()}
    named = [path for name in (*(one.name for one in wanted), *leaving) for path in paths_of(name)]
    ours = [path for path in named if path not in asked and path in managed.files]
    back, kept, _left = _managed.release(managed, have, ours, force=force)
    needed = sorted({os.path.dirname(path) for path in asked})
    made = [steps.directory(path, owner="root", group="root", mode=0o755) for path in needed if not have[path].exists]
    written = [step for path, content in asked.items() for step in _file(path, content, have[path])]
    # What an absent repository has goes, whoever put it there.
    absent = [path for one in wanted if one.state != PRESENT for path in paths_of(one.name)]
    away = [steps.remove(path) for path in absent if path not in ours and have[path].exists]
    return Filed((*made, *written, *back, *away), tuple(ours), kept)


def _file(path: str, content: bytes, state: FileState) -> list[Step]:
    if state.kind in (files.DIRECTORY, files.OTHER):
        raise BadInput(f"{path} is to be a file, but a {state.kind} stands there: move it away first")
    if state.kind == files.FILE and (state.content, state.mode) == (content, MODE):
        return []
    return [steps.write(path, content, owner="root", group="root", mode=MODE)]


def paths_to_read(names: Iterable[str]) -> list[str]:
    """Return every path that a plan for these repositories may touch."""
    return [SOURCES, KEYRINGS, PREFERENCES, *(path for name in names for path in paths_of(name))]
