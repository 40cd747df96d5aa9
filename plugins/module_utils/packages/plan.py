# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Plan repositories, packages, marks and holds as one transaction, from what apt foretells: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import _managed
from .._host import checks
from .._host.apt_get import Change, Record
from .._host.dpkg import CONFIG_FILES
from .._managed import Managed
from .._transaction import steps
from .._transaction.steps import FINISH, Plan, Step
from ..service_config import diff
from . import memory, mend
from .memory import MANIFEST, WAS_ABSENT, WAS_AUTOMATIC, Memory, Past, Replaced
from .need import LIFELINES, Host, departed
from .refuse import refuse
from .repositories import Filed
from .state import Have
from .succession import bringers, heirs
from .want import Package, Want, names_of

DPKG_S = 1800
LIFELINE = "this host is managed through it: it stays, unless it is listed with state absent"
NEEDED = "something that stays needs it: it stays, marked as automatic"


def plan(want: Want, have: Have) -> Plan:
    """Return the one transaction; raise BadInput where it would take away what is not listed."""
    refuse(want, have)
    after = remembered(want, have)
    managed = _managed_after(have.host, have.need.files, after)
    return Plan(
        "packages",
        (
            *_mend(have.host),
            *have.need.files.steps,
            *_package_steps(want, have),
            *_record(have.host, managed),
        ),
        checks=_checks(have.forecast.changes),
        diff=(*_diff_of_packages(have.forecast.changes), *_diff_of_files(have.host, have.need.files)),
        summary=_summary(want, have),
    )


def _mend(host: Host) -> tuple[Step, ...]:
    if not host.interrupted:
        return ()
    return mend.apt(broken=host.broken, half=host.half)


def _package_steps(want: Want, have: Have) -> tuple[Step, ...]:
    host, need, forecast = have.host, have.need, have.forecast
    versions = {change.name: change.after for change in forecast.changes}
    going = sorted({*need.remove, *forecast.gone, *_heirs(want, have)})
    install = {name: versions[name] for name in (*need.install, *forecast.back) if name in versions}
    free = _unhold(want, have)
    return (
        *_mark("unhold", free, back="hold"),
        *_change(install, going),
        *_mark("manual", _to_manual(want, host), back="auto"),
        *_mark("auto", _to_automatic(have), back="manual"),
        *_purge(want, have, going),
        *_mark("hold", _hold(want, host, free), back="unhold"),
    )


def _heirs(want: Want, have: Have) -> dict[str, str]:
    return heirs(want, have.host, have.forecast.changes, have.forecast.records)


def _change(install: Mapping[str, str], going: Sequence[str]) -> tuple[Step, ...]:
    if not install:
        return (steps.package("remove", dict.fromkeys(going, "")),) if going else ()
    # One call, as it was foretold: apt would fill the gap that a removal before it leaves with something else.
    return (steps.package("install", {**install, **{f"{name}-": "" for name in going}}),)


def _mark(action: str, names: Iterable[str], *, back: str) -> tuple[Step, ...]:
    marked = sorted(names)
    return (steps.argv(["apt-mark", action, *marked], undo=["apt-mark", back, *marked]),) if marked else ()


def _unhold(want: Want, have: Have) -> set[str]:
    """Return what is to be held no more, or has to be let go for a change that the list itself asks for."""
    host = have.host
    free = {one.name for one in want.packages if one.held is False}
    free |= {name for name in departed(want, host) if host.memory.past.get(name, Past()).held is False}
    free |= {*have.need.install, *have.need.remove, *have.forecast.gone}
    return {name for name in free if host.is_held(name) and host.is_there(name)}


def _hold(want: Want, host: Host, freed: set[str]) -> set[str]:
    hold = {one.name for one in want.present if one.held and (not host.is_held(one.name) or one.name in freed)}
    hold |= {one.name for one in want.present if one.held is None and one.name in freed}
    back = {name for name in departed(want, host) if host.memory.past.get(name, Past()).held is True}
    return hold | {name for name in back if host.is_there(name) and not host.is_held(name)}


def _to_manual(want: Want, host: Host) -> set[str]:
    return {one.name for one in want.present if host.is_there(one.name) and one.name in host.automatic}


def _to_automatic(have: Have) -> set[str]:
    left = {name for name in (*have.need.leaving, *have.need.demoted) if name not in have.host.automatic}
    replaced = have.host.memory.replaced
    return left - have.forecast.lost | {name for name in have.forecast.back if replaced[name].automatic}


def _purge(want: Want, have: Have, going: Sequence[str]) -> tuple[Step, ...]:
    """Return the step that takes the configuration of what goes, or went earlier and left it."""
    asked = {one.name for one in want.absent if one.purge}
    asked |= {name for name in have.forecast.gone if have.host.memory.past.get(name, Past()).purge}
    brought = {name: have.host.memory.brought.get(name, frozenset()) for name in have.forecast.gone}
    # So does what came along for their sake alone.
    asked |= {name for name, by in brought.items() if by and by <= asked}
    known = have.host.known
    names = sorted(name for name in asked if name in going or (name in known and known[name].state == CONFIG_FILES))
    # Safe to run again: dpkg only warns of what is gone already.
    return (steps.argv(["dpkg", "--purge", *names], recovery=FINISH, timeout_s=DPKG_S),) if names else ()


def remembered(want: Want, have: Have) -> Memory:
    """Return what we know once the plan stands."""
    host, old = have.host, have.host.memory
    absent = names_of(want.absent)
    gone = {*absent, *departed(want, host)}
    past = {name: told for name, told in old.past.items() if name not in gone}
    past.update((one.name, _past(one, host, old)) for one in want.present)
    listed = names_of(want.present) | (
        frozenset() if want.purge_unlisted else old.lists.get(want.name, frozenset()) - absent
    )
    sources = frozenset(one.name for one in want.repositories if one.state == "present")
    if not want.purge_unlisted:
        sources |= old.sources.get(want.name, frozenset()) - names_of(want.repositories)
    return Memory(
        {**{other: names - absent for other, names in old.lists.items()}, want.name: listed},
        {**old.sources, want.name: sources},
        past,
        _brought(want, have),
        _replaced(want, have),
    )


def _brought(want: Want, have: Have) -> dict[str, frozenset[str]]:
    forecast = have.forecast
    new = bringers(forecast.changes, forecast.records, names_of(want.present))
    # What comes back was the host's own.
    away = {*forecast.back, *forecast.lost}
    return {name: by for name, by in {**have.host.memory.brought, **new}.items() if name not in away}


def _replaced(want: Want, have: Have) -> dict[str, Replaced]:
    """Return what has made place and is to come back: what was the host's own, and that for which it made place stays."""
    host, old = have.host, have.host.memory
    found = _heirs(want, have)
    ours = {*names_of(want.absent), *have.forecast.gone, *old.brought}
    replaced = {name: one._replace(by=found.get(one.by, one.by)) for name, one in old.replaced.items()}
    replaced.update((name, Replaced(by, _was_automatic(name, host))) for name, by in found.items() if name not in ours)
    coming = {change.name for change in have.forecast.changes if change.after}
    there = {name for name in host.known if host.is_there(name)} - have.forecast.lost | coming
    return {
        name: one for name, one in replaced.items() if one.by in there and name not in there | names_of(want.packages)
    }


def _was_automatic(name: str, host: Host) -> bool:
    return name in host.automatic or host.memory.past.get(name, Past()).was == WAS_AUTOMATIC


def _past(one: Package, host: Host, old: Memory) -> Past:
    known = old.past.get(one.name, Past())
    return Past(known.was or _was(one.name, host, old), _held_before(one, host, known), one.purge)


def _was(name: str, host: Host, old: Memory) -> str:
    if name in old.replaced:
        # It is not there since it had made place for another.
        return WAS_AUTOMATIC if old.replaced[name].automatic else ""
    if not host.is_there(name):
        return WAS_ABSENT
    return WAS_AUTOMATIC if name in host.automatic else ""


def _held_before(one: Package, host: Host, known: Past) -> bool | None:
    if one.held is None:
        return None
    changes = known.held is None and one.held != host.is_held(one.name)
    return host.is_held(one.name) if changes else known.held


def _managed_after(host: Host, filed: Filed, after: Memory) -> Managed:
    left = host.managed._replace(
        files={path: one for path, one in host.managed.files.items() if path not in filed.gone}
    )
    ours = [step for step in filed.steps if step.kind in ("write", "remove") and step.target not in filed.gone]
    return _managed.adopt(left, ours, host.files)._replace(facts=memory.dump(after))


def _record(host: Host, managed: Managed) -> tuple[Step, ...]:
    return _managed.record(MANIFEST, host.managed, managed)


def _checks(changes: Sequence[Change]) -> tuple[checks.Check, ...]:
    return (checks.packages({change.name: change.after for change in changes}),) if changes else ()


def _diff_of_packages(changes: Sequence[Change]) -> tuple[Mapping[str, str], ...]:
    if not changes:
        return ()
    ordered = sorted(changes)
    before = "".join(f"{change.name} {change.before}\n" for change in ordered if change.before)
    after = "".join(f"{change.name} {change.after}\n" for change in ordered if change.after)
    return ({"before_header": "packages", "after_header": "packages", "before": before, "after": after},)


def _diff_of_files(host: Host, filed: Filed) -> tuple[Mapping[str, str], ...]:
    return tuple(diff.of_content(host.files[path], content, sensitive=False) for path, content in filed.overlay.items())


def _summary(want: Want, have: Have) -> dict[str, Any]:
    told = [_told(change, have) for change in sorted(have.forecast.changes)]
    return {
        "packages": told,
        "download_bytes": sum(one["download_bytes"] for one in told),
        "disk_bytes": sum(one["installed_bytes"] - one["replaced_bytes"] for one in told),
        "interrupted": list(have.host.interrupted),
        "replaced": _heirs(want, have),
        "kept": _kept(want, have),
    }


def _told(change: Change, have: Have) -> dict[str, Any]:
    size = have.forecast.records.get(change.name, Record()) if change.after else Record()
    known = have.host.known.get(change.name)
    return {
        "name": change.name,
        "from": change.before,
        "to": change.after,
        "download_bytes": size.download,
        "installed_bytes": size.installed,
        "replaced_bytes": 1024 * known.kib if known and change.before else 0,
    }


def _kept(want: Want, have: Have) -> dict[str, str]:
    host = have.host
    kept = dict.fromkeys(have.need.files.kept, "somebody has edited it since: it stays, and is no longer ours")
    kept.update((name, NEEDED) for name in have.need.leaving if name not in have.forecast.gone)
    ours = [name for name in departed(want, host) if host.memory.past.get(name, Past()).was == WAS_ABSENT]
    kept.update((name, LIFELINE) for name in ours if name in LIFELINES and host.is_there(name))
    return kept
