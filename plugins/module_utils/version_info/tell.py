# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What the module version_info tells of a checkout: the version it has, the next one, and why."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

from . import changelog, checkout, following, semver, weigh
from .checkout import Checkout
from .semver import NONE, Version
from .weigh import Counted, Weighed


def tell(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the module's result for its options; raise BadInput, naming value and cure, where it cannot be told."""
    initial = semver.parse(given["initial"], "initial")
    known = following.channels(given["channels"])
    found = checkout.read(given["path"])
    found = found._replace(branch=given["branch"] or found.branch)
    versions = {tag: version for tag in found.tags if (version := _version(tag, given["prefix"]))}
    base = _base(found, versions)
    weighed = weigh.weigh(checkout.commits(found, base), unconventional=given["unconventional"])
    channel = following.channel_of(found.branch, known)
    here = _here(found, versions, channel)
    step = following.after(
        versions.get(base),
        bump=weighed.bump,
        channel=channel,
        branch=found.branch,
        count=weighed.total,
        taken=set(versions.values()),
        initial=initial,
        breaking_below_one=given["breaking_below_one"],
    )
    if here:
        step = following.Step(here, NONE, (f"this revision is tagged {given['prefix']}{here}",))
    listed = changelog.entries(weighed.counted)
    return {
        "changed": False,
        "current": str(here or versions.get(base) or ""),
        "former": str(versions.get(base) or ""),
        "next": str(step.next),
        "tag": f"{given['prefix']}{step.next}",
        "bump": step.bump,
        "release_due": step.bump != NONE,
        "why": [_told(one) for one in weighed.decisive],
        "notes": [*step.notes, *_notes(found, weighed, given["prefix"], tagged=here is not None)],
        "unconventional": [{"revision": one.revision, "subject": one.subject} for one in weighed.unconventional],
        "changelog": listed,
        "changelog_markdown": changelog.markdown(str(step.next), found.date, listed),
        "branch": found.branch,
        "revision": found.revision,
        "dirty": found.dirty,
        "environment": environment(found, given["environments"]),
    }


def environment(found: Checkout, environments: Sequence[Mapping[str, Any]]) -> str:
    """Return the first environment whose tag or branch pattern this revision fits; "" for none."""
    for one in environments:
        tag, branch = one.get("tag") or "", one.get("branch") or ""
        if tag and any(fnmatch.fnmatchcase(name, tag) for name in found.here):
            return str(one["name"])
        if branch and found.branch and fnmatch.fnmatchcase(found.branch, branch):
            return str(one["name"])
    return ""


def _version(tag: str, prefix: str) -> Version | None:
    return semver.read(tag[len(prefix) :]) if tag.startswith(prefix) else None


def _base(found: Checkout, versions: Mapping[str, Version]) -> str:
    """Return the tag of the last release before this revision; "" where there is none."""
    released = [tag for tag in found.reachable if tag in versions and not versions[tag].pre and tag not in found.here]
    return max(released, key=lambda tag: semver.rank(versions[tag]), default="")


def _here(found: Checkout, versions: Mapping[str, Version], channel: following.Channel) -> Version | None:
    """Return the version that this very revision has: a release, or a pre-release that its branch is for."""
    tagged = [versions[tag] for tag in found.here if tag in versions]
    fitting = [one for one in tagged if not one.pre or not found.branch or one.pre[0] == channel.pre]
    return max(fitting, key=semver.rank, default=None)


def _told(one: Counted) -> dict[str, str]:
    return {
        "revision": one.change.revision,
        "subject": one.change.subject,
        "bump": one.bump,
        "breaking": one.change.breaking,
    }


def _notes(found: Checkout, weighed: Weighed, prefix: str, *, tagged: bool) -> list[str]:
    notes = []
    if not found.branch and not tagged:
        notes.append("the head is detached and several branches or none are there: give branch, which CI knows")
    odd = [tag for tag in found.here if tag.startswith(prefix) and not _version(tag, prefix)]
    if odd and prefix:
        notes.append(f"tag {', '.join(odd)} is no version of three numbers and was passed over")
    if weighed.taken_back:
        notes.append(f"{len(weighed.taken_back)} commits take each other back and count as nothing")
    if weighed.unconventional:
        count = len(weighed.unconventional)
        said = "1 commit does not say what it is" if count == 1 else f"{count} commits do not say what they are"
        notes.append(f"{said} (conventionalcommits.org)")
    if found.dirty:
        notes.append("files are changed and not committed")
    return notes
