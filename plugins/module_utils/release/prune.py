# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Choose the releases that nobody needs any more."""

from __future__ import annotations

from .state import Layout


def prunable(known: Layout, keep: int) -> tuple[str, ...]:
    """Return the versions beyond the `keep` latest ones, oldest first.

    None while a command of a switch is due that failed. Never the one that runs, the one before it, nor one that is staged
    and waits for its switch. What is not complete is left alone: nobody knows whose it is.
    """
    complete = [record for version in known.releases if (record := known.complete(version))]
    if any(one.undo_due or one.contract_due for one in complete):
        # What is still to be taken back, or to be contracted, may need any of them.
        return ()
    ordered = sorted(complete, key=lambda one: (not one.failed, one.last_used, one.version), reverse=True)
    return tuple(
        one.version
        for one in reversed(ordered[keep:])
        if one.version not in (known.active, known.former) and (one.activated_at or one.failed)
    )
