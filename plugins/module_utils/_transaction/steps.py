# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The vocabulary: every change that the collection can make to a host, as data.

A planner returns a Plan; its steps are what check mode prints and what the interpreter takes, in their order.
A step of recovery policy *undo* is taken back when the transaction does not complete; one of policy *finish* is
carried to its end first, since its half-way state is no state at all (dpkg).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput
from .._host.checks import Check

# Stands in every journal: an interpreter refuses to recover what another vocabulary wrote.
VERSION = 3

UNDO, FINISH = "undo", "finish"
# How long one systemctl action may take, unless the planner knows better.
UNIT_S = 120.0
# A package manager that is stopped by us leaves half of everything: it has far longer than it needs, and more for more.
PACKAGES_S, PACKAGE_S = 1800.0, 10.0
FILE_KINDS = frozenset({"write", "remove", "link", "mode", "directory", "preserve", "tree", "erase"})
UNIT_ACTIONS = frozenset({"daemon-reload", "enable", "disable", "mask", "unmask", "start", "stop", "restart", "reload"})
PACKAGE_ACTIONS = frozenset({"install", "remove"})


class Step(NamedTuple):
    """One change: what kind, at what (a path, a unit, a list of names), and with which arguments."""

    kind: str
    target: str
    args: Mapping[str, Any]

    @property
    def recovery(self) -> str:
        return str(self.args.get("recovery", FINISH if self.kind == "package" else UNDO))

    @property
    def sensitive(self) -> bool:
        return bool(self.args.get("sensitive", False))


class Plan(NamedTuple):
    """What a planner returns: the steps, how to verify them, and what to tell.

    `checks` must all pass within `within_s` seconds, `stable` times in a row; `units` are those whose journal is
    shown when they do not; `diff` is Ansible's before/after for each file; `summary` is merged into the result.
    With `proof_within_s` it can cut us off: it is taken back by itself unless a new login proves the contrary in time.
    `stays` is told where it fails and leaves standing what others have done before it.
    """

    name: str
    steps: tuple[Step, ...] = ()
    checks: tuple[Check, ...] = ()
    within_s: float = 30
    stable: int = 1
    diff: tuple[Mapping[str, Any], ...] = ()
    units: tuple[str, ...] = ()
    summary: Mapping[str, Any] = {}
    proof_within_s: float = 0
    stays: str = ""


def write(
    path: str,
    content: bytes,
    *,
    owner: str | None = None,
    group: str | None = None,
    mode: int | None = None,
    sensitive: bool = False,
) -> Step:
    """A file with this content; owner, group and mode that are not given stay as they are (root, root, 0644 if new).

    The undo copy of a sensitive file is destroyed at the end of the transaction.
    """
    args = {"content": content, "owner": owner, "group": group, "mode": mode, "sensitive": sensitive}
    return Step("write", _absolute(path), args)


def remove(path: str, *, sensitive: bool = False) -> Step:
    """No file or link at `path`; a directory only while it is empty."""
    return Step("remove", _absolute(path), {"sensitive": sensitive})


def link(path: str, to: str) -> Step:
    """A symbolic link at `path` that points to `to`, switched in one rename."""
    return Step("link", _absolute(path), {"to": to})


def mode(path: str, *, owner: str | None = None, group: str | None = None, mode: int | None = None) -> Step:
    """Owner, group and mode of what stands at `path`; the content is not touched."""
    return Step("mode", _absolute(path), {"owner": owner, "group": group, "mode": mode})


def preserve(path: str) -> Step:
    """A file as it is now: nothing is changed, and the undo brings it back, whatever a later step makes of it."""
    return Step("preserve", _absolute(path), {})


def directory(path: str, *, owner: str | None = None, group: str | None = None, mode: int | None = None) -> Step:
    """A directory; its parent must exist or come earlier in the plan (root, root, 0755 if new and not given)."""
    return Step("directory", _absolute(path), {"owner": owner, "group": group, "mode": mode})


def tree(path: str, archive: str, *, sha256: str) -> Step:
    """A new directory with what is in an archive of this host (tar.gz or wheel), all of root's and readable by everyone.

    The undo removes it with whatever later steps have put there. What has no place in such a tree (see _host/unpack.py)
    is refused before anything is touched, and so is an archive that is another than its SHA-256 says.
    """
    return Step("tree", _deep(path), {"archive": _absolute(archive), "sha256": sha256})


def erase(path: str) -> Step:
    """No directory at `path`, whatever is in it; links in it are removed, not followed.

    It goes out of sight at once and off the disk when the transaction stands, so until then the undo brings it back.
    """
    return Step("erase", _deep(path), {})


def unit(name: str, action: str, *, timeout_s: float = UNIT_S) -> Step:
    """One systemctl action; the undo brings the unit back to being active and enabled as it was.

    A reload of a unit that cannot reload, or does not run, is a restart, as `systemctl reload-or-restart` does.
    """
    if action not in UNIT_ACTIONS:
        raise BadInput(f"unit action {action!r} is not one of {', '.join(sorted(UNIT_ACTIONS))}")
    return Step("unit", name, {"action": action, "timeout_s": timeout_s})


def argv(
    command: Sequence[str],
    *,
    undo: Sequence[str] | None = None,
    recovery: str = UNDO,
    timeout_s: float = 60,
    sensitive: bool = False,
) -> Step:
    """A command that ends with 0, and the one that takes it back; without `undo` there is nothing to take back.

    With `recovery="finish"` it must be safe to run again, since a recovery does so. What a sensitive one prints is
    told nowhere: failures stand in the ledger.
    """
    args = {"argv": list(command), "undo": list(undo or ()), "recovery": recovery, "timeout_s": timeout_s}
    return Step("argv", command[0], {**args, "sensitive": sensitive})


def package(
    action: str,
    packages: Mapping[str, str],
    *,
    manager: str = "apt",
    archived: bool = False,
    along: Sequence[str] = (),
    lost: Sequence[str] = (),
    config_files: str = "keep",
    way_back: bool = False,
) -> Step:
    """Packages by name and exact version; always finished, since a package manager has no half-way back.

    To install "" takes the candidate, with `archived` it removes. With `archived` everything that it brings and everything
    that it replaces is in the store of archives before it begins. `along` come for other packages' sake and are marked so; what is `lost`, as it is
    installed, is in no repository any more.
    With `way_back` it does not begin unless all that it replaces could be saved.
    The undo removes what this step newly installed and returns what it replaced to its former version.
    """
    if action not in PACKAGE_ACTIONS:
        raise BadInput(f"package action {action!r} is not one of {', '.join(sorted(PACKAGE_ACTIONS))}")
    timeout_s = PACKAGES_S + PACKAGE_S * len(packages)
    args: dict[str, Any] = {"action": action, "packages": dict(packages), "timeout_s": timeout_s}
    args.update({"manager": manager} if manager != "apt" else {})
    args.update(
        {"archived": True, "along": sorted(along), "lost": sorted(lost), "config_files": config_files}
        if archived
        else {}
    )
    args.update({"way_back": True} if way_back else {})
    return Step("package", " ".join(sorted(packages)), args)


def describe(step: Step) -> dict[str, Any]:
    """Return a step as plain data for results, journal and ledger: without content, so without secrets."""
    told = {
        key: value
        for key, value in step.args.items()
        if key != "content" and value is not None and value is not False and value != []
    }
    if isinstance(told.get("mode"), int):
        told["mode"] = f"{told['mode']:04o}"
    return {"kind": step.kind, "target": step.target, **told}


def _deep(path: str) -> str:
    """What goes with all that is below it is never one of the system's own top directories."""
    if _absolute(path).count("/") < 2:
        raise BadInput(f"path {path!r} is a directory of the system itself; give one below it")
    return path


def _absolute(path: str) -> str:
    if not path.startswith("/") or "/../" in path + "/" or path != path.rstrip("/") or "\0" in path:
        raise BadInput(f"path {path!r} must be absolute, without '..' and without a slash at its end")
    return path
