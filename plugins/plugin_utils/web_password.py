# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords as the web configuration of Prometheus and its exporters keeps them."""

from __future__ import annotations

import base64
import hashlib
import hmac

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

ROUNDS = 10
# bcrypt heeds no byte beyond these.
MOST_BYTES = 72


def web_password(password: str, name: str, rounds: int = ROUNDS) -> str:
    """Return the bcrypt hash of the password for what is called `name`, the same one each time.

    The salt is made of both by HMAC-SHA-256, so that a run without a change changes nothing, and what has another name has another hash.
    `rounds` is the cost as a power of two. Raise BadInput where the PyPI package bcrypt is missing, and for a password that is empty,
    too long for bcrypt, or begins or ends with a blank or a newline: one who types it would leave that out.
    """
    try:
        import bcrypt
    except ImportError as error:
        raise BadInput("the PyPI package bcrypt is missing on the controller: pip install bcrypt") from error
    secret = password.encode()
    if not 0 < len(secret) <= MOST_BYTES:
        raise BadInput(f"a password has 1 to {MOST_BYTES} bytes, and this one has {len(secret)}: give another")
    if password != password.strip():
        raise BadInput(
            "the password has a blank or a newline at an end: in YAML, write it on one line, or after |- in place of |"
        )
    salt = hmac.new(secret, name.encode(), hashlib.sha256).digest()[:16]
    return bcrypt.hashpw(secret, f"$2b${rounds:02}${_radix64(salt)}".encode()).decode("ascii")


def _radix64(salt: bytes) -> str:
    """Bcrypt's own alphabet, in which 16 bytes are 22 characters."""
    usual = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    own = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return base64.b64encode(salt).decode("ascii").rstrip("=").translate(str.maketrans(usual, own))
