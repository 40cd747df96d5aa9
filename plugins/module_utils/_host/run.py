# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Run a command on this host: always with a time-out, always in the C locale, never through a shell."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .._errors import CommandFailed

# sbin is missing from the PATH of many non-login shells, and the tools that change a host live there.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RC_TIMEOUT = 124
RC_MISSING = 127


class Completed(NamedTuple):
    """One ended command: exit status (124 timed out, 127 not found), its output and how long it took."""

    argv: tuple[str, ...]
    rc: int
    out: str
    err: str
    seconds: float

    def explain(self) -> str:
        """Return one line for a human: the command, its status and the end of what it printed."""
        said = (self.err.strip() or self.out.strip())[-2000:]
        return f"{' '.join(self.argv)} ended with {self.rc}" + (f": {said}" if said else "")


def run(
    argv: Sequence[str],
    *,
    timeout_s: float = 30,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
) -> Completed:
    """Run `argv` and return how it ended; a bad end is a result, not an exception.

    `timeout_s` is in seconds; at its end the command's whole process group is killed.
    """
    began = time.monotonic()
    environ = {**os.environ, "PATH": PATH, "LC_ALL": "C.UTF-8", "LANGUAGE": "C", **(env or {})}
    if not shutil.which(argv[0], path=PATH):
        return Completed(tuple(argv), RC_MISSING, "", f"{argv[0]}: command not found", 0.0)
    process = subprocess.Popen(
        list(argv),
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        cwd=cwd,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(stdin, timeout=timeout_s)
        rc = process.returncode
    except subprocess.TimeoutExpired:
        out, err = _kill_group(process)
        err += f"\nstopped after {timeout_s:g} s without an end".encode()
        rc = RC_TIMEOUT
    except BaseException:
        # A signal stops us: what was started must not go on behind the back of the undo.
        _kill_group(process)
        raise
    seconds = time.monotonic() - began
    return Completed(tuple(argv), rc, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"), seconds)


def require(
    argv: Sequence[str], *, timeout_s: float = 30, stdin: bytes | None = None, ok: Sequence[int] = (0,)
) -> Completed:
    """Run `argv` and return its output; raise CommandFailed, telling what it printed, unless it ended with one of `ok`."""
    done = run(argv, timeout_s=timeout_s, stdin=stdin)
    if done.rc not in ok:
        raise CommandFailed(done.explain())
    return done


def _kill_group(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Kill the command and its children: a grandchild that keeps the pipe open would block us for ever."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        return process.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        return b"", b""
