# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Free space of file systems."""

from __future__ import annotations

import os
import shutil


def free(path: str) -> int:
    """Return the free bytes of the file system that `path` is on, or will be once it is made."""
    return shutil.disk_usage(_nearest(path)).free


def device(path: str) -> int:
    """Return the number of that file system: paths on the same one share its room."""
    return os.stat(_nearest(path)).st_dev


def _nearest(path: str) -> str:
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path
