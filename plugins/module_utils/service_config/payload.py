# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""How the contents of files travel from the action plugin to the module: in one option that is never logged."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping

from .._errors import BadInput


def pack(contents: Mapping[int, bytes]) -> str:
    """Return `contents`, keyed by the place in the list of files, as one string of ASCII."""
    # latin-1 maps each byte to one character and back, so that binary content needs no base64 of its own.
    texts = {str(index): content.decode("latin-1") for index, content in contents.items()}
    return base64.b64encode(zlib.compress(json.dumps(texts).encode(), 1)).decode()


def unpack(payload: str | None) -> dict[int, bytes]:
    """Return what `pack` was given; raise BadInput for a payload that it did not make."""
    if not payload:
        return {}
    try:
        texts = json.loads(zlib.decompress(base64.b64decode(payload)))
        return {int(index): text.encode("latin-1") for index, text in texts.items()}
    except (ValueError, zlib.error) as error:
        raise BadInput(f"payload cannot be read ({error}): leave it out, the action plugin fills it") from None
