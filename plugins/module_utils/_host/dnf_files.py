# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The configuration files of rpm's packages, and whether somebody has edited them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from . import files
from .run import require

# For each file of a package: name, name with architecture, what kind of file (c is configuration), digest, path.
FORM = "[%{=NAME}\t%{=NAME}.%{=ARCH}\t%{FILEFLAGS:fflags}\t%{FILEDIGESTS}\t%{FILENAMES}\n]"
CONFIG = "c"
# By the length of what they print; rpm tells the digest, not its kind.
DIGESTS = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}


def edited(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the configuration files of these packages whose content is not as it was shipped, by package.

    One that somebody has removed is not among them: it comes back with the update, and nobody's words are lost.
    """
    if not names:
        return {}
    told = require(["rpm", "-q", "--qf", FORM, *names]).out.splitlines()
    found: dict[str, list[str]] = {}
    for name, path, shipped in configuration(told, names):
        content = files.read(path).content
        if content is not None and hashlib.new(DIGESTS[len(shipped)], content).hexdigest() != shipped:
            found.setdefault(name, []).append(path)
    return {name: tuple(paths) for name, paths in found.items()}


def configuration(told: Iterable[str], names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return package, path and digest of each configuration file in what rpm printed with FORM; of packages named as asked."""
    rows = [line.split("\t") for line in told if line.count("\t") == FORM.count("\t")]
    return [
        (full if full in names else name, path, digest)
        for name, full, kind, digest, path in rows
        if CONFIG in kind and len(digest) in DIGESTS
    ]
