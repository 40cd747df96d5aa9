# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would change, from the results of its tasks in check mode; equal differences of many hosts are told once."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import textfile
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.textfile import Family

# The controller's and the host's working copies are named anew in each run; nobody wants to compare those names.
PASSING = re.compile(r"/\S*(?:ansible-(?:tmp|local)-|\.ansible/tmp|ansible\.)\S*")
MOST_LINES = 40
CHANGES_HELP = "Tasks that would change the host, by the latest look at drift."
TIMESTAMP_HELP = "When that look was had, in seconds since 1970."
OK, DRIFT, INCOMPLETE = 0, 2, 4


class Difference(NamedTuple):
    """One task that would change a host, and what it would change: lines without times or names that pass."""

    task: str
    lines: tuple[str, ...]


class Found(NamedTuple):
    """What a run saw of one host."""

    differences: tuple[Difference, ...] = ()
    failed: tuple[str, ...] = ()
    unreachable: str = ""


class Group(NamedTuple):
    """Hosts, and the differences that all of them have and no other host has."""

    hosts: tuple[str, ...]
    differences: tuple[Difference, ...]


def difference(task: str, result: Mapping[str, Any]) -> Difference | None:
    """Return what the result says would change, or None when nothing would."""
    if not result.get("changed"):
        return None
    items = [one for one in result.get("results") or [result] if isinstance(one, Mapping) and one.get("changed")]
    lines = [line for item in items for line in _lines(item)]
    return Difference(task, tuple(PASSING.sub("(a working copy)", line) for line in lines))


def groups(found: Mapping[str, Found]) -> list[Group]:
    """Return the differences by the hosts that share them: the most hosts first, the odd ones last."""
    who: dict[Difference, list[str]] = {}
    for host in sorted(found):
        for one in found[host].differences:
            holders = who.setdefault(one, [])
            if host not in holders:
                holders.append(host)
    together: dict[tuple[str, ...], list[Difference]] = {}
    for one, hosts in who.items():
        together.setdefault(tuple(hosts), []).append(one)
    return [
        Group(hosts, tuple(found_together))
        for hosts, found_together in sorted(together.items(), key=lambda pair: (-len(pair[0]), pair[0]))
    ]


def verdict(found: Mapping[str, Found], ended_early: str = "") -> int:
    """Return the exit status: 0 no drift, 2 drift, 4 when not every host could be judged."""
    if ended_early or not found or any(one.failed or one.unreachable for one in found.values()):
        return INCOMPLETE
    return DRIFT if any(one.differences for one in found.values()) else OK


def as_data(found: Mapping[str, Found], ended_early: str = "") -> dict[str, Any]:
    """Return the report as plain data, in a form that is equal as long as the differences are."""
    return {
        "status": {OK: "none", DRIFT: "drift", INCOMPLETE: "incomplete"}[verdict(found, ended_early)],
        "groups": [
            {"hosts": list(group.hosts), "differences": [_plain(one) for one in group.differences]}
            for group in groups(found)
        ],
        "hosts": {
            host: {
                "differences": [_plain(one) for one in found[host].differences],
                "failed": list(found[host].failed),
                "unreachable": found[host].unreachable,
            }
            for host in sorted(found)
        },
        "ended_early": ended_early,
    }


def from_data(data: Mapping[str, Any]) -> tuple[dict[str, Found], str]:
    """Return what `as_data` was given: each host's find, and where the run ended early."""
    found = {
        host: Found(
            tuple(Difference(one["task"], tuple(one["lines"])) for one in told["differences"]),
            tuple(told["failed"]),
            told["unreachable"],
        )
        for host, told in data["hosts"].items()
    }
    return found, str(data["ended_early"])


def as_text(found: Mapping[str, Found], ended_early: str = "") -> str:
    """Return the report for people."""
    parts = [_group_text(group) for group in groups(found)]
    parts += [f"{host}: unreachable: {one.unreachable}" for host, one in sorted(found.items()) if one.unreachable]
    parts += [f"{host}: not judged: {why}" for host, one in sorted(found.items()) for why in one.failed]
    if ended_early:
        parts.append(f"The run ended in the play '{ended_early}': what comes after it was not looked at.")
    if not found:
        parts.append("No host was looked at: does the limit or the pattern match any?")
    return "\n\n".join([*parts, summary(found)])


def summary(found: Mapping[str, Found]) -> str:
    """Return the report in one line."""
    drifted = [host for host, one in found.items() if one.differences]
    lost = [host for host, one in found.items() if one.failed or one.unreachable]
    fine = sorted(set(found) - set(drifted) - set(lost))
    said = [f"{len(drifted)} of {len(found)} hosts differ"]
    if lost:
        said.append(f"{len(lost)} could not be judged")
    if fine:
        said.append(f"as wanted: {', '.join(fine)}")
    return "; ".join(said)


def metrics(found: Mapping[str, Found], when: float) -> dict[str, str]:
    """Return, by host, what node exporter's textfile collector is to read, for a look that was had at `when`.

    A host that could not be judged has none: what its exporter has is then the older, and its time tells so.
    """
    return {
        host: textfile.text(
            (
                Family("groundcrew_drift_changes", CHANGES_HELP, {(): float(len(one.differences))}),
                Family("groundcrew_drift_timestamp_seconds", TIMESTAMP_HELP, {(): round(when)}),
            )
        )
        for host, one in found.items()
        if not (one.failed or one.unreachable)
    }


def _plain(one: Difference) -> dict[str, Any]:
    return {"task": one.task, "lines": list(one.lines)}


def _group_text(group: Group) -> str:
    names = ", ".join(group.hosts)
    head = f"{names} ({len(group.hosts)} hosts)" if len(group.hosts) > 1 else f"only {names}"
    lines = [f"{head}:"]
    for one in group.differences:
        lines.append(f"  {one.task}")
        lines += [f"    {line}" for line in one.lines[:MOST_LINES]]
        if len(one.lines) > MOST_LINES:
            lines.append(f"    … {len(one.lines) - MOST_LINES} more lines: see the JSON report")
    return "\n".join(lines)


def _lines(result: Mapping[str, Any]) -> list[str]:
    if "censored" in result:
        return ["(not shown: no_log)"]
    steps = [_step(one) for one in result.get("steps") or () if isinstance(one, Mapping)]
    diffs = result.get("diff") or []
    shown = [line for one in ([diffs] if isinstance(diffs, Mapping) else diffs) for line in _diff(one)]
    item = result.get("_ansible_item_label", result.get("item"))
    named = [f"item {_text(item)}"] if item is not None else []
    return [*named, *steps, *(shown or ([] if steps else [str(result.get("msg") or "would change")]))]


def _step(step: Mapping[str, Any]) -> str:
    rest = [f"{key}={_text(value)}" for key, value in sorted(step.items()) if key not in ("kind", "target")]
    return " ".join([str(step.get("kind", "")), str(step.get("target", "")), *rest])


def _diff(diff: Any) -> list[str]:
    if not isinstance(diff, Mapping):
        return []
    if diff.get("prepared"):
        return str(diff["prepared"]).splitlines()
    before, after = (_value(diff.get(side)) for side in ("before", "after"))
    if before == after:
        return []
    name = str(diff.get("before_header") or diff.get("after_header") or "")
    changed = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
    return [*([name] if name else []), *(line for line in changed if not line.startswith("@@"))]


def _value(value: Any) -> Sequence[str]:
    if isinstance(value, str):
        return value.splitlines()
    return [] if value is None else json.dumps(value, sort_keys=True, indent=1, default=str).splitlines()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        return ",".join(_text(one) for one in value)
    return json.dumps(value, sort_keys=True, default=str)
