# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The changelog of a version, as data and as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .weigh import Counted

BREAKING, OTHERS = "Breaking changes", "Other changes"
SECTIONS = {"feat": "Features", "fix": "Fixes", "perf": "Performance", "revert": "Taken back"}
_ORDER = (BREAKING, *SECTIONS.values(), OTHERS)


def entries(counted: Sequence[Counted]) -> list[dict[str, Any]]:
    """Return what a user of the version gets, in the order of the sections; docs, chores and their like are left out."""
    found = [
        {
            "section": section,
            "type": one.change.type,
            "scope": one.change.scope,
            "description": one.change.description or one.change.subject,
            "breaking": one.change.breaking,
            "revision": one.change.revision,
        }
        for one in counted
        if (section := _section(one))
    ]
    return sorted(found, key=lambda entry: _ORDER.index(str(entry["section"])))


def _section(one: Counted) -> str:
    if one.change.breaking:
        return BREAKING
    return SECTIONS.get(one.change.type, "" if one.bump == "none" else OTHERS)


def markdown(version: str, date: str, told: Sequence[dict[str, Any]]) -> str:
    """Return the same as Markdown: a heading, and a list for each section."""
    lines = [f"## {version} ({date})"]
    section = ""
    for entry in told:
        if entry["section"] != section:
            section = entry["section"]
            lines += ["", f"### {section}", ""]
        lines.append(_line(entry))
    if not told:
        lines += ["", "Nothing that a user would notice."]
    return "\n".join(lines) + "\n"


def _line(entry: dict[str, Any]) -> str:
    scope = f"**{entry['scope']}**: " if entry["scope"] else ""
    breaking = entry["breaking"] if entry["breaking"] != entry["description"] else ""
    return f"- {scope}{entry['description']}{f' - {breaking}' if breaking else ''} ({entry['revision'][:7]})"
