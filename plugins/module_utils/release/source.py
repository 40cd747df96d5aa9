# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Where a release is made from: one revision of a git checkout, or a plain directory. Runs on the controller."""

from __future__ import annotations

import os
import re
import time
from typing import NamedTuple

from .._errors import BadInput
from .._host.run import Completed, run
from .._transaction import unpacking
from .._transaction.world import World
from .manifest import Source

GIT_S = 300
# What is set on this machine must not change what is packed.
SETTINGS = ("tar.umask=0022", "core.autocrlf=false", "core.eol=lf", "core.attributesFile=/dev/null")
# They are no part of what somebody wrote.
LEFT_OUT = frozenset({".git", "__pycache__"})
_SUBMODULE = re.compile(r"^160000 \S+ \S+\t(.+)$", re.MULTILINE)
_CREDENTIALS = re.compile(r"^([a-z+]+://)[^/@]*@", re.IGNORECASE)


class Origin(NamedTuple):
    """A directory that holds what is to be packed, and nothing else that counts; `built_s` is the source's own time."""

    directory: str
    source: Source
    built_s: int


def take(source: str, revision: str, subdirectory: str, *, version: str, scratch: str) -> Origin:
    """Return what is to be packed: of a git checkout the revision as it was committed, unpacked in `scratch`.

    Raise BadInput where there is no such directory, revision or subdirectory.
    """
    if not os.path.isdir(source):
        raise BadInput(
            f"source {source!r} is no directory on the controller; give the path of a git checkout, or of a directory"
        )
    if subdirectory and (subdirectory.startswith(("/", "-")) or ".." in subdirectory.split("/")):
        raise BadInput(
            f"subdirectory {subdirectory!r} is not below the source; give a path relative to it, without '..'"
        )
    if os.path.lexists(f"{source}/.git") or os.path.isfile(f"{source}/HEAD"):
        return _of_git(source, revision, subdirectory, version, scratch)
    return _of_directory(source, revision, subdirectory)


def _of_git(source: str, revision: str, subdirectory: str, version: str, scratch: str) -> Origin:
    asked = revision or "HEAD"
    found = _git(source, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{asked}^{{commit}}")
    if found.rc != 0:
        raise BadInput(
            _failed(source, found) or f"revision {asked!r} is not in {source}; fetch it first, or give another"
        )
    commit = found.out.strip()
    _refuse_submodules(source, commit, subdirectory)
    archive, directory = f"{scratch}/source.tar.gz", f"{scratch}/source"
    inner = f"{commit}:{subdirectory.strip('/')}" if subdirectory else commit
    done = _git(source, "archive", "--format=tar.gz", f"--output={archive}", inner)
    if done.rc != 0:
        raise BadInput(f"{inner} cannot be packed: {done.err.strip()}; give a subdirectory that {asked} has")
    os.mkdir(directory)
    unpacking.fill(World(), archive, directory)
    os.unlink(archive)
    remote = _git(source, "config", "--get", "remote.origin.url").out.strip()
    told = Source(_CREDENTIALS.sub(r"\1", remote), commit, _tag(source, commit, version))
    return Origin(directory, told, int(_git(source, "show", "--no-patch", "--format=%ct", commit).out))


def _refuse_submodules(source: str, commit: str, subdirectory: str) -> None:
    """They are not part of the revision: git would leave out what is in them, and say nothing."""
    paths = ["--", f"{subdirectory.strip('/')}/"] if subdirectory else []
    found = _SUBMODULE.search(_git(source, "ls-tree", "-r", "--full-tree", commit, *paths).out)
    if found:
        raise BadInput(
            f"{found.group(1)} is a submodule, which git does not pack; commit what is in it, or pack a directory that holds all of it"
        )


def _tag(source: str, commit: str, version: str) -> str:
    """Return the tag of the revision, the version's own one first: a branch would be another in the next checkout."""
    tags = _git(source, "tag", "--points-at", commit).out.split()
    own = [tag for tag in (f"v{version}", version) if tag in tags]
    return (own or sorted(tags) or [""])[0]


def _failed(source: str, done: Completed) -> str:
    """Return why git could do nothing at all, "" where it only did not find what it was asked for."""
    said = done.err.strip()
    return f"git cannot read {source}: {said}" if said else ""


def _git(source: str, *arguments: str) -> Completed:
    settings = [part for setting in SETTINGS for part in ("-c", setting)]
    return run(["git", "-C", source, *settings, *arguments], timeout_s=GIT_S)


def _of_directory(source: str, revision: str, subdirectory: str) -> Origin:
    if revision not in ("", "HEAD"):
        raise BadInput(f"revision {revision!r}: {source} is no git checkout; leave revision away, or give a checkout")
    directory = os.path.join(source, subdirectory) if subdirectory else source
    if not os.path.isdir(directory):
        raise BadInput(f"subdirectory {subdirectory!r} is not in {source}; give one that is")
    return Origin(directory, Source(), _given_time() or _newest(directory))


def _given_time() -> int:
    """Return the time that whoever builds reproducibly has set for all tools, 0 where it is not set."""
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    if told and not told.isdecimal():
        raise BadInput(f"SOURCE_DATE_EPOCH is {told!r}, not a number of seconds; set it right, or not at all")
    return int(told or 0)


def _newest(directory: str) -> int:
    newest = 0.0
    for folder, folders, names in os.walk(directory):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        newest = max([newest, *(os.lstat(f"{folder}/{name}").st_mtime for name in names if name not in LEFT_OUT)])
    return int(newest or time.time())
