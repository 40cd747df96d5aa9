# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Sign content and verify signatures with OpenSSH's own tool (ssh-keygen -Y), which every host has."""

from __future__ import annotations

from .._errors import BadInput
from .run import run

TIMEOUT_S = 20


def sign(content: bytes, key: str, namespace: str) -> bytes:
    """Return the signature of `content` by the private key at path `key`, or by its public half and the user's agent.

    Raise BadInput where the key cannot be used.
    """
    done = run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace], stdin=content, timeout_s=TIMEOUT_S)
    if done.rc != 0:
        raise BadInput(
            f"{key} cannot sign: {done.err.strip() or done.explain()}; give the path of a private key without passphrase, or of the "
            "public half of one that an SSH agent holds"
        )
    return done.out.encode()


def verify(content: bytes, signature: str, signers: str, namespace: str) -> str:
    """Return who signed `content`; `signature` and `signers` are the paths of its signature and of the allowed signers.

    Raise BadInput where nobody of `signers` (ssh-keygen(1), ALLOWED SIGNERS) did, or another content was signed.
    """
    asked = ["-f", signers, "-n", namespace, "-s", signature]
    found = run(["ssh-keygen", "-Y", "find-principals", "-f", signers, "-s", signature], timeout_s=TIMEOUT_S)
    if found.rc != 0:
        said = found.err.strip().rstrip(".").replace("\n", "; ")
        raise BadInput(f"{signature} is by nobody in {signers}: {said}; add the signer, or sign with a key of theirs")
    signer = found.out.split("\n", 1)[0]
    done = run(["ssh-keygen", "-Y", "verify", "-I", signer, *asked], stdin=content, timeout_s=TIMEOUT_S)
    if done.rc != 0:
        said = (done.out.strip() or done.err.strip()).replace("\n", "; ")
        raise BadInput(
            f"{signature} does not hold for what it lies beside: {said}; sign it anew, or take an untouched copy"
        )
    return signer
