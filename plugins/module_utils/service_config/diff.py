# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Before and after of each file, as Ansible shows them; what is secret, binary or large shows as one line."""

from __future__ import annotations

from collections.abc import Mapping

from .._host import files
from .._host.files import FileState
from .want import Access

LARGEST_SHOWN = 100 * 1024
HIDDEN = "(sensitive)\n"


def of_content(
    before: FileState, content: bytes | None, *, link: str | None = None, sensitive: bool
) -> Mapping[str, str]:
    """Return the diff of a file that gets `content`, becomes a link to `link`, or goes where both are None."""
    after = f"-> {link}\n" if link is not None else _shown(content)
    return _entry(before.path, HIDDEN if sensitive else _state(before), _hidden(content) if sensitive else after)


def of_access(before: FileState, access: Access, *, names: Mapping[str, str]) -> Mapping[str, str]:
    """Return the diff of a file or directory whose owner, group or mode changes; `names` are the present ones."""
    was, becomes = [], []
    for key, value in access._asdict().items():
        if value is not None:
            was.append(f"{key}: {names[key]}\n")
            becomes.append(f"{key}: {value:04o}\n" if key == "mode" else f"{key}: {value}\n")
    return _entry(before.path, "".join(was), "".join(becomes))


def of_directory(path: str) -> Mapping[str, str]:
    """Return the diff of a directory that is made."""
    return _entry(path, "", "(directory)\n")


def _entry(path: str, before: str, after: str) -> Mapping[str, str]:
    return {"before_header": path, "after_header": path, "before": before, "after": after}


def _state(state: FileState) -> str:
    if state.kind == files.LINK:
        return f"-> {state.target}\n"
    return _shown(state.content) if state.exists else ""


def _shown(content: bytes | None) -> str:
    if content is None:
        return ""
    if len(content) > LARGEST_SHOWN or b"\0" in content:
        return _digest_line(content)
    try:
        return content.decode()
    except UnicodeDecodeError:
        return _digest_line(content)


def _digest_line(content: bytes) -> str:
    return f"({len(content)} bytes, sha256 {files.digest(content)})\n"


def _hidden(content: bytes | None) -> str:
    return "" if content is None else HIDDEN.replace(")", ", changed)")
