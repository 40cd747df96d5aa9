# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read a copy of Debian's security tracker, https://security-tracker.debian.org/tracker/data/json, that lies on this host.

Its form: source package, then CVE, then `releases` by code name, each with `status` (resolved, open, undetermined),
`fixed_version` and `urgency`.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from .._errors import BadInput
from .updates import PRIORITIES, Update

# The tracker's words for how bad it is; a star says that the rating is not Debian's own.
URGENCIES = {"unimportant": "low", "low": "low", "medium": "medium", "high": "high"}
# In a version of its own for what was never vulnerable.
NEVER = "0"
REBUILT = re.compile(r"\+b\d+$")


class Fix(NamedTuple):
    cve: str
    version: str
    priority: str


def read(path: str, release: str, sources: Collection[str]) -> dict[str, tuple[Fix, ...]]:
    """Return, by source package, what was fixed in which version of the release (`bookworm`).

    Raise BadInput for a file that is not there or not the tracker's.
    """
    try:
        told = _load(path)
        return {source: fixes_in(told[source], release) for source in sources if source in told}
    except (OSError, EOFError, zlib.error, ValueError, AttributeError, TypeError) as error:
        raise BadInput(
            f"security_tracker: {path} cannot be read ({error}): give the path on the host of a copy of "
            "https://security-tracker.debian.org/tracker/data/json"
        ) from error


def _load(path: str) -> dict[str, Any]:
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rb") as file:
        told = json.load(file)
    if not (isinstance(told, dict) and told):
        raise ValueError("it has no source packages")
    return told


def fixes_in(cves: Mapping[str, Mapping[str, Any]], release: str) -> tuple[Fix, ...]:
    """Return the fixes of one source package in the release."""
    told = ((cve, about.get("releases", {}).get(release, {})) for cve, about in cves.items())
    return tuple(
        Fix(cve, state["fixed_version"], URGENCIES.get(str(state.get("urgency", "")).rstrip("*"), ""))
        for cve, state in told
        if state.get("status") == "resolved" and state.get("fixed_version", NEVER) != NEVER
    )


def rate(update: Update, fixes: Collection[Fix], compare: Callable[[str, str], int]) -> Update:
    """Return the update with the CVEs that it closes, and the highest of their priorities.

    The tracker counts in versions of the source, from which a rebuilt binary differs by +bN.
    """
    before, after = (REBUILT.sub("", version) for version in (update.before, update.after))
    closed = sorted(fix for fix in fixes if compare(before, fix.version) < 0 and compare(fix.version, after) <= 0)
    rated = [fix.priority for fix in closed if fix.priority]
    return update._replace(
        cves=tuple(fix.cve for fix in closed), priority=max(rated, key=PRIORITIES.index, default=update.priority)
    )
