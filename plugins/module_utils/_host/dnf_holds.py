# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The version locks of dnf: the list of the plugin versionlock."""

from __future__ import annotations

import configparser
from collections.abc import Iterable

from . import files


def locks(folders: Iterable[str]) -> tuple[str, ...]:
    """Return the entries that lock a package to a version, from the list that the plugin's settings in `folders` name.

    Those that exclude one version only, with a "!" before them, hold nothing.
    """
    settings = configparser.ConfigParser()
    settings.read([f"{folder}/versionlock.conf" for folder in folders])
    if not settings.getboolean("main", "enabled", fallback=True):
        return ()
    content = files.read(settings.get("main", "locklist", fallback="/dev/null")).content or b""
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    return tuple(line for line in lines if line and line[0] not in "#!")
