# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Make the artefact of a release with its manifest and signature. Runs on the controller.

An artefact never changes: what is there under a name and a version is what was made, or the run is refused. The
manifest is written after the artefact, and the signature after the manifest, so that an artefact without a manifest was
cut off, and is made anew.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple

from .._errors import BadInput
from .._host import files, signature
from .._transaction.paths import stamp
from . import artefact, pack, source, wheels
from .manifest import NAMESPACE, Manifest, Python, check_names, digest_of, dump, parse
from .source import Origin

WHEELHOUSE = "wheelhouse"
Put = Callable[[str, str], None]


class Want(NamedTuple):
    """What is to be packed, from where, to where; "" where it was not asked for."""

    source: str
    name: str
    version: str
    destination: str
    revision: str = ""
    subdirectory: str = ""
    python_requirements: str = ""
    python: str = "/usr/bin/python3"
    signing_key: str = ""

    @property
    def stem(self) -> str:
        return f"{self.destination}/{self.name}-{self.version}"

    @property
    def artefact(self) -> str:
        return f"{self.stem}.tar.gz"


def wanted(given: Mapping[str, Any]) -> Want:
    """Return the module's options as a Want; raise BadInput for a name or a version that cannot be."""
    check_names(given["name"], given["version"])
    told = {key: given[key] or "" for key in Want._fields}
    return Want(**{**told, "source": told["source"].rstrip("/") or "/", "destination": told["destination"].rstrip("/")})


def make(want: Want, *, put: Put, check: bool) -> dict[str, Any]:
    """Bring artefact, manifest and signature to the destination by `put` (from, to); return the module's result.

    Raise BadInput where another artefact is there already, or where it cannot be made.
    """
    with tempfile.TemporaryDirectory(prefix="groundcrew-package-") as scratch:
        origin = source.take(want.source, want.revision, want.subdirectory, version=want.version, scratch=scratch)
        there = _there(want)
        new = there is None
        if there is not None:
            _refuse_another(want, origin, there)
        elif not check:
            there = _pack(want, origin, scratch, put)
        signed = f"{want.stem}.json.sig"
        signing = bool(want.signing_key) and (new or not os.path.exists(signed))
        if signing and there is not None and not check:
            _put(signed, signature.sign(dump(there), want.signing_key, NAMESPACE), scratch, put)
        return {
            "changed": new or signing,
            "artefact": want.artefact,
            "manifest": f"{want.stem}.json",
            "signature": signed if signing or os.path.exists(signed) else "",
            "sha256": there.sha256 if there else "",
            "size": there.size if there else 0,
            "revision": origin.source.revision,
            "built_at": there.built_at if there else stamp(origin.built_s),
            "diff": _diff(want, there, new=new, signing=signing),
        }


def _there(want: Want) -> Manifest | None:
    """Return the manifest that is there already. Raise BadInput where its artefact is gone, or is another."""
    content = files.read(f"{want.stem}.json").content
    if content is None:
        return None
    manifest = parse(content)
    found = digest_of(want.artefact) if os.path.isfile(want.artefact) else "missing"
    if found != manifest.sha256:
        raise BadInput(
            f"{want.artefact} is not what its manifest says ({found}, not {manifest.sha256}); bring it back as it was, or remove both"
        )
    return manifest


def _refuse_another(want: Want, origin: Origin, there: Manifest) -> None:
    """Raise BadInput unless what is there was made of the same source in the same way."""
    cure = "an artefact never changes: give a new version"
    before, now = there.source.revision, origin.source.revision
    if before != now:
        raise BadInput(
            f"{want.artefact} is there already, of revision {before or 'none'}, not {now or 'of a plain directory'}; {cure}"
        )
    if there.python != _python(want):
        raise BadInput(f"{want.artefact} is there already, with other python_requirements; {cure}")
    had = pack.fingerprint_of(want.artefact)
    if there.python:
        had = {name: told for name, told in had.items() if not name.startswith(f"{there.python.wheelhouse}/")}
    have = pack.fingerprint(pack.items(origin.directory))
    if had != have:
        other = sorted(name for name in {*had, *have} if had.get(name) != have.get(name))
        raise BadInput(
            f"{want.artefact} is there already, and differs in {len(other)} files, such as {other[0]!r}; {cure}"
        )


def _pack(want: Want, origin: Origin, scratch: str, put: Put) -> Manifest:
    found = pack.items(origin.directory)
    if want.python_requirements:
        if os.path.lexists(f"{origin.directory}/{WHEELHOUSE}"):
            raise BadInput(
                f"the source has a {WHEELHOUSE} of its own; remove it, or leave python_requirements away to pack it as it is"
            )
        wheels.bring(
            origin.directory,
            want.python_requirements,
            f"{scratch}/{WHEELHOUSE}",
            python=want.python,
            built_s=origin.built_s,
            scratch=scratch,
        )
        found += pack.items(f"{scratch}/{WHEELHOUSE}", f"{WHEELHOUSE}/")
    made = f"{scratch}/artefact"
    pack.write(made, found, origin.built_s)
    # What a host would refuse is told where it can still be mended.
    artefact.members(made)
    manifest = Manifest(
        want.name,
        want.version,
        os.path.basename(want.artefact),
        digest_of(made),
        os.path.getsize(made),
        origin.source,
        stamp(origin.built_s),
        _python(want),
    )
    os.makedirs(want.destination, exist_ok=True)
    put(made, want.artefact)
    _put(f"{want.stem}.json", dump(manifest), scratch, put)
    return manifest


def _diff(want: Want, there: Manifest | None, *, new: bool, signing: bool) -> list[dict[str, str]]:
    """Return the manifest that comes, and that a signature does; what is in an artefact is no text."""
    told = []
    if new:
        after = dump(there).decode() if there else "not known before it is made\n"
        told.append({"before": "", "after": after, "before_header": "absent", "after_header": f"{want.stem}.json"})
    if signing:
        told.append({"before": "", "after": f"signed by {want.signing_key}\n", "after_header": f"{want.stem}.json.sig"})
    return told


def _python(want: Want) -> Python | None:
    return Python(WHEELHOUSE, os.path.normpath(want.python_requirements)) if want.python_requirements else None


def _put(path: str, content: bytes, scratch: str, put: Put) -> None:
    with open(f"{scratch}/new", "wb") as file:
        file.write(content)
    put(f"{scratch}/new", path)
