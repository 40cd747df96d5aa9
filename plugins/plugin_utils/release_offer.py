# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller has of a release: the artefact with the files beside it, or a directory to make one of."""

from __future__ import annotations

import os
from typing import NamedTuple

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import manifest, pack
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.manifest import Manifest
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.pack import Item
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.want import names

# A directory has no build time, and two packings of the same files are to be the same bytes.
BUILT_AT = "1970-01-01T00:00:00Z"


class Offer(NamedTuple):
    """`archive` is "" where only the manifest is here; `signature` is empty where it is not signed."""

    manifest: bytes
    signature: bytes = b""
    archive: str = ""


def of_artefact(path: str) -> Offer:
    """Return the artefact with the manifest and the signature that lie beside it.

    Raise BadInput where one of both is missing, or where their names or sizes do not fit each other.
    """
    if not os.path.isfile(path):
        raise BadInput(f"artefact {path!r} is not on the controller: package it, or give the path of the one to deploy")
    beside = manifest.file_name(path)
    if not os.path.isfile(beside):
        raise BadInput(
            f"artefact {path!r} has no manifest {os.path.basename(beside)!r} beside it: package it anew, or copy that too"
        )
    offer = of_manifest(beside)
    told = manifest.parse(offer.manifest)
    if told.artefact != os.path.basename(path) or told.size != os.path.getsize(path):
        raise BadInput(
            f"artefact {path!r} has {os.path.getsize(path)} bytes, and its manifest tells of {told.artefact} with {told.size}: "
            "copy both again from where they were packaged"
        )
    return offer._replace(archive=path)


def of_manifest(path: str) -> Offer:
    """Return the manifest at `path` and its signature; raise BadInput where there is none."""
    if not os.path.isfile(path):
        raise BadInput(f"manifest {path!r} is not on the controller: give the path of the one to hold the artefact to")
    return Offer(_read(path), _read(f"{path}.sig") if os.path.isfile(f"{path}.sig") else b"")


def of_source(directory: str, name: str, version: str, scratch: str) -> Offer:
    """Return a directory's files, packed into `scratch`; a link is packed as the file that it points to.

    Raise BadInput for what is no directory, or has no files.
    """
    names(name, version)
    if not os.path.isdir(directory):
        raise BadInput(f"{directory!r} is no directory on the controller: give the one that holds the release's files")
    found = [_followed(item) for item in pack.items(directory)]
    if not any(item.kind == files.FILE for item in found):
        raise BadInput(f"{directory!r} has no files: build the release before deploying it")
    path = f"{scratch}/{name}-{version}.tar.gz"
    pack.write(path, found, 0)
    told = Manifest(
        name, version, os.path.basename(path), manifest.digest_of(path), os.path.getsize(path), built_at=BUILT_AT
    )
    return Offer(manifest.dump(told), archive=path)


def _followed(item: Item) -> Item:
    if item.kind != files.LINK:
        return item
    path = os.path.realpath(item.path)
    if not os.path.isfile(path):
        raise BadInput(
            f"{item.path!r} is a link that leads to no file: mend it, or package the release by playbook package"
        )
    return Item(item.name, path, files.FILE)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
