# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what one call of service_config needs to know of the host: its files, its unit, and what the unit last read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .._errors import BadInput
from .._host import files, systemd
from .._host.files import FileState
from .._host.systemd import UnitState
from . import record
from .record import Digest, Record, Watched
from .want import OWN_STATE, Want, parents

SYSTEMD_DIRECTORIES = (
    "/etc/systemd/system/",
    "/run/systemd/system/",
    "/usr/local/lib/systemd/system/",
    "/usr/lib/systemd/system/",
    "/lib/systemd/system/",
)


def _digest(path: str) -> str:
    """Where a link leads to a directory, which directory it is counts as its content; "" where it leads nowhere."""
    try:
        return files.digest_of(path)
    except IsADirectoryError:
        return files.digest(os.path.realpath(path).encode())
    except FileNotFoundError:
        return ""


class Have(NamedTuple):
    """The host as the planner sees it.

    `listings` holds the files and links of each purged directory, `missing` the directories above wanted paths that
    are not there, `users` and `groups` the numeric ids of the names asked for, `watched` every path that the unit
    reads, and `digest` returns the SHA-256 of one of these.
    """

    files: Mapping[str, FileState] = {}
    directories: Mapping[str, FileState] = {}
    listings: Mapping[str, tuple[FileState, ...]] = {}
    missing: frozenset[str] = frozenset()
    users: Mapping[str, int] = {}
    groups: Mapping[str, int] = {}
    unit: UnitState = UnitState("")
    record: Record = Record()
    record_path: str = ""
    watched: Mapping[str, Watched] = {}
    digest: Digest = _digest


def read(want: Want, *, root: str = OWN_STATE) -> Have:
    """Return the host's state for `want`; `root` is where the collection keeps its own state."""
    found = {one.path: files.read(one.path) for one in want.staged}
    unit = systemd.show([want.unit])[want.unit] if want.unit else UnitState("")
    record_path = f"{root}/units/{want.unit}.json"
    recorded = record.parse(files.read(record_path).content) if want.unit else Record()
    return Have(
        files=found,
        directories={one.path: _directory(one.path) for one in want.directories},
        listings={one.path: _listing(one.path) for one in want.directories if one.purge},
        missing=frozenset(_missing(want)),
        users=_ids(want, "owner"),
        groups=_ids(want, "group"),
        unit=unit,
        record=recorded,
        record_path=record_path,
        watched=_watch((one.path for one in want.files), unit, recorded) if want.unit else {},
    )


def is_program(path: str, unit: UnitState) -> bool:
    """Whether only a restart makes the unit read `path` anew: its unit file, a drop-in, its environment or its binary."""
    return path.startswith(SYSTEMD_DIRECTORIES) or path in program_paths(unit)


def program_paths(unit: UnitState) -> tuple[str, ...]:
    """Return the unit's own file, drop-ins, environment files and binary, as far as systemd knows them."""
    named = (unit.fragment, *unit.dropins, *unit.environment_files, unit.binary)
    return tuple(path for path in named if path.startswith("/"))


def _directory(path: str) -> FileState:
    """A link to a directory counts as the directory: /etc/shop may well live on another disk."""
    state = files.read(path, content=False)
    return files.read(os.path.realpath(path), content=False) if state.kind == files.LINK else state


def _listing(path: str) -> tuple[FileState, ...]:
    found = (files.read(f"{path}/{name}") for name in files.listing(path))
    return tuple(state for state in found if state.kind in (files.FILE, files.LINK))


def _missing(want: Want) -> Iterable[str]:
    wanted = [one.path for one in want.files if one.content is not None or one.link is not None]
    for parent in {up for path in wanted + [one.path for one in want.directories] for up in parents(path)}:
        if not os.path.isdir(parent):
            if os.path.lexists(parent):
                raise BadInput(
                    f"{parent} is not a directory, but files are to stand in it: move it away or give another path"
                )
            yield parent


def _ids(want: Want, which: str) -> dict[str, int]:
    """In a rehearsal a user that an earlier task would have made may be missing; elsewhere that is refused."""
    resolve = files.uid_of if which == "owner" else files.gid_of
    accesses = [one.access for one in want.staged] + [one.access for one in want.directories]
    found: dict[str, int] = {}
    for name in sorted({name for access in accesses if (name := getattr(access, which))}):
        try:
            found[name] = resolve(name)
        except BadInput:
            if not want.rehearsal:
                raise
    return found


def _watch(found: Iterable[str], unit: UnitState, recorded: Record) -> dict[str, Watched]:
    dropped = (path for path in recorded.program if path.startswith(SYSTEMD_DIRECTORIES) and not os.path.exists(path))
    return {path: _watched(path) for path in (*found, *recorded.config, *dropped, *program_paths(unit))}


def _watched(path: str) -> Watched:
    """Links are followed, as the service does; but a link that was switched to an old file has changed now."""
    try:
        link, info = os.lstat(path), os.stat(path)
    except OSError:
        return Watched(_directory_changed_at(path))
    identity = (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
    leads_to = os.path.realpath(path) if stat.S_ISLNK(link.st_mode) else ""
    return Watched(max(link.st_ctime, info.st_ctime), identity, leads_to)


def _directory_changed_at(path: str) -> float:
    for parent in (*parents(path), "/"):
        try:
            return os.stat(parent).st_mtime
        except OSError:
            continue
    return 0.0
