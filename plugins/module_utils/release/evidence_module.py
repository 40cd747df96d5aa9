# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What the modules release_evidence and release_evidence_info do with their options."""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import os
import platform
from collections.abc import Mapping
from typing import Any

from .._errors import BadInput
from . import environments, evidence_files, promotion
from .evidence import Entry, Record
from .evidence_files import Place, Said
from .promotion import Case

PLACE_OPTIONS: dict[str, dict[str, Any]] = {
    "artefacts": {"type": "path", "required": True},
    "name": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "sha256": {"type": "str", "default": ""},
    "signers": {"type": "path"},
}


def add(given: Mapping[str, Any], *, check: bool) -> dict[str, Any]:
    """Append the record and return the result of release_evidence."""
    place = _place(given)
    said = Said(given["kind"], given["environment"], given["by"] or _user(), given["data"])
    record, content = evidence_files.append(
        place, said, key=given["key"] or "", signers=given["signers"] or "", check=check
    )
    path = os.path.join(place.directory, record.file)
    return {
        "changed": True,
        "path": path,
        "number": record.number,
        "digest": hashlib.sha256(content).hexdigest(),
        "sha256": place.sha256,
        "signed": bool(given["key"]),
        "diff": {"before": "", "after": content.decode(), "before_header": path, "after_header": path},
    }


def look(given: Mapping[str, Any]) -> dict[str, Any]:
    """Read and judge, and return the result of release_evidence_info."""
    place = _place(given)
    signers = given["signers"] or ""
    chain = evidence_files.read(place, signers=signers, seen=given["seen"])
    case = Case(
        chain,
        place.sha256,
        dt.datetime.now(dt.timezone.utc),
        signed=bool(signers),
        authors=given["authors"],
        displaced=evidence_files.displaced(place),
    )
    faults = [entry.fault for entry in chain.entries if entry.fault]
    return {
        "changed": False,
        "artefact": place.artefact,
        "directory": place.directory,
        "sha256": place.sha256,
        "records": [_told(entry) for entry in chain.entries],
        "digest": chain.digest,
        "holds": not chain.problems and not faults,
        "problems": [*chain.problems, *faults],
        "standing": {name: _standing(promotion.standing(name, case)) for name in _names(given, case)},
        **_judged(given, case),
    }


def _judged(given: Mapping[str, Any], case: Case) -> dict[str, Any]:
    if not given["promote_to"]:
        return {}
    wanted = environments.find(given["environments"], given["promote_to"])
    missing = promotion.judge(wanted, case)
    target = next(one.get("target") or one["name"] for one in given["environments"] if one["name"] == wanted.name)
    return {"proven": not missing, "missing": missing, "target": target, "after": wanted.after}


def _place(given: Mapping[str, Any]) -> Place:
    place = evidence_files.locate(given["artefacts"], given["name"], given["version"])
    if given["sha256"] not in ("", place.sha256):
        raise BadInput(
            f"sha256: {place.artefact} has the digest {place.sha256[:12]} now, and not {given['sha256'][:12]}; it was replaced: "
            "package a new version"
        )
    return place


def _user() -> str:
    """Return who runs this; in a container the user may have a number only."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{platform.node()}"


def _names(given: Mapping[str, Any], case: Case) -> list[str]:
    recorded = [entry.record.environment for entry in case.chain.entries]
    return list(dict.fromkeys([*(str(one["name"]) for one in given["environments"]), *recorded]))


def _told(entry: Entry) -> dict[str, Any]:
    record: Record = entry.record
    return {
        **{key: value for key, value in record._asdict().items() if key not in ("name", "version", "former")},
        "file": entry.file,
        "signer": entry.signer,
        "fault": entry.fault,
    }


def _standing(found: promotion.Standing) -> dict[str, Any]:
    return {
        "deployed_at": found.since.record.at if found.since else "",
        "soaked_s": round(found.soaked_s),
        "rolled_back_at": found.rolled_back.record.at if found.rolled_back else "",
        "displaced_by": found.displaced_by,
    }
