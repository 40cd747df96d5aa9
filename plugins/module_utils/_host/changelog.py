# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read which CVEs an update closes from the changelog in its archive, where the archive is at hand already."""

from __future__ import annotations

import glob
import gzip
import os
import re
import zlib
from collections.abc import Callable, Sequence

HEADING = re.compile(r"^\S+ \((?P<version>[^)]+)\) ")
CVE = re.compile(r"\bCVE-\d{4}-\d{4,}\b")
NAMES = ("changelog.Debian.gz", "changelog.gz")


def archives_in(folders: Sequence[str]) -> dict[str, str]:
    """Return the paths of all archives in these folders, by stem."""
    paths = (path for folder in folders for path in glob.glob(f"{glob.escape(folder)}/*.deb"))
    return {os.path.basename(path).rpartition("_")[0]: path for path in paths}


def stem(name: str, version: str) -> str:
    """Return how the name of the package's archive begins, before its architecture."""
    return f"{name.split(':', 1)[0]}_{version.replace(':', '%3a')}"


def cves(archive: str, before: str, compare: Callable[[str, str], int]) -> tuple[str, ...] | None:
    """Return what the archive's changelog names since version `before`; None where it has none of its own, or is damaged."""
    try:
        return _cves(archive, before, compare)
    except (OSError, EOFError, SystemError, zlib.error):
        # apt_pkg's own error is a SystemError.
        return None


def _cves(archive: str, before: str, compare: Callable[[str, str], int]) -> tuple[str, ...] | None:
    import apt_inst

    name = archive.rsplit("/", 1)[1].split("_", 1)[0]
    with open(archive, "rb") as file:
        data = apt_inst.DebFile(file).data
        for one in NAMES:
            try:
                packed = data.extractdata(f"usr/share/doc/{name}/{one}")
            except LookupError:
                continue
            return cves_in(gzip.decompress(packed).decode("utf-8", "replace"), before, compare)
    return None


def cves_in(text: str, before: str, compare: Callable[[str, str], int]) -> tuple[str, ...]:
    """Return the CVEs that the entries of a Debian changelog name which are newer than version `before`."""
    found: set[str] = set()
    for line in text.splitlines():
        heading = HEADING.match(line)
        if heading and compare(heading["version"], before) <= 0:
            break
        found.update(CVE.findall(line))
    return tuple(sorted(found))
