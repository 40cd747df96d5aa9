# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What a call offers to stage: a manifest that holds, signed by somebody the host trusts where it asks for that."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._errors import BadInput
from .._host import signature
from . import manifest
from .manifest import Manifest
from .record import Record
from .want import Want


class Offer(NamedTuple):
    """`told` is the manifest as it is recorded; `archive` "" until the artefact lies on the host, whole and verified.

    `text` and `signature` are the manifest and its signature as they came.
    `members` are the kinds of its members by their names; `size` is what they hold, `room` what they take on a disk.
    """

    manifest: Manifest
    told: Mapping[str, Any]
    signer: str = ""
    archive: str = ""
    members: Mapping[str, str] = {}
    size: int = 0
    room: int = 0
    text: str = ""
    signature: str = ""


def offered(want: Want) -> Offer | None:
    """Return what the call offers: by the manifest that came with it, or else by the one that lies beside the URL."""
    if want.manifest_text:
        return examine(want, want.manifest_text.encode(), want.signature_text.encode())
    if not want.url:
        return None
    from . import bring

    return bring.fetched_offer(want)


def examine(want: Want, text: bytes, signed: bytes) -> Offer:
    """Return the offer that manifest `text` makes; raise BadInput where it is another app's or version's, or not signed
    as the host asks, or not the one with the digest that is asked for.
    """
    found = manifest.parse(text)
    if (found.name, found.version) != (want.artefact_name, want.version):
        raise BadInput(
            f"the manifest is that of {found.name} {found.version}, not of {want.artefact_name} {want.version}: give the "
            "artefact of this version, or another version"
        )
    hold_to(found, want.sha256)
    signer = _signer(want, found, text, signed)
    return Offer(found, json.loads(text), signer, text=_told(text), signature=_told(signed))


def signer_today(want: Want, known: Record) -> str:
    """Return who has signed a release that was staged earlier, by those who may sign today; "" for nobody of them."""
    if not (want.signers and known.signature):
        return ""
    text = known.manifest_text.encode("utf-8", "surrogateescape")
    try:
        return _signer(want, manifest.parse(text), text, known.signature.encode("utf-8", "surrogateescape"))
    except BadInput:
        return ""


def _told(content: bytes) -> str:
    """Every byte comes back from it as it was."""
    return content.decode("utf-8", "surrogateescape")


def hold_to(found: Manifest, sha256: str) -> None:
    """Raise BadInput where the manifest tells of another artefact than that with the digest, which may be "" for any."""
    if sha256 and found.sha256 != sha256:
        raise BadInput(
            f"{found.artefact} has sha256 {found.sha256}, and {sha256} is asked for: give the very artefact that was judged"
        )


def _signer(want: Want, found: Manifest, text: bytes, signed: bytes) -> str:
    if not want.signers:
        return ""
    name = manifest.file_name(found.artefact)
    if not signed:
        raise BadInput(
            f"{name} is not signed, and this host takes only what {want.signers} allows: sign it into {name}.sig, or "
            "leave out allowed_signers"
        )
    if not want.signers_content and not os.path.exists(want.signers):
        if want.rehearsal:
            return ""
        raise BadInput(f"{want.signers} is not there, so nobody may sign: bring it first, or leave out allowed_signers")
    work = tempfile.mkdtemp(prefix="groundcrew-signature-")
    try:
        return _verified(want, work, name, text, signed)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _verified(want: Want, work: str, name: str, text: bytes, signed: bytes) -> str:
    """ssh-keygen reads files; those with their last names, so that its words name what the user knows."""
    beside = os.path.join(work, f"{name}.sig")
    with open(beside, "wb") as file:
        file.write(signed)
    signers = want.signers
    if want.signers_content:
        signers = os.path.join(work, "allowed_signers")
        with open(signers, "w", encoding="utf-8") as file:
            file.write(want.signers_content)
    try:
        return signature.verify(text, beside, signers, manifest.NAMESPACE)
    except BadInput as error:
        said = str(error).replace(signers, want.signers).replace(f"{work}/", "")
        raise BadInput(f"{want.app} {want.version} is refused: {said}") from None
