# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read a git checkout: where it stands, its tags, and the commits since one of them. Changes nothing in it."""

from __future__ import annotations

import os
from typing import NamedTuple

from .._errors import BadInput
from .._host.run import RC_MISSING, Completed, run
from .commits import Commit

TIMEOUT_S = 60
_SHORT = "refs/heads/", "refs/remotes/"


class Checkout(NamedTuple):
    """Where the checkout stands. `date` is the commit's day; `branch` is "" where the head is detached and none is told.

    `tags` are all names; `reachable` those of this history, `here` those at this very revision. `cut` are the
    revisions at which a shallow clone ends.
    """

    path: str
    revision: str
    date: str
    branch: str
    dirty: bool
    tags: tuple[str, ...]
    reachable: tuple[str, ...]
    here: tuple[str, ...]
    cut: tuple[str, ...] = ()


def read(path: str) -> Checkout:
    """Return where the checkout at `path` stands; raise BadInput where it is none, or has no commit."""
    if not os.path.isdir(path):
        raise BadInput(f"path: {path} is no directory; give that of a git checkout")
    if _git(path, "rev-parse", "--is-inside-work-tree").out.strip() != "true":
        raise BadInput(f"path: {path} has no files checked out; give a checkout, not its .git")
    head = _try(path, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.rc != 0:
        raise BadInput(f"path: {path} has no commit yet; commit something first")
    return Checkout(
        path=path,
        revision=head.out.strip(),
        date=_git(path, "log", "-1", "--no-show-signature", "--format=%cd", "--date=format-local:%Y-%m-%d").out.strip(),
        branch=_branch(path),
        # Files that git does not know come into no archive.
        dirty=bool(_git(path, "status", "--porcelain", "--untracked-files=no").out.strip()),
        tags=_tags(path),
        reachable=_tags(path, "--merged", "HEAD"),
        here=_tags(path, "--points-at", "HEAD"),
        cut=_cut(path),
    )


def commits(checkout: Checkout, since: str) -> tuple[Commit, ...]:
    """Return the commits since the tag, newest first; with "" all there are.

    Raise BadInput where a shallow clone lacks some of them: the answer would be another one than in a whole clone.
    """
    span = f"refs/tags/{since}..HEAD" if since else "HEAD"
    told = _git(checkout.path, "log", "-z", "--topo-order", "--no-show-signature", "--format=%H%n%P%n%B", span).out
    found = tuple(_commit(record) for record in told.split("\0") if record.strip())
    if {one.revision for one in found} & set(checkout.cut):
        raise BadInput(
            f"path: {checkout.path} is a shallow clone, which ends before the last release: "
            "git fetch --unshallow --tags, or have CI clone it whole (fetch-depth 0)"
        )
    return found


def _commit(record: str) -> Commit:
    revision, parents, message = record.split("\n", 2)
    return Commit(revision, message, len(parents.split()))


def _branch(path: str) -> str:
    """Return the branch, or for a detached head the only one that is just there, locally or at a remote."""
    named = _try(path, "symbolic-ref", "--quiet", "--short", "HEAD")
    if named.rc == 0:
        return named.out.strip()
    told = _git(path, "for-each-ref", "--points-at", "HEAD", "--format=%(refname)", *_SHORT).out.split("\n")
    local = {name[len(_SHORT[0]) :] for name in told if name.startswith(_SHORT[0])}
    remote = {name.split("/", 3)[3] for name in told if name.startswith(_SHORT[1]) and name.count("/") >= 3}
    found = local | (remote - {"HEAD"})
    return found.pop() if len(found) == 1 else ""


def _tags(path: str, *which: str) -> tuple[str, ...]:
    return tuple(
        filter(None, _git(path, "for-each-ref", *which, "--format=%(refname:strip=2)", "refs/tags").out.split("\n"))
    )


def _cut(path: str) -> tuple[str, ...]:
    if _git(path, "rev-parse", "--is-shallow-repository").out.strip() != "true":
        return ()
    # In a shallow clone, what is cut has no parents that git would tell of.
    return tuple(_git(path, "rev-list", "--max-parents=0", "HEAD").out.split())


def _git(path: str, *words: str) -> Completed:
    done = _try(path, *words)
    if done.rc == RC_MISSING:
        raise BadInput("git is not installed on this machine; install it, for it is what reads a checkout")
    if done.rc != 0:
        raise BadInput(f"path: {path} cannot be read by git: {done.err.strip() or done.explain()}")
    return done


def _try(path: str, *words: str) -> Completed:
    # A mere look runs no program that the checkout's own settings name, and takes no lock where somebody works.
    settings = ["-c", "core.fsmonitor=false", "-c", "i18n.logOutputEncoding=UTF-8"]
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "TZ": "UTC0"}
    return run(["git", "-C", path, *settings, *words], timeout_s=TIMEOUT_S, env=quiet)
