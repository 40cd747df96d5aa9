# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of release: it renders files as service_config does, and carries an artefact only where it lacks."""

from __future__ import annotations

import os
import secrets
import tempfile
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import HOST
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import manifest, record
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.offer import hold_to
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.spec import ACTIVE, STAGED
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.files_action import FilesAction
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.release_offer import (
    Offer,
    of_artefact,
    of_manifest,
    of_source,
)

FILLED = ("manifest_text", "signature_text", "archive")
OFFERED = ("artefact", "source", "url", "manifest")
# On a disk of the host, where nobody guesses the name. A directory of our own would be one more execution on it each time.
CARRIED = "/var/tmp/groundcrew-{}"  # noqa: S108 - see above
# Where the release is not recorded, this says what the module would, at a fraction of its time. Who may not look, or has no
# room for what would be carried, is left to the module's words.
LOOK = (
    "os.path.exists({record!r}) or not os.access({state!r}, os.W_OK) or "
    "os.statvfs({carried!r}).f_bavail * os.statvfs({carried!r}).f_frsize < {size}"
)
NEEDED = {"changed": False, "needs_artefact": True}


class ActionModule(FilesAction):
    """Send the manifest along; where the host says that it lacks the artefact, carry that and ask once more."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        # Who goes back or removes needs no artefact, and that of a version without a name cannot be there.
        left_out = FILLED if self._task.args.get("state") in (STAGED, ACTIVE) else (*FILLED, *OFFERED)
        given = {key: value for key, value in self._task.args.items() if key not in left_out}
        arguments = self.with_contents(given, variables)
        with tempfile.TemporaryDirectory(prefix="groundcrew-", dir=constants.DEFAULT_LOCAL_TMP) as scratch:
            try:
                offer = self._offer(given, scratch)
                if offer:
                    hold_to(manifest.parse(offer.manifest), str(given.get("sha256") or ""))
            except (FleetError, OSError) as error:
                raise AnsibleActionFail(str(error)) from error
            if offer:
                arguments.update(manifest_text=offer.manifest.decode(), signature_text=offer.signature.decode())
            result = self.call("release", arguments, variables, **self._look(offer, given))
            if offer and offer.archive and result.get("needs_artefact"):
                arguments["archive"] = self._carry(offer.archive)
                result = self.call("release", arguments, variables)
        return result

    def _look(self, offer: Offer | None, given: dict[str, Any]) -> dict[str, Any]:
        """Return what tells that the host has to be brought the artefact first, empty where the module itself is to say so."""
        settles = given.get("state") in (STAGED, ACTIVE) and boolean(given.get("change_version", True), strict=False)
        if not (offer and offer.archive and settles) or self._task.check_mode:
            return {}
        path = record.path_of(str(given.get("app")), str(given.get("version")))
        places = {"record": path, "state": os.path.dirname(HOST.base), "carried": os.path.dirname(CARRIED)}
        return {"question": LOOK.format(**places, size=manifest.parse(offer.manifest).size), "answer": NEEDED}

    def _offer(self, given: dict[str, Any], scratch: str) -> Offer | None:
        """Return what the task offers from this controller; None where it lies at a URL, on the host, or nowhere."""
        if given.get("artefact"):
            return of_artefact(self._path(given["artefact"]))
        if given.get("source"):
            name = str(given.get("artefact_name") or given.get("app"))
            return of_source(self._path(given["source"]), name, str(given.get("version")), scratch)
        if given.get("manifest"):
            return of_manifest(self._path(given["manifest"]))
        return None

    def _path(self, given: Any) -> str:
        return str(self._loader.path_dwim(os.path.expanduser(str(given))))

    def _carry(self, archive: str) -> str:
        path = CARRIED.format(secrets.token_hex(16))
        self._connection.put_file(archive, path)
        return path
