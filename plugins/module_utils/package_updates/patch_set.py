# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""A patch set: the versions that one environment has proven and the next one shall get, as a file. Pure.

    {"format": 1, "name": …, "made": …, "packages": {RELEASE: {PACKAGE: {"version": …, "sha256": …, …}}}, "sha256": …}

Its canonical form is JSON with sorted keys and without spaces, in UTF-8, ended by a newline; `sha256` is that of the same
without it. So it says the same, byte for byte, wherever it was made from the same plans, and an edited one shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._errors import BadInput

FORMAT = 1


def make(name: str, made: str, plans: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the patch set of what package_updates_info told of some hosts, by host.

    Raise BadInput, naming both hosts, where two of one release would get different versions, or one has nothing to tell.
    """
    packages: dict[str, dict[str, Any]] = {}
    source: dict[tuple[str, str], str] = {}
    for host, told in sorted(plans.items()):
        if "plan" not in told or "release" not in told:
            raise BadInput(f"plans: {host} has no plan; give what package_updates_info returned for it")
        of_release = packages.setdefault(told["release"], {})
        for one in told["plan"]:
            if not one["to"]:
                continue
            known = of_release.get(one["name"])
            if known and known["version"] != one["to"]:
                other = source[told["release"], one["name"]]
                raise BadInput(
                    f"{one['name']} would become {known['version']} on {other} and {one['to']} on {host}: their mirrors differ, "
                    "or one has a pin; make a patch set of each"
                )
            of_release[one["name"]] = _entry(one, known)
            source[told["release"], one["name"]] = host
    if not any(packages.values()):
        raise BadInput(
            f"plans: nothing is pending on {', '.join(sorted(plans))}; make the patch set before they are patched"
        )
    return sealed({"format": FORMAT, "name": name, "made": made, "packages": packages})


def _entry(one: Mapping[str, Any], known: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "version": one["to"],
        "sha256": one.get("sha256", ""),
        "security": bool(one["security"]) or bool(known and known["security"]),
        "cves": one["cves"],
    }


def sealed(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the patch set with the digest of the rest."""
    rest = {key: value for key, value in told.items() if key != "sha256"}
    return {**rest, "sha256": hashlib.sha256(canonical(rest)).hexdigest()}


def canonical(told: Mapping[str, Any]) -> bytes:
    """Return the one form that a patch set has as bytes."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def parse(content: bytes, where: str) -> dict[str, Any]:
    """Return the patch set in a file's content; raise BadInput, naming `where`, for one that is damaged."""
    try:
        told = json.loads(content)
    except ValueError as error:
        raise BadInput(f"{where} is no patch set: {error}. Make one with playbook patch_plan") from error
    found = check(told, where)
    if canonical(found) != content:
        raise BadInput(
            f"{where} is not as it was made: its form is another one. Make it anew, or take an untouched copy"
        )
    return found


def check(told: Any, where: str = "patch_set") -> dict[str, Any]:
    """Return the patch set if it is whole. Raise BadInput where it is not, or of a format that is not known here."""
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise BadInput(f"{where} is no patch set of format {FORMAT}. Make one with playbook patch_plan")
    if sealed(told) != told:
        raise BadInput(
            f"{where} was changed since it was made: its digest does not fit. Make it anew, or take an untouched copy"
        )
    return told


class Versions(NamedTuple):
    """What hosts of one release get: version and digest of the archive ("" where it is not known), by package."""

    versions: Mapping[str, str]
    digests: Mapping[str, str]


def versions_for(told: Mapping[str, Any], release: str) -> Versions:
    """Return what hosts of the release (`debian 12 x86_64`) get; raise BadInput where the set has nothing for it."""
    if release not in told["packages"]:
        raise BadInput(
            f"patch set {told['name']!r} has nothing for {release}, but for {', '.join(sorted(told['packages'])) or 'nothing at all'}: "
            "plan it on a host of this release too"
        )
    packages = told["packages"][release]
    return Versions(
        {name: str(one["version"]) for name, one in packages.items()},
        {name: str(one["sha256"]) for name, one in packages.items()},
    )
