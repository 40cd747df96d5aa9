# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Ask the service's own validators about the files of a call, in a staged tree, before anything on the host is touched."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Sequence

from .._errors import BadInput
from .._host import files, run
from .._host.run import Completed
from .state import Have
from .want import STAGED, Access, FileWant, Want

TIMEOUT_S = 60
RUNTIME = "/run"
# Shorter words of a secret file stand in many an ordinary message; what a human would call a secret is longer.
SHORTEST_SECRET = 4
WORDS = re.compile(r"[\s\"'=:,;]+")
# `name: value` and `name = value`, as YAML, INI and shell have them; the padding of base64 at a line's end is none.
SETTING = re.compile(r"^\s*(?:- +)?[\"']?([\w.-]+)[\"']?(?:\s*:(?=\s|$)|\s*=(?=\s*[^\s=]))", re.MULTILINE)

Runner = Callable[..., Completed]


def validate(want: Want, have: Have, *, runner: Runner = run.run, runtime: str = RUNTIME) -> list[str]:
    """Run each validator that names the staged tree; return their commands, or raise BadInput with what one of them said.

    The tree holds every file of the call at its full path, with owner and mode; it is gone afterwards, whatever happens.
    In a rehearsal a validator that is not installed yet is passed over, and not among those returned.
    """
    if not want.staged_validators:
        return []
    tree = tempfile.mkdtemp(prefix="groundcrew-staged-", dir=runtime if os.access(runtime, os.W_OK) else None)
    try:
        _fill(tree, want, have)
        return [" ".join(argv) for argv in want.staged_validators if _accepts(argv, tree, want, runner)]
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _fill(tree: str, want: Want, have: Have) -> None:
    for one in want.directories:
        os.makedirs(tree + one.path, mode=0o755, exist_ok=True)
        _give(tree + one.path, one.access, have)
    for file in want.staged:
        if file.content is not None or file.link is not None:
            os.makedirs(os.path.dirname(tree + file.path), mode=0o755, exist_ok=True)
            _put(tree, file, want, have)


def _put(tree: str, file: FileWant, want: Want, have: Have) -> None:
    """What is not asked is as it will be: that of the file which is there, or root, root, 0644."""
    path = tree + file.path
    if file.link is not None:
        os.symlink(_inside(tree, file, want), path)
        return
    with open(path, "xb") as staged:
        staged.write(file.content or b"")
    there = have.files[file.path]
    if there.kind == files.FILE:
        os.chown(path, there.uid, there.gid)
    os.chmod(path, there.mode if there.kind == files.FILE else 0o644)
    _give(path, file.access, have)


def _inside(tree: str, file: FileWant, want: Want) -> str:
    """A link to another file of the call leads to its staged form, any other where it will lead."""
    target = os.path.normpath(os.path.join(os.path.dirname(file.path), file.link or ""))
    return tree + target if any(one.path == target for one in want.staged) else target


def _give(path: str, access: Access, have: Have) -> None:
    """An owner who does not exist yet (in a rehearsal) is left out."""
    uid = have.users.get(access.owner, -1) if access.owner else -1
    gid = have.groups.get(access.group, -1) if access.group else -1
    os.chown(path, uid, gid)
    if access.mode is not None:
        os.chmod(path, access.mode)


def _accepts(argv: Sequence[str], tree: str, want: Want, runner: Runner) -> bool:
    done = runner([word.replace(STAGED, tree) for word in argv], timeout_s=TIMEOUT_S)
    if done.rc == run.RC_MISSING and want.rehearsal:
        return False
    if done.rc != 0:
        said = (done.err.strip() + "\n" + done.out.strip()).strip().replace(tree, "")
        command = " ".join(word.replace(STAGED, "") for word in argv)
        raise BadInput(
            f"{command} refuses the new files, so nothing was touched: {_without_secrets(said, want)[-4000:]}"
        )
    return True


def _without_secrets(said: str, want: Want) -> str:
    """A validator likes to quote the line that it refuses, and the line may be a password.

    What stays is what tells where to look: the files' own paths, and the names of settings, which stand at the begin of a line.
    """
    secrets: set[str] = set()
    for file in want.staged:
        if file.sensitive and file.content:
            text = file.content.decode("utf-8", "replace")
            secrets |= {word for word in WORDS.split(text) if len(word) >= SHORTEST_SECRET} - set(SETTING.findall(text))
    pieces = re.split("(" + "|".join(re.escape(file.path) for file in want.staged) + ")", said) if secrets else [said]
    return "".join(piece if number % 2 else _hidden(piece, secrets) for number, piece in enumerate(pieces))


def _hidden(said: str, secrets: Collection[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        said = said.replace(secret, "********")
    return said
