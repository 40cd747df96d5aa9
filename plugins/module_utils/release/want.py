# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What a call of release asks for: its options, understood and refused before anything is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput
from .._transaction.paths import HOST
from ..service_config.want import Access, parse_mode, unit_name
from . import manifest, record
from .spec import SIGNERS

# What the verify options may say instead of a version that only the host knows, as when it goes back.
VERSION = "{version}"
_RESERVED = frozenset({"venv"})
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Shared(NamedTuple):
    """A path of the release that all releases share; `kind` is directory or file."""

    path: str
    kind: str = "directory"
    access: Access = Access()


class Hook(NamedTuple):
    argv: tuple[str, ...]
    timeout_s: float = 60
    user: str = ""


class Migration(NamedTuple):
    """One change of the app's data: `expand` before the switch, `undo` takes that back, `contract` ends the way back."""

    name: str
    expand: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    contract: tuple[str, ...] = ()
    timeout_s: float = 300


class Want(NamedTuple):
    """The whole call but for the service's files, which stay in `params`. `rehearsal` is check mode.

    `name` is the app's in its artefacts, "" where it is `app`; `sha256` the digest that its artefact has to have, if not "".
    """

    state: str
    app: str
    version: str
    root: str
    keep: int = 5
    user: str = ""
    signers: str = ""
    signers_content: str = ""
    url: str = ""
    fetch_timeout_s: float = 300
    python: str = "/usr/bin/python3"
    shared: tuple[Shared, ...] = ()
    staged_hooks: tuple[Hook, ...] = ()
    before_hooks: tuple[Hook, ...] = ()
    after_hooks: tuple[Hook, ...] = ()
    migrations: tuple[Migration, ...] = ()
    environment_file: str = ""
    contract: bool = False
    this_run: bool = False
    change_version: bool = True
    sockets: tuple[str, ...] = ()
    manifest_text: str = ""
    signature_text: str = ""
    archive: str = ""
    params: Mapping[str, Any] = {}
    contents: Mapping[int, bytes] = {}
    rehearsal: bool = False
    name: str = ""
    sha256: str = ""
    run_id: str = ""
    now: str = ""
    base: str = HOST.base

    @property
    def artefact_name(self) -> str:
        return self.name or self.app

    @property
    def unit(self) -> str:
        return unit_name(self.params.get("unit") or "")

    @property
    def unit_file(self) -> bytes | None:
        """The content of the unit's own file, where it is one of the call's."""
        given = enumerate(self.params.get("files") or ())
        places = [index for index, one in given if self.unit and one["path"].endswith(f"/system/{self.unit}")]
        return next((self.contents[index] for index in places if index in self.contents), None)

    @property
    def needs_user(self) -> bool:
        """Whether the account has to be there: who names none may well have an app without one."""
        hooks = (*self.staged_hooks, *self.before_hooks, *self.after_hooks)
        return bool(self.params.get("user") or self.shared or hooks or self.migrations)

    @property
    def current(self) -> str:
        return f"{self.root}/current"

    @property
    def former(self) -> str:
        return f"{self.root}/former"

    def release_path(self, version: str) -> str:
        return f"{self.root}/releases/{version}"

    def record_path(self, version: str) -> str:
        return record.path_of(self.app, version, self.base)

    def shared_path(self, path: str) -> str:
        return f"{self.root}/shared/{path}"


def parse(
    params: Mapping[str, Any],
    contents: Mapping[int, bytes] | None = None,
    *,
    rehearsal: bool = False,
    now: str = "",
) -> Want:
    """Return what the module's options ask for; raise BadInput, naming value and cure, for what cannot be right."""
    app, version = params["app"], params.get("version") or ""
    _refuse(params, app, version)
    hooks = params.get("hooks") or {}
    user = params.get("user") or app
    content = params.get("allowed_signers_content") or ""
    return Want(
        state=params["state"],
        app=app,
        version=version,
        root=root_of(app, params.get("root")),
        keep=params.get("keep") or 5,
        user=user,
        signers=params.get("allowed_signers") or (SIGNERS if content else ""),
        signers_content=content if not content or content.endswith("\n") else content + "\n",
        url=_url(params.get("url") or ""),
        fetch_timeout_s=params.get("fetch_timeout_s") or 300,
        python=params.get("python") or "/usr/bin/python3",
        shared=_shared(params.get("shared") or (), user),
        staged_hooks=_hooks(hooks.get("staged"), user, "staged"),
        before_hooks=_hooks(hooks.get("before"), user, "before"),
        after_hooks=_hooks(hooks.get("after"), user, "after"),
        migrations=_migrations(params.get("migrations") or ()),
        environment_file=params.get("environment_file") or "",
        contract=bool(params.get("contract")),
        this_run=bool(params.get("this_run")),
        change_version=params.get("change_version") is not False,
        sockets=tuple(_socket(one) for one in params.get("sockets") or ()),
        manifest_text=params.get("manifest_text") or "",
        signature_text=params.get("signature_text") or "",
        archive=params.get("archive") or "",
        params=params,
        contents=contents or {},
        rehearsal=rehearsal,
        name=params.get("artefact_name") or "",
        sha256=_digest(params.get("sha256") or ""),
        run_id=params.get("run_id") or "",
        now=now,
    )


def _refuse(params: Mapping[str, Any], app: str, version: str) -> None:
    """Raise BadInput for names that cannot be, for keeping nothing, and for a call that no action plugin has prepared."""
    names(app, version)
    names(params.get("artefact_name") or app, version)
    keep = params.get("keep")
    if keep is not None and keep < 1:
        raise BadInput(f"keep {keep} would keep no release at all: give 1 or more")
    for source in ("artefact", "source", "manifest"):
        if params.get(source) and not params.get("manifest_text"):
            raise BadInput(f"{source} came past the action plugin: call groundcrew.fleet.release as a task")


def names(app: str, version: str) -> None:
    """Raise BadInput unless both can be one directory and one unit; no version at all is none to refuse."""
    if version and not manifest.VERSION.fullmatch(version):
        raise BadInput(
            f"version {version!r} of {app} is a directory of its own: letters, digits, '.', '_', '+', '~' and '-', "
            "no slash and no space"
        )
    manifest.check_names(app, version or "0")


def root_of(app: str, root: str | None) -> str:
    """Return where the app's releases live; raise BadInput for a path that is not plain, or that belongs to the system."""
    path = root or f"/opt/{app}"
    parts = path.split("/")
    if not path.startswith("/") or len(parts) < 3 or any(part in ("", ".", "..") for part in parts[1:]):
        raise BadInput(f"root {path!r} must be absolute, plain and a directory of the app's own, such as /opt/{app}")
    return path


def for_version(params: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the verify options with `{version}` replaced in URLs, texts to be found and commands."""
    told = dict(params or {})
    told["http"] = [
        {
            **one,
            "url": one["url"].replace(VERSION, version),
            "contains": (one.get("contains") or "").replace(VERSION, version),
        }
        for one in told.get("http") or ()
    ]
    told["commands"] = [[str(word).replace(VERSION, version) for word in argv] for argv in told.get("commands") or ()]
    return told


def _url(url: str) -> str:
    if re.match(r"https?://[^/]*@", url):
        raise BadInput(
            "url has a login in it, which would stand in logs: offer the artefact without one, since its digest and signature "
            "are what it is trusted by, or carry it"
        )
    if url and not re.match(r"https?://[^/]+/.+", url):
        raise BadInput(f"url {url!r} is no http or https address of an artefact: give the whole of it")
    if url:
        # The manifest's address follows from it.
        manifest.file_name(url)
    return url


def _digest(given: str) -> str:
    if given and not _SHA256.fullmatch(given):
        raise BadInput(f"sha256 {given!r} is no digest: give the 64 small hexadecimal digits that the manifest has")
    return given


def _socket(name: str) -> str:
    full = name if name.endswith(".socket") else f"{name}.socket"
    return unit_name(full)


def _shared(given: Sequence[Mapping[str, Any]], user: str) -> tuple[Shared, ...]:
    found = tuple(_share(one, user) for one in given)
    for number, one in enumerate(found):
        others = [other.path for place, other in enumerate(found) if place != number]
        within = next((path for path in others if one.path == path or one.path.startswith(f"{path}/")), "")
        if within:
            raise BadInput(
                f"shared path {one.path!r} is given twice, or lies in {within!r}, which is shared whole: keep one of them"
            )
    return found


def _share(one: Mapping[str, Any], user: str) -> Shared:
    path = one["path"].rstrip("/")
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\0" in path or parts[0] in _RESERVED:
        raise BadInput(
            f"shared path {one['path']!r} must be a plain path below the release, such as var/uploads, and not venv"
        )
    group = one.get("group")
    return Shared(
        path,
        one.get("kind") or "directory",
        Access(one.get("owner") or user, group or None, parse_mode(one.get("mode"), f"shared path {path}")),
    )


def _hooks(given: Sequence[Mapping[str, Any]] | None, user: str, which: str) -> tuple[Hook, ...]:
    return tuple(
        Hook(_argv(one["argv"], f"hooks.{which}"), _timeout(one, f"hooks.{which}"), one.get("user") or user)
        for one in given or ()
    )


def _migrations(given: Sequence[Mapping[str, Any]]) -> tuple[Migration, ...]:
    found = []
    for one in given:
        where = f"migration {one['name']!r}"
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", one["name"]):
            raise BadInput(f"{where} must be named with letters, digits, '.', '_' and '-'")
        expand, undo, contract = (tuple(one.get(part) or ()) for part in ("expand", "undo", "contract"))
        if not (expand or contract):
            raise BadInput(f"{where} does nothing: give expand, contract or both")
        if undo and not expand:
            raise BadInput(f"{where} has undo, but no expand that it could take back: a contract step cannot be undone")
        found.append(Migration(one["name"], expand, undo, contract, _timeout(one, where, 300)))
    if len({one.name for one in found}) < len(found):
        raise BadInput("two migrations have the same name: give each its own, it is how the host remembers them")
    return tuple(found)


def _argv(words: Sequence[str], where: str) -> tuple[str, ...]:
    if not words or not words[0]:
        raise BadInput(
            f"{where} has an empty command: give a list of words, such as [venv/bin/python, manage.py, check]"
        )
    return tuple(words)


def _timeout(one: Mapping[str, Any], where: str, default: float = 60) -> float:
    timeout = one.get("timeout_s")
    timeout = default if timeout is None else timeout
    if timeout <= 0:
        raise BadInput(f"timeout_s {timeout} of {where} leaves no time at all: give seconds, more than 0")
    return float(timeout)
