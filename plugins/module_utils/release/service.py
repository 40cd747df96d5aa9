# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""One call of release or release_info, from the module's options to its end."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .. import _module
from .._errors import BadInput, FleetError
from .._host import files, systemd
from .._transaction.paths import stamp
from ..service_config import payload
from ..service_config import state as service_state
from ..service_config.service import validated
from ..service_config.want import unit_name
from . import activate, decide, plan, state, tell
from . import want as wants
from .offer import Offer, offered, signer_today
from .record import Record
from .spec import ACTIVE, STAGED
from .state import Have
from .want import Want


def run(module: AnsibleModule) -> None:
    """Understand the options, say whether the artefact has to come first, and hand the rest to the transactions."""
    params = module.params
    try:
        contents = payload.unpack(params["payload"])
        wanted = wants.parse(params, contents, rehearsal=module.check_mode, now=stamp(time.time()))
        _refuse_missing_account(wanted)
        offer = _offered(wanted)
        lacks = _is_carried(wanted) and decide.needs_staging(wanted, _layout(wanted), offer)
        if lacks and offer:
            from . import bring

            # Before it is carried, and again when it is here.
            bring.refuse_lack_of_room(
                wanted.base, offer.manifest.size, f"the artefact of {wanted.app} {wanted.version}"
            )
    except (FleetError, OSError) as error:
        _discard(params["archive"])
        module.fail_json(msg=str(error))
    if lacks:
        module.exit_json(changed=False, needs_artefact=True)
    brought: list[tuple[str, int]] = []

    def look() -> Have:
        have = read(wanted, offer)
        if have.offer and have.offer.archive:
            from . import bring

            brought.append((have.offer.archive, bring.identity(have.offer.archive)))
        return have

    try:
        _module.converge(module, read=look, plan=lambda have: plan.plan(wanted, have, validated))
    finally:
        # It is of no use after the call, however that ends; nor is what was carried.
        _clean(brought)
        _discard(wanted.archive)


# What brings an artefact is loaded only where one is brought: a host that has its release does not pay for it.


def _clean(brought: list[tuple[str, int]]) -> None:
    if brought:
        from . import bring

        for path, number in brought:
            bring.clean(path, number)


def _discard(carried: str | None) -> None:
    if carried:
        from . import bring

        bring.discard(carried)


def info(module: AnsibleModule) -> None:
    """Tell of the releases of one app, or of each of several."""
    app, apps = module.params["app"], module.params["apps"]
    try:
        told = _told(apps if app is None else [app], module.params["root"], module.params["keep"])
    except (FleetError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **({"apps": told} if app is None else told[app]))


def _told(apps: Sequence[str], given_root: str | None, keep: int) -> dict[str, dict[str, Any]]:
    for app in apps:
        wants.names(app, "")
    units = systemd.show([unit_name(app) for app in apps])
    told = {}
    for app in apps:
        root = wants.root_of(app, given_root)
        report = tell.report(app, root, state.layout(app, root), keep)
        told[app] = {**report, "unit_state": units[unit_name(app)].active}
    return told


def read(want: Want, offer: Offer | None) -> Have:
    """Return the host for the planner; a release that is to be staged is brought here first, unless it is a rehearsal."""
    known = _layout(want)
    if offer and not want.rehearsal and decide.needs_staging(want, known, offer):
        from . import bring

        offer = bring.bring(want, offer)
    have = state.read(want, known, offer)
    target = decide.target(want, known)
    if not target:
        return have
    wanted = activate.service_of(want, known, target)
    service = service_state.read(wanted)
    # Directories that staging makes are there when the service's turn comes, and so is the release.
    own, release = service.digest, os.path.realpath(want.release_path(target))

    def digest(path: str) -> str:
        """A link to a release counts by the directory that it leads to, before that is there too."""
        return files.digest(release.encode()) if os.path.realpath(path) == release else own(path)

    return have._replace(wanted=wanted, service=service._replace(missing=service.missing - have.missing, digest=digest))


def _refuse_missing_account(want: Want) -> None:
    """In a rehearsal an earlier task would have made it."""
    if want.state not in (STAGED, ACTIVE) or not want.needs_user or want.rehearsal:
        return
    try:
        files.uid_of(want.user)
    except BadInput:
        raise BadInput(
            f"user {want.user!r} is no account of this host, so {want.app} cannot run as it: create it first, or give another"
        ) from None


def _layout(want: Want) -> state.Layout:
    return state.layout(want.app, want.root, want.base)


def _is_carried(want: Want) -> bool:
    """Whether the artefact lies on the controller, and is not here yet."""
    return bool(want.manifest_text) and not want.url and not want.archive and not want.rehearsal


def _offered(want: Want) -> Offer | None:
    """What was staged and is trusted needs no look at what a server offers today."""
    if want.state not in (STAGED, ACTIVE):
        return None
    layout = _layout(want)
    if decide.target(want, layout) != want.version:
        return None
    known = layout.complete(want.version)
    settled = known is not None and not known.failed and _is_trusted(want, layout, known)
    return None if settled and not want.manifest_text else offered(want)


def _is_trusted(want: Want, layout: state.Layout, known: Record) -> bool:
    """Who withdraws a key wants nothing new to run that it has signed; what runs is not stopped by that."""
    if not want.signers or want.rehearsal:
        return True
    return bool(known.signer if layout.active == known.version else signer_today(want, known))
