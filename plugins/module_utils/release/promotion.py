# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Whether a release may come into an environment, and everything that is missing where it may not. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from .environments import Environment
from .evidence import APPROVAL, BUILT, DEPLOYED, GATE, ROLLED_BACK, TESTS, Chain, Entry


class Displacement(NamedTuple):
    """Another version of the app was deployed in an environment: what stood there before soaks no longer."""

    environment: str
    version: str
    at: dt.datetime


class Case(NamedTuple):
    """What is judged: the records, the artefact's digest, and the moment.

    `signed` says whether signatures were asked for; `authors` may not approve, whoever says in a record of kind `built`
    that the release is theirs included.
    """

    chain: Chain
    sha256: str
    now: dt.datetime
    signed: bool
    authors: Collection[str] = ()
    displaced: Sequence[Displacement] = ()


class Standing(NamedTuple):
    """How a release stands in an environment: since which record (None for not at all), and for how many seconds it stood.

    `rolled_back` is the last record of that, where it was.
    """

    since: Entry | None
    soaked_s: float
    rolled_back: Entry | None
    displaced_by: str = ""


def judge(wanted: Environment, case: Case) -> list[str]:
    """Return everything that is missing for the release to come into the environment, in sentences; [] for nothing.

    Only records of the very artefact count. While the chain or, where asked for, a signature does not hold, that is missing.
    """
    missing = [*case.chain.problems, *(entry.fault for entry in case.chain.entries if entry.fault)]
    if wanted.after:
        missing += _deployed(wanted, case)
    missing += [said for suite in wanted.tests if (said := _test(suite, wanted.after or wanted.name, case))]
    if wanted.gate:
        missing += _gate(wanted.after, case)
    if wanted.approvals:
        missing += _approvals(wanted, case)
    return missing


def standing(environment: str, case: Case) -> Standing:
    """Return how the release stands in the environment.

    The first deployment counts since it was last rolled back, and since another release last had its place.
    """
    back = max(_of(case, ROLLED_BACK, environment), key=_number, default=None)
    after = _number(back) if back else 0
    deployed = [entry for entry in _of(case, DEPLOYED, environment) if _number(entry) > after]
    since = min(deployed, key=_number, default=None)
    if since is None:
        return Standing(None, 0, back)
    others = [one for one in case.displaced if one.environment == environment and one.at > since.record.when]
    returned = [entry for entry in deployed if all(entry.record.when > one.at for one in others)]
    if others and returned:
        since, others = min(returned, key=_number), []
    first = min(others, key=lambda one: one.at, default=None)
    soaked = ((first.at if first else case.now) - since.record.when).total_seconds()
    return Standing(since, max(0, soaked), back, first.version if first else "")


def _number(entry: Entry) -> int:
    return entry.record.number


def _of(case: Case, kind: str, environment: str) -> list[Entry]:
    return [
        entry
        for entry in case.chain.entries
        if entry.record.kind == kind and entry.record.environment == environment and entry.record.sha256 == case.sha256
    ]


def _deployed(wanted: Environment, case: Case) -> list[str]:
    found = standing(wanted.after, case)
    if found.since is None:
        return [_not_deployed(wanted.after, case, found.rolled_back)]
    if found.soaked_s >= wanted.soak_s:
        return []
    other = f", since {found.displaced_by} took its place" if found.displaced_by else ""
    return [f"it has soaked in {wanted.after} for {_of_time(found.soaked_s, wanted.soak_s)}{other}"]


def _not_deployed(environment: str, case: Case, back: Entry | None) -> str:
    if back:
        reason = back.record.data.get("reason")
        return f"it was rolled back in {environment} at {back.record.at}{f' ({reason})' if reason else ''}, and not deployed again"
    others = sorted(
        {
            entry.record.sha256[:12]
            for entry in case.chain.entries
            if entry.record.kind == DEPLOYED and entry.record.environment == environment
        }
    )
    if others:
        return f"in {environment} another artefact of the same name was deployed ({', '.join(others)}), and not this one ({case.sha256[:12]})"
    return f"it was not deployed in {environment} (no record of that of {case.sha256[:12]})"


def _of_time(found_s: float, wanted_s: float) -> str:
    """Return how much of a time is over; rounded down, since what is nearly over is not."""
    unit, seconds = ("s", 1) if wanted_s < 600 else ("min", 60)
    return f"{found_s // seconds:.0f} of {wanted_s / seconds:g} {unit}"


def _test(suite: str, environment: str, case: Case) -> str:
    found = [entry for entry in _of(case, TESTS, environment) if entry.record.data.get("suite") == suite]
    if not found:
        return f"tests {suite} have not been run in {environment}"
    last = max(found, key=_number)
    if _is_true(last.record.data.get("passed")):
        return ""
    failed = last.record.data.get("failed")
    return f"tests {suite} failed in {environment}{f', {failed} of them' if failed else ''} ({last.file})"


def _gate(environment: str, case: Case) -> list[str]:
    back = standing(environment, case).rolled_back
    found = [entry for entry in _of(case, GATE, environment) if not back or _number(entry) > _number(back)]
    if not found:
        return [f"no gate was asked in the rollout to {environment}: set rollout_gate there"]
    last = max(found, key=_number)
    return [] if _is_true(last.record.data.get("passed")) else [f"the gate in {environment} did not hold ({last.file})"]


def _is_true(value: Any) -> bool:
    # A template that Ansible filled in may have made a text of it.
    return value is True or str(value).lower() == "true"


def _approvals(wanted: Environment, case: Case) -> list[str]:
    if not case.signed:
        return [f"approvals for {wanted.name} cannot be judged without signers: name the file of those who may sign"]
    back = standing(wanted.name, case).rolled_back
    # What was approved before it failed there has to be approved again.
    asked = [entry for entry in _of(case, APPROVAL, wanted.name) if not back or _number(entry) > _number(back)]
    last: dict[str, Entry] = {
        entry.signer: entry for entry in asked if not entry.fault and not _stranger(entry, wanted)
    }
    approved = {signer for signer, entry in last.items() if _is_true(entry.record.data.get("approved", True))}
    refused = [_refused(entry) for signer, entry in sorted(last.items()) if signer not in approved]
    authors = approved & _authors(case) if not wanted.own_approval else set()
    counted = approved - authors
    if len(counted) >= wanted.approvals:
        return refused
    reasons = [_stranger(entry, wanted) for entry in asked if not entry.fault]
    reasons += [f"{name} is an author of it" for name in sorted(authors)]
    why = "; ".join(dict.fromkeys(filter(None, reasons)))
    who = f", by {', '.join(wanted.approvers)}" if wanted.approvers else ""
    return [
        f"approvals for {wanted.name}: {len(counted)} of {wanted.approvals}{who}{f' ({why})' if why else ''}",
        *refused,
    ]


def _stranger(entry: Entry, wanted: Environment) -> str:
    """Return why the approval does not count, whatever it says; "" where it does."""
    if entry.record.by != entry.signer:
        return f"{entry.file} says that it is by {entry.record.by}, and is signed by {entry.signer}"
    if wanted.approvers and entry.signer not in wanted.approvers:
        return f"{entry.signer} is no approver"
    return ""


def _refused(entry: Entry) -> str:
    reason = entry.record.data.get("reason")
    return f"{entry.signer} refuses it for {entry.record.environment}{f': {reason}' if reason else ''} ({entry.file})"


def _authors(case: Case) -> set[str]:
    built = [entry for entry in case.chain.entries if entry.record.kind == BUILT and entry.record.sha256 == case.sha256]
    named: list[Any] = [one for entry in built for one in _listed(entry.record.data)]
    return {
        *case.authors,
        *(entry.signer or entry.record.by for entry in built if "authors" not in entry.record.data),
        *map(str, named),
    }


def _listed(data: Mapping[str, Any]) -> list[Any]:
    authors = data.get("authors", [])
    return authors if isinstance(authors, list) else [authors]
