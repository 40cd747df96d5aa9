# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What a call of service_config asks for: its options, understood and refused before anything is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput
from .._host.checks import Check

STAGED = "{staged}"
STARTED, STOPPED, ANY = "started", "stopped", "any"
RELOAD, RESTART = "reload", "restart"
# Directories that belong to the whole system: to purge one can only be a slip.
NEVER_PURGED = frozenset(
    {"/etc/systemd/system", "/usr/bin", "/usr/lib", "/usr/local", "/usr/sbin", "/usr/share", "/var/lib", "/var/log"}
)
OWN_STATE = "/var/lib/groundcrew"
UNIT_NAME = re.compile(
    r"[A-Za-z0-9:_.\\-]+(@[A-Za-z0-9:_.\\-]*)?\.(service|socket|timer|path|mount|target|slice)", re.ASCII
)


class Access(NamedTuple):
    """Owner, group and mode as asked; None leaves what is there (root, root, 0644 or 0755 for what is new)."""

    owner: str | None = None
    group: str | None = None
    mode: int | None = None

    @property
    def asked(self) -> bool:
        return self != Access()


class FileWant(NamedTuple):
    """One file: with `content`, or a link to `link`, or absent where both are None."""

    path: str
    content: bytes | None = None
    link: str | None = None
    access: Access = Access()
    sensitive: bool = False


class DirectoryWant(NamedTuple):
    path: str
    access: Access = Access()
    purge: bool = False


class Want(NamedTuple):
    """The whole call. `rehearsal` is check mode: what an earlier task would have brought may be missing.

    `previews` are files that only the validators see: another call puts them in place.
    """

    name: str
    files: tuple[FileWant, ...] = ()
    directories: tuple[DirectoryWant, ...] = ()
    validate: tuple[tuple[str, ...], ...] = ()
    unit: str = ""
    unit_state: str = STARTED
    unit_enabled: bool | None = None
    on_change: str = RELOAD
    checks: tuple[Check, ...] = ()
    within_s: float = 30
    stable: int = 1
    rehearsal: bool = False
    previews: tuple[FileWant, ...] = ()

    @property
    def staged(self) -> tuple[FileWant, ...]:
        """The files that the validators see."""
        return self.files + self.previews

    @property
    def staged_validators(self) -> tuple[tuple[str, ...], ...]:
        return tuple(argv for argv in self.validate if any(STAGED in word for word in argv))

    @property
    def late_validators(self) -> tuple[tuple[str, ...], ...]:
        return tuple(argv for argv in self.validate if not any(STAGED in word for word in argv))


def parse(
    params: Mapping[str, Any], contents: Mapping[int, bytes], checks: Sequence[Check] = (), *, rehearsal: bool = False
) -> Want:
    """Return what the module's options ask for; raise BadInput, naming value and cure, for what cannot be right.

    `contents` are those of the files that have one, keyed by their place in the list.
    """
    files = tuple(_file(one, contents.get(index)) for index, one in enumerate(params.get("files") or ()))
    directories = tuple(_directory(one) for one in params.get("directories") or ())
    _refuse_clashes(files, directories)
    shown = _previews(params.get("previews") or (), files)
    files, previews = (tuple(one for one in files if (one.path in shown) == is_shown) for is_shown in (False, True))
    unit = unit_name(params.get("unit") or "")
    if not (files or directories or unit):
        raise BadInput("there is nothing to do: give files, directories or unit")
    verify = params.get("verify") or {}
    return Want(
        name=params.get("name") or unit or "service_config",
        files=files,
        directories=directories,
        validate=tuple(_argv(one) for one in params.get("validate") or ()),
        unit=unit,
        unit_state=params.get("unit_state") or STARTED,
        unit_enabled=params.get("unit_enabled"),
        on_change=params.get("on_change") or RELOAD,
        checks=tuple(checks),
        within_s=verify.get("within_s", 30),
        stable=verify.get("stable", 1),
        rehearsal=rehearsal,
        previews=previews,
    )


def _previews(paths: Sequence[str], files: Sequence[FileWant]) -> frozenset[str]:
    unknown = sorted(set(paths) - {one.path for one in files})
    if unknown:
        raise BadInput(f"previews has {', '.join(unknown)}, which files lacks: list it there too")
    return frozenset(paths)


def unit_name(name: str) -> str:
    """Return the full name of a unit: C(haproxy) is `haproxy.service`. Raise BadInput for what is no unit's name."""
    if not name:
        return ""
    full = name if UNIT_NAME.fullmatch(name) else f"{name}.service"
    if not UNIT_NAME.fullmatch(full) or full.endswith("@.service"):
        raise BadInput(f"unit {name!r} is not the name of one unit: give it like haproxy.service or web@1.service")
    return full


def parse_mode(value: Any, path: str) -> int | None:
    """Return the mode in a string of octal digits; raise BadInput for a number, which YAML has misread already."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadInput(f"mode {value!r} of {path} is a number, and YAML misreads those: quote it, such as mode: '0644'")
    if not re.fullmatch(r"(0o?)?[0-7]{3,4}", value):
        raise BadInput(f"mode {value!r} of {path} is not octal: give three or four digits from 0 to 7, such as '0644'")
    return int(value.replace("o", ""), 8)


def _file(one: Mapping[str, Any], content: bytes | None) -> FileWant:
    path = _path(one["path"])
    link, absent = one.get("link"), one.get("state") == "absent"
    for source in ("content", "template", "src"):
        if one.get(source) is not None:
            raise BadInput(
                f"{source} of {path} came past the action plugin: call groundcrew.fleet.service_config as a task"
            )
    given = (content is not None) + (link is not None) + absent
    if given > 1:
        raise BadInput(f"{path} is given in two ways: keep one of content, template, src, link and state: absent")
    if not given:
        raise BadInput(f"{path} has nothing to be made of: give one of content, template, src, link, or state: absent")
    if link == "":
        raise BadInput(f"link of {path} is empty: give the path that it points to")
    access = _access(one, path)
    if access.asked and content is None:
        raise BadInput(f"{path} is a link or absent, which has no owner, group or mode: leave these out")
    return FileWant(path, content, link, access, bool(one.get("sensitive")))


def _directory(one: Mapping[str, Any]) -> DirectoryWant:
    path, purge = _path(one["path"]), bool(one.get("purge"))
    if purge and (path.count("/") < 2 or path in NEVER_PURGED):
        raise BadInput(
            f"purge of {path} would empty a directory of the whole system: purge one that is the service's own"
        )
    return DirectoryWant(path, _access(one, path), purge)


def _access(one: Mapping[str, Any], path: str) -> Access:
    owner, group = one.get("owner"), one.get("group")
    return Access(owner or None, group or None, parse_mode(one.get("mode"), path))


def _path(path: str) -> str:
    parts = path.split("/")
    if not path.startswith("/") or "\0" in path or len(parts) < 2 or any(part in ("", ".", "..") for part in parts[1:]):
        raise BadInput(f"path {path!r} must be absolute and plain, such as /etc/shop/shop.conf")
    if path == OWN_STATE or path.startswith(OWN_STATE + "/"):
        raise BadInput(f"path {path} lies in the collection's own state: give another")
    return path


def _argv(words: Sequence[Any]) -> tuple[str, ...]:
    if not words:
        raise BadInput(
            "validate has an empty command: give a list of words, such as [haproxy, -c, -f, '{staged}/etc/…']"
        )
    return tuple(str(word) for word in words)


def _refuse_clashes(files: Sequence[FileWant], directories: Sequence[DirectoryWant]) -> None:
    seen: set[str] = set()
    for path in [one.path for one in files] + [one.path for one in directories]:
        if path in seen:
            raise BadInput(f"{path} is given twice: keep one of them")
        seen.add(path)
    leaves = {one.path for one in files}
    for path in seen:
        for parent in parents(path):
            if parent in leaves:
                raise BadInput(
                    f"{parent} is given as a file and is the directory of {path}: give one of them another path"
                )


def parents(path: str) -> list[str]:
    """Return the directories above `path`, nearest first, without the root."""
    parts = path.split("/")[1:-1]
    return ["/" + "/".join(parts[:count]) for count in range(len(parts), 0, -1)]
