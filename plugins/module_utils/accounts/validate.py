# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Ask the distribution's own checkers about the new accounts and sudo rules, before anything on the host is touched.

grpck is not among them: it holds the members of a staged group file against the host's passwd.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence

from .._errors import BadInput
from .._host import run
from .._host.run import Completed
from .._transaction.steps import Plan
from .databases import PASSWD, SHADOW
from .state import SUDOERS, Have

RUNTIME = "/run"
Runner = Callable[..., Completed]


def validated(
    plan: Plan, have: Have, *, rehearsal: bool = False, runner: Runner = run.run, runtime: str = RUNTIME
) -> Plan:
    """Return `plan` unless pwck or visudo refuses what it writes; then raise BadInput with what they said.

    In a rehearsal sudo may still be missing, since an earlier task may be about to install it.
    """
    contents = {step.target: step.args["content"] for step in plan.steps if step.kind == "write"}
    asked = [path for path in (PASSWD, SHADOW, SUDOERS) if path in contents]
    if not asked:
        return plan
    tree = tempfile.mkdtemp(prefix="groundcrew-accounts-", dir=runtime if os.access(runtime, os.W_OK) else None)
    try:
        for path in (PASSWD, SHADOW, SUDOERS):
            _put(f"{tree}/{os.path.basename(path)}", contents.get(path, have.files[path].content or b""))
        for argv in _questions(tree, asked):
            _ask(argv, runner, rehearsal=rehearsal)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    return plan


def _put(path: str, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o440)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _questions(tree: str, asked: Sequence[str]) -> list[list[str]]:
    """-q leaves out what is only odd, such as a home that a package has never made."""
    found = []
    if PASSWD in asked or SHADOW in asked:
        found.append(["pwck", "-q", "-r", f"{tree}/passwd", f"{tree}/shadow"])
    if SUDOERS in asked:
        found.append(["visudo", "-c", "-f", f"{tree}/{os.path.basename(SUDOERS)}"])
    return found


def _ask(argv: Sequence[str], runner: Runner, *, rehearsal: bool) -> None:
    done = runner(argv, timeout_s=60)
    if done.rc == run.RC_MISSING and argv[0] == "visudo" and not rehearsal:
        raise BadInput("accounts get sudo rules, and sudo is not installed here: install the package sudo first")
    if done.rc not in (0, run.RC_MISSING):
        raise BadInput(
            f"{argv[0]} refuses the new accounts, so nothing was touched: {(done.err + done.out).strip()[-2000:]}"
        )
