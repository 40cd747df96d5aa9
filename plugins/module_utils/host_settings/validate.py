# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Ask the host's own tools about what is wanted, before anything on the host is touched."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .._errors import BadInput
from .._host import run
from .._host.run import Completed
from .._transaction.steps import Plan
from .area import Ask, Have
from .plan import assemble, parts

RUNTIME = "/run"
TIMEOUT_S = 60
Runner = Callable[..., Completed]


def validated(want: Mapping[str, Any], have: Have, *, proof_within_s: float) -> list[Plan]:
    """Return the transactions of one call, which the host's tools hold nothing against."""
    found = parts(want, have)
    validate((ask for part in found.values() for ask in part.asks), rehearsal=have.rehearsal)
    return assemble(found, have, proof_within_s=proof_within_s)


def validate(asks: Iterable[Ask], *, rehearsal: bool = False, runner: Runner = run.run, runtime: str = RUNTIME) -> None:
    """Raise BadInput with what a tool holds against a value. In a rehearsal a tool may still be missing."""
    for ask in asks:
        tree = tempfile.mkdtemp(prefix="groundcrew-staged-", dir=runtime if os.access(runtime, os.W_OK) else None)
        try:
            _ask(ask, tree, runner, rehearsal=rehearsal)
        finally:
            shutil.rmtree(tree, ignore_errors=True)


def _ask(ask: Ask, tree: str, runner: Runner, *, rehearsal: bool) -> None:
    for name, content in ask.files.items():
        # logrotate refuses what others may write.
        with open(os.open(f"{tree}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    done = runner([word.replace("{tree}", tree) for word in ask.argv], timeout_s=TIMEOUT_S)
    if done.rc == run.RC_MISSING:
        if rehearsal:
            return
        raise BadInput(f"{ask.what} cannot be checked, since {ask.argv[0]} is missing: {ask.cure}")
    wrong = ask.judge(done)
    if wrong:
        raise BadInput(
            f"{ask.argv[0]} refuses {ask.what}, so nothing was touched: {wrong.replace(tree + '/', '')[-2000:]}. Correct it"
        )
