# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Decide which version a call is about, and whether it has to be staged; refuse what no plan could make right."""

from __future__ import annotations

from .._errors import BadInput
from .offer import Offer
from .record import Record
from .spec import ACTIVE, STAGED, UNDONE
from .state import Layout
from .want import Want


def target(want: Want, known: Layout) -> str:
    """Return the version that the host shall run in the end, or shall have ready; "" where nothing is to change."""
    if want.state in (STAGED, ACTIVE):
        stays = known.active and known.active != want.version and not want.change_version
        return known.active if stays else want.version
    if (
        want.state == UNDONE
        and (not want.version or known.active == want.version)
        and not _is_of_another_run(want, known)
    ):
        return way_back(want, known)
    return ""


def _is_of_another_run(want: Want, known: Layout) -> bool:
    """Whether only what this run has switched to is to be left, and that is not what runs."""
    running = known.complete(known.active)
    return want.this_run and bool(want.run_id) and running is not None and running.activated_by != want.run_id


def needs_staging(want: Want, known: Layout, offer: Offer | None) -> bool:
    """Tell whether the version that is wanted has to be staged; raise BadInput where that cannot be."""
    if want.state not in (STAGED, ACTIVE) or target(want, known) != want.version:
        return False
    record = known.complete(want.version)
    if record is None:
        _refuse_unstageable(want, known, offer)
        return True
    if offer is None and want.sha256 not in ("", record.sha256):
        raise BadInput(
            f"{want.app} {want.version} is staged here with sha256 {record.sha256}, and {want.sha256} is asked for: a version "
            "is never two things; find out which of both is the right one"
        )
    if offer is None or offer.manifest.sha256 == record.sha256:
        return False
    if record.failed and want.version != known.active:
        return True
    raise BadInput(
        f"{want.app} {want.version} is staged here with sha256 {record.sha256[:12]}…, and the artefact that is offered has "
        f"{offer.manifest.sha256[:12]}…: a version is never two things; give the new one a version of its own"
    )


def way_back(want: Want, known: Layout) -> str:
    """Return the version to go back to from the one that runs; raise BadInput, with the cure, where there is none."""
    if not known.active:
        raise BadInput(f"no version of {want.app} runs here, so there is none to go back from: deploy one")
    stop = f"or stop it with `systemctl disable --now {want.unit or want.app}`"
    if not known.former or known.former == known.active:
        raise BadInput(
            f"this host had no version of {want.app} before {known.active}, so there is nothing to go back to: deploy a "
            f"version that works, {stop}"
        )
    record = known.complete(known.former)
    if record is None:
        raise BadInput(
            f"{known.former}, the version before {known.active}, is not complete on this host: deploy a version that "
            f"works, {stop}"
        )
    if record.failed:
        raise BadInput(
            f"{known.former}, the version before {known.active}, failed itself: deploy a version that works, {stop}"
        )
    running = known.complete(known.active)
    if running and running.contracted:
        raise BadInput(
            f"{known.active} has contracted {', '.join(running.contracted)}, so {known.former} would not find its data "
            "any more: mend it by a newer version"
        )
    return known.former


def activatable(want: Want, known: Layout, version: str) -> Record:
    """Return the record of a version that is to run; raise BadInput where it is not complete."""
    record = known.complete(version)
    if record is None:
        raise BadInput(
            f"{want.app} {version} is not complete on this host, so it cannot be switched to: give its artefact, url or "
            "source, or stage it first"
        )
    return record


def _refuse_unstageable(want: Want, known: Layout, offer: Offer | None) -> None:
    if known.active == want.version:
        raise BadInput(
            f"{want.app} {want.version} runs here, and is not known to be complete: deploy another version, whose files "
            "are all known, and come back to this one"
        )
    if offer is None:
        raise BadInput(
            f"{want.app} {want.version} is not staged on this host, and nothing was given to stage: give artefact, url or "
            "source"
        )
