# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a directory on the controller, as service_config takes them."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

# What editors, interpreters and version control leave beside the files that are meant.
LEFT_OUT = frozenset({".git", "__pycache__"})


def files_under(source: str, to: str) -> list[dict[str, str]]:
    """Return each file under `source` as it shall stand under `to`, in order of path: path, content and mode.

    A link is read as the file that it points to; a file that its owner may execute gets mode 0755, others 0644.
    Raise BadInput for a source that is no directory or has no file, and for a file that is not UTF-8 text.
    """
    if not os.path.isdir(source):
        raise BadInput(f"{source!r} is no directory on the controller: give the one that holds the release's files")
    found = [_file(path, os.path.join(to, os.path.relpath(path, source))) for path in sorted(_paths(source))]
    if not found:
        raise BadInput(f"{source!r} has no files: build the release before deploying it")
    return found


def _paths(source: str) -> Iterator[str]:
    for directory, below, names in os.walk(source):
        below[:] = [name for name in below if name not in LEFT_OUT]
        yield from (os.path.join(directory, name) for name in names)


def _file(path: str, to: str) -> dict[str, str]:
    with open(path, "rb") as source:
        raw = source.read()
        executable = os.fstat(source.fileno()).st_mode & 0o100
    try:
        content = raw.decode()
    except UnicodeDecodeError:
        raise BadInput(f"{path!r} is not UTF-8 text: only text files can be deployed this way") from None
    return {"path": to, "content": content, "mode": "0755" if executable else "0644"}
