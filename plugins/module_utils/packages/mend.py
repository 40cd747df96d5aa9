# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The steps that bring a package manager, which was interrupted, to its end: pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .._host.dpkg import FRESH
from .._transaction import steps
from .._transaction.by_apt import CONFIGURE, CONFIGURE_S, KEEP_EDITED
from .._transaction.steps import FINISH, Step

FIX = ("apt-get", "-q", "-y", *FRESH, *(word for option in KEEP_EDITED for word in ("-o", f"Dpkg::Options::={option}")))

# apt refuses to begin while dpkg has a journal of its own; with nothing to select, dpkg just closes that.
CLOSE = steps.argv(["dpkg", "--set-selections"], recovery=FINISH)


def apt(*, broken: bool, half: Sequence[str] = ()) -> tuple[Step, ...]:
    """Return what ends an interrupted dpkg. Where something lacks what it needs, only apt can.

    What is `half` installed (archives, or name=version) is installed anew: nothing else mends it, and nobody who needs it can
    be configured before.
    """
    if half:
        again = [*FIX, "--reinstall", "--allow-downgrades", "install", *half]
        return (CLOSE, steps.argv(again, recovery=FINISH, timeout_s=CONFIGURE_S), *_end(broken=broken))
    return _end(broken=broken)


def dnf(interrupted: Sequence[str], automatic: Collection[str]) -> tuple[Step, ...]:
    """Return what ends an interrupted dnf: of what is there twice the newest stays, and a last word ends its history."""
    names = sorted(interrupted)
    again = ["dnf", "-q", "-y", "--noautoremove", "remove", "--duplicates"]
    word = ["dnf", "-q", "-y", "mark", "remove" if names[0] in automatic else "install", names[0]]
    return (
        steps.argv(again, recovery=FINISH, timeout_s=CONFIGURE_S),
        steps.argv(word, recovery=FINISH, timeout_s=CONFIGURE_S),
    )


def _end(*, broken: bool) -> tuple[Step, ...]:
    if not broken:
        return (steps.argv(CONFIGURE, recovery=FINISH, timeout_s=CONFIGURE_S),)
    return (CLOSE, steps.argv([*FIX, "-f", "install"], recovery=FINISH, timeout_s=CONFIGURE_S))
