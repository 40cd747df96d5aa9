# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Evidence in its files beside the artefact: read and verified, and appended to by one writer at a time."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .._errors import BadInput
from .._host import files, signature
from . import evidence, manifest
from .evidence import Chain, Entry, Record
from .promotion import Displacement

_SIGNATURE = ".sig"


class Place(NamedTuple):
    """A release on the controller: its artefact, the digest of that, and the directory of its evidence."""

    name: str
    version: str
    artefact: str
    sha256: str
    directory: str


def locate(artefacts: str, name: str, version: str) -> Place:
    """Return where the release is; raise BadInput where artefact or manifest is missing, or they do not belong together."""
    manifest.check_names(name, version)
    base = os.path.join(artefacts, f"{name}-{version}")
    content = files.read(f"{base}.json").content
    if content is None:
        raise BadInput(
            f"artefacts: {base}.json is not there; package {name} {version}, or give the directory that has it"
        )
    told = manifest.parse(content)
    if (told.name, told.version) != (name, version):
        raise BadInput(f"artefacts: {base}.json is the manifest of {told.name} {told.version}; take an untouched copy")
    artefact = os.path.join(artefacts, told.artefact)
    try:
        sha256 = manifest.digest_of(artefact)
    except OSError as error:
        raise BadInput(f"artefacts: {artefact} cannot be read: {error.strerror}; take a whole copy") from None
    if sha256 != told.sha256:
        raise BadInput(
            f"artefacts: {artefact} has the digest {sha256[:12]}, its manifest says {told.sha256[:12]}; one of them was changed: take an untouched copy"
        )
    return Place(name, version, artefact, sha256, base + evidence.SUFFIX)


def read(place: Place, *, signers: str = "", seen: str = "") -> Chain:
    """Return the records of the release; with `signers`, a path, each with who has signed it, or why that does not hold."""
    if signers and not os.path.isfile(signers):
        raise BadInput(f"signers: {signers} is not there; give the file of allowed signers (ssh-keygen(1))")
    found = _contents(place.directory)
    chain = evidence.chain(found, place.name, place.version, seen=seen)
    if not signers:
        return chain
    return chain._replace(entries=tuple(_verified(place, entry, found[entry.file], signers) for entry in chain.entries))


def _contents(directory: str) -> dict[str, bytes]:
    found = {}
    for file in files.listing(directory):
        content = files.read(os.path.join(directory, file)).content if evidence.is_record(file) else None
        if content is not None:
            found[file] = content
    return found


def _verified(place: Place, entry: Entry, content: bytes, signers: str) -> Entry:
    path = os.path.join(place.directory, entry.file) + _SIGNATURE
    if not files.read(path, content=False).exists:
        return entry._replace(fault=f"{entry.file} is not signed")
    try:
        return entry._replace(signer=signature.verify(content, path, signers, evidence.NAMESPACE))
    except BadInput as error:
        return entry._replace(fault=str(error))


def displaced(place: Place) -> list[Displacement]:
    """Return where other versions of the app were deployed, as their own evidence beside this one says."""
    parent = os.path.dirname(place.directory)
    found = []
    for directory in files.listing(parent):
        own = directory == os.path.basename(place.directory)
        if own or not (directory.startswith(f"{place.name}-") and directory.endswith(evidence.SUFFIX)):
            continue
        for file, content in _contents(os.path.join(parent, directory)).items():
            # What is wrong there is told where that version is judged.
            with contextlib.suppress(BadInput):
                record = evidence.parse(content, file)
                if record.kind == evidence.DEPLOYED and record.name == place.name:
                    found.append(Displacement(record.environment, record.version, record.when))
    return found


class Said(NamedTuple):
    """What a new record says; its number and what it follows are known once the lock is held."""

    kind: str
    environment: str
    by: str
    data: Mapping[str, Any]


def append(place: Place, said: Said, *, key: str, signers: str, check: bool) -> tuple[Record, bytes]:
    """Append one record, signed by `key` where there is one, and return it with its bytes; with `check` only foresee it.

    One writer at a time: who comes second takes the next number. Raise BadInput for records that do not hold or are of
    another artefact, and where somebody else than `signers` allow, or for an approval than it says, would sign.
    """
    if signers and not key:
        raise BadInput(
            f"key: a record of {said.kind} would not be signed, and signers are asked for; give the path of a key"
        )
    with _alone(place.directory, check=check):
        chain = read(place)
        _refuse(place, chain)
        at = dt.datetime.now(dt.timezone.utc).strftime(evidence.TIME_FORMAT)
        record = Record(
            chain.following,
            place.name,
            place.version,
            place.sha256,
            chain.digest,
            said.kind,
            said.environment,
            said.by,
            at,
            said.data,
        )
        content = evidence.dump(record)
        if not check:
            _put(place.directory, record.file, content, _signed(record, content, key, signers))
    return record, content


def _signed(record: Record, content: bytes, key: str, signers: str) -> bytes | None:
    """Return the signature; what nobody would accept must not get into records that nobody can remove."""
    if not key:
        return None
    signed = signature.sign(content, key, evidence.NAMESPACE)
    if signers:
        with tempfile.NamedTemporaryFile(suffix=_SIGNATURE) as file:
            file.write(signed)
            file.flush()
            try:
                signer = signature.verify(content, file.name, signers, evidence.NAMESPACE)
            except BadInput as error:
                raise BadInput(f"key: what {key} signs would not be accepted: {error}") from None
        if record.kind == evidence.APPROVAL and signer != record.by:
            raise BadInput(
                f"by: {record.by!r} would approve with the key of {signer!r}; approve by that name, or give another key"
            )
    return signed


def _refuse(place: Place, chain: Chain) -> None:
    if chain.problems:
        raise BadInput(
            f"{place.directory} does not hold, so nothing is added: {'; '.join(chain.problems)}; take an untouched copy, or package a new version"
        )
    other = next((entry for entry in chain.entries if entry.record.sha256 != place.sha256), None)
    if other:
        raise BadInput(
            f"{place.artefact} ({place.sha256[:12]}) is not the artefact that {other.file} is about ({other.record.sha256[:12]}): "
            "a version is built once; package a new version"
        )


@contextlib.contextmanager
def _alone(directory: str, *, check: bool) -> Iterator[None]:
    """Hold the directory's kernel lock, which flock(1) of a shell takes as well."""
    if check:
        yield
        return
    os.makedirs(directory, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put(directory: str, file: str, content: bytes, signed: bytes | None) -> None:
    """Write the signature before the record: without its record it means nothing, and is written anew."""
    path = os.path.join(directory, file)
    if signed is not None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path + _SIGNATURE)
        _create(path + _SIGNATURE, signed)
    _create(path, content)


def _create(path: str, content: bytes) -> None:
    """Create a file that is whole from the moment that it is there; raise BadInput where one is there already."""
    handle, temporary = tempfile.mkstemp(prefix=".evidence-", dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except OSError as error:
        if error.errno == errno.EEXIST:
            raise BadInput(f"{path} is there already: somebody wrote it without the lock; run again") from None
        raise
    finally:
        os.unlink(temporary)
