# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What a rollout decides: whether the next wave may start, which run to resume, whom to take back, the verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput
from .events import FINISHED, MISSED, OPTED_OUT, Host, Run, open_hosts

# An interrupted run is resumed by itself only while somebody may still remember what it was about.
RESUME_WITHIN_S = 24 * 3600
WHY_LENGTH = 300
# What Ansible says around the words of a plugin, which are those that tell the cure.
WRAPPED = re.compile(
    r"^(?:Task failed|Finalization|Error while resolving)\b.*? (?:lookup|filter) plugin '[^']+' failed: "
)


class Gate(NamedTuple):
    """Whether the wave may start, why not, and the hosts found lost on the way.

    `stands`: the reason lies outside of the change, so nobody is taken back for it.
    """

    go: bool
    why: str
    lost: tuple[str, ...]
    wave: int
    stands: bool = False


class Look(NamedTuple):
    """What the preflight of all hosts came to: who failed, was lost, has nothing to do, is left; and why no wave starts."""

    failed: tuple[str, ...]
    lost: tuple[str, ...]
    idle: tuple[str, ...]
    left: tuple[str, ...]
    why: str


class Verdict(NamedTuple):
    """`ok` only when every host is done; `text` is one sentence with the counts."""

    ok: bool
    text: str


def gate(run: Run, batch: Sequence[str], *, alerts: Sequence[str] = (), closed: str = "") -> Gate:
    """Return whether the wave of `batch` may start; an empty batch asks after the last wave.

    Hosts that were begun and never ended outside the batch are lost: they count like failed ones. `closed` says why no
    window is open: that keeps a wave from starting, and after the last one it means nothing.
    """
    lost = open_hosts(run, apart_from=batch)
    wave = next((number for number, hosts in enumerate(run.waves, 1) if set(hosts) & set(batch)), 0)
    over = f"outside the maintenance windows: {closed}" if closed and wave else ""
    why = run.stopped or _over_limit(run, lost) or _alarmed(alerts) or over
    return Gate(go=not why, why=why, lost=lost, wave=wave, stands=bool(why) and why == over)


def look(run: Run) -> Look:
    """Return what the preflight came to: a host that failed keeps every wave from starting, lost ones count to the limit."""
    mine = {name: host for name, host in run.hosts.items() if host.attempt == run.attempt}
    failed = tuple(name for name, host in mine.items() if host.state == "failed")
    lost = tuple(name for name, host in mine.items() if host.state == "planned" and not host.looked)
    idle = tuple(name for name, host in mine.items() if host.state == "done")
    left = tuple(name for name, host in mine.items() if host.state == "planned" and host.looked)
    why = _over_limit(run, lost)
    if failed:
        why = f"the preflight failed on {_count(len(failed))} ({', '.join(failed)}), so no wave has started"
    return Look(failed, lost, idle, left, why)


def _over_limit(run: Run, lost: Sequence[str]) -> str:
    missed = [*run.in_state(*MISSED, "stuck"), *lost]
    if len(missed) <= run.limit:
        return ""
    return f"{_count(len(missed))} failed or lost ({', '.join(missed)}), the limit is {run.limit}"


def _count(number: int) -> str:
    return f"{number} host" if number == 1 else f"{number} hosts"


def _alarmed(alerts: Sequence[str]) -> str:
    return f"the gate is closed: {'; '.join(alerts)}" if alerts else ""


def to_resume(runs: Iterable[Run], *, want: str, name: str, intent: str, now: float) -> Run | None:
    """Return the run that a new driver goes on with, or None for a new one.

    `auto` takes the newest interrupted run of the same name and intent, younger than a day, that had not stopped:
    what was stopped on purpose goes on only by its run id. `never` takes none. Raise BadInput for an unknown run id.
    """
    if want == "never":
        return None
    known = sorted(runs, key=lambda run: run.last)
    if want == "auto":
        fits = [run for run in known if (run.name, run.intent) == (name, intent) and _interrupted(run, now)]
        return fits[-1] if fits else None
    for run in known:
        if run.run_id == want:
            return run
    last = ", ".join(run.run_id for run in known[-3:]) or "none"
    raise BadInput(f"resume: there is no run {want!r} (the last ones: {last}). Give its id, auto or never")


def _interrupted(run: Run, now: float) -> bool:
    return not run.ended and not run.stopped and now - run.last < RESUME_WITHIN_S


def remaining(run: Run | None, hosts: Sequence[str]) -> tuple[str, ...]:
    """Return the hosts that are still to be rolled out: all but those that are done and not half taken back."""
    if run is None:
        return tuple(hosts)
    done = {name for name, host in run.hosts.items() if host.state in FINISHED and not host.undoing}
    return tuple(host for host in hosts if host not in done)


def to_take_back(run: Run) -> tuple[tuple[str, ...], ...]:
    """Return the touched hosts of a stopped run in batches, the last wave first; none when it did not stop.

    `wave` means the last wave that touched a host, `all` every wave, those of earlier attempts included. The batches
    are those of the rollout, since so many hosts at once were thought bearable then.
    """
    if not run.stopped or run.stands or run.take_back == "none":
        return ()
    batches: dict[tuple[int, int], list[str]] = {}
    for name, host in run.hosts.items():
        if host.touched and host.state not in ("stuck", OPTED_OUT):
            batches.setdefault((host.attempt, host.wave), []).append(name)
    newest_first = tuple(tuple(batches[key]) for key in sorted(batches, reverse=True))
    return newest_first[:1] if run.take_back == "wave" else newest_first


def verdict(run: Run) -> Verdict:
    """Return the verdict: ok when every host is done (or was before), whatever the limit tolerated."""
    counts = {state: len(run.in_state(state)) for state in dict.fromkeys(host.state for host in run.hosts.values())}
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    ok = not run.stopped and set(counts) <= {*FINISHED, OPTED_OUT}
    if ok and set(counts) == {OPTED_OUT}:
        return Verdict(True, f"nothing to do, no host takes part: {told}")
    if ok:
        who = "every host that takes part" if OPTED_OUT in counts else "every host"
        return Verdict(True, f"{who} is done: {told}")
    return Verdict(False, f"stopped: {run.stopped}; {told}" if run.stopped else f"not every host is done: {told}")


def why_failed(result: Mapping[str, Any], task: str = "") -> str:
    """Return one line that says why a task failed, from its result; of a loop, why its first failed item did."""
    failed = [item for item in result.get("results") or () if isinstance(item, dict) and item.get("failed")]
    source = failed[0] if failed else result
    message = str(source.get("msg") or source.get("stderr") or source.get("module_stderr") or "no message")
    line = WRAPPED.sub("", " ".join(message.split()))
    line = line if len(line) <= WHY_LENGTH else line[: WHY_LENGTH - 1] + "…"
    return f"{task}: {line}" if task else line


def may_return(host: Host, result: Mapping[str, Any], *, has_checks: bool) -> bool:
    """Return whether a failed host, drained or half drained, may try to return to its load balancer.

    Yes when nothing of it was touched yet. Not when its change says that it could not be undone. Otherwise when the
    change undid itself and verified that, or when checks can tell that the host is well.
    """
    if not host.locked or host.spared:
        return False
    if not host.touched:
        return True
    undone = result.get("undone")
    return undone is not False and (undone is True or has_checks)
