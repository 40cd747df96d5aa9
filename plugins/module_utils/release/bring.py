# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Bring an artefact to a place of our own on the host, whole, and as its manifest says: nothing is made of it before.

What lies there is gone when the call ends. What was carried there by the login user is copied, since he could change
it after the look at it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from typing import IO, Any

from .._errors import BadInput
from .._host import disk_space, unpack
from . import artefact, manifest
from .offer import Offer, examine
from .want import Want

PIECE = 1024 * 1024
# What a small file takes on a disk, whatever it holds.
BLOCK = 4096
# A manifest or a signature is small; who sends more sends something else.
LARGEST_TEXT = 1024 * 1024
TEXT_TIMEOUT_S = 30.0


def fetched_offer(want: Want) -> Offer:
    """Return what the call offers by the manifest that lies beside its URL."""
    beside = manifest.file_name(want.url)
    text = _fetched(beside)
    # One that is not there is told of as what it is: a release that nobody has signed.
    signed = _fetched(f"{beside}.sig", optional=True) if want.signers else b""
    return examine(want, text, signed)


def bring(want: Want, offer: Offer) -> Offer:
    """Return the offer with its artefact on this host; raise BadInput for one that is not as its manifest says.

    Its members are looked at too, so that what is to be refused is refused before anything changes.
    """
    folder = _emptied(f"{want.base}/artefacts")
    path = f"{folder}/{offer.manifest.artefact}"
    refuse_lack_of_room(folder, offer.manifest.size, f"the artefact of {want.app} {want.version}")
    try:
        if want.archive:
            _copy(want.archive, path, offer)
        else:
            _fetch(want, path, offer)
        found = artefact.members(path)
    except BaseException:
        _emptied(folder)
        raise
    needs_names = bool(want.shared or offer.manifest.python)
    names = {one.name: one.kind for one in unpack.members(path)} if needs_names else {}
    return offer._replace(archive=path, members=names, size=found.size, room=found.size + found.members * BLOCK)


def identity(path: str) -> int:
    """Return what tells the file at `path` from another that takes its place later."""
    return os.stat(path).st_ino


def clean(path: str, number: int) -> None:
    """Remove what was brought, unless another call has brought its own since."""
    with contextlib.suppress(OSError):
        if identity(path) == number:
            os.unlink(path)


def discard(carried: str) -> None:
    """Remove what was carried to the host; it may be gone already."""
    with contextlib.suppress(OSError):
        os.unlink(carried)


def refuse_lack_of_room(path: str, needs: int, what: str) -> None:
    """Raise BadInput where the file system of `path` has less than `needs` bytes free."""
    free = disk_space.free(path)
    if free < needs:
        raise BadInput(
            f"{path} has {free // 1024} KiB free, and {what} needs {-(-needs // 1024)} KiB: make room, or remove a "
            "release with state=absent"
        )


def _emptied(folder: str) -> str:
    """What a call that was killed has left here is nobody's any more, since the caller holds the host."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, mode=0o700)
    return folder


def _copy(source: str, path: str, offer: Offer) -> None:
    # Nobody may have put a link there that would lead us to a file of root's.
    handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as file:
        _keep(_pieces(file), path, offer, "the file that was carried to the host")
    discard(source)


def _fetch(want: Want, path: str, offer: Offer) -> None:
    _keep(_answer(want.url, want.fetch_timeout_s), path, offer, want.url)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def _keep(pieces: Iterator[bytes], path: str, offer: Offer, where: str) -> None:
    """Write the pieces, no more than the manifest allows, and refuse what has not its digest."""
    expected, size, found = offer.manifest, 0, hashlib.sha256()
    with open(path, "xb") as file:
        for piece in pieces:
            size += len(piece)
            if size > expected.size:
                break
            found.update(piece)
            file.write(piece)
    if size != expected.size or found.hexdigest() != expected.sha256:
        raise BadInput(
            f"{where} is not the artefact that its manifest tells of ({_more(size, expected.size)}, sha256 "
            f"{found.hexdigest()[:12]}…; expected {expected.size} bytes, {expected.sha256[:12]}…): it was changed on its "
            "way or since it was packaged, so nothing was touched; bring an untouched copy"
        )


def _more(size: int, expected: int) -> str:
    return f"more than {expected} bytes" if size > expected else f"{size} bytes"


def _fetched(url: str, *, optional: bool = False) -> bytes:
    text = b""
    for piece in _answer(url, TEXT_TIMEOUT_S, optional=optional):
        text += piece
        if len(text) > LARGEST_TEXT:
            raise BadInput(f"{url} is larger than a manifest or a signature can be: check the address of the artefact")
    return text


def _answer(url: str, within_s: float, *, optional: bool = False) -> Iterator[bytes]:
    """Yield what is at the URL, as it comes; where it is `optional` and the server has none, nothing.

    Raise BadInput for one that cannot be had, and where not all of it has come within so many seconds.
    """
    # Loaded here only: a call that fetches nothing does not pay for it.
    import http.client

    from ansible.module_utils import urls

    deadline = time.monotonic() + within_s
    try:
        answer = urls.open_url(url, timeout=min(within_s, TEXT_TIMEOUT_S), http_agent="groundcrew.fleet")
    except (urls.ConnectionError, http.client.HTTPException, OSError, ValueError) as error:
        if optional and getattr(error, "code", 0) == http.client.NOT_FOUND:
            return
        raise _cannot(url, error) from None
    with answer:
        while piece := _next_of(answer, url):
            if time.monotonic() > deadline:
                raise BadInput(f"{url} did not come within {within_s:g} s: give fetch_timeout_s more, or carry it")
            yield piece


def _next_of(answer: Any, url: str) -> bytes:
    """Return what has come; a whole piece may never be there where a server drips."""
    import http.client

    try:
        piece: bytes = answer.read1(PIECE)
    except (http.client.HTTPException, OSError) as error:
        raise _cannot(url, error) from None
    return piece


def _cannot(url: str, error: Exception) -> BadInput:
    return BadInput(f"{url} cannot be fetched: {_reason(error)}; check the address and the way to it")


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error or type(error).__name__)
