# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Plan a switch: commands before it, the links, the service's files and its restart, and what follows once it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Callable, NamedTuple

from .. import _checks
from .._errors import BadInput
from .._host import checks
from .._transaction import steps
from .._transaction.steps import Plan, Step
from ..service_config import want as service_want
from ..service_config.state import Have as ServiceHave
from ..service_config.want import Want as ServiceWant
from . import command, record
from .record import Record
from .state import Have, Layout
from .want import Migration, Want, for_version

# service_config's own planner, with or without its validators.
Converge = Callable[[ServiceWant, ServiceHave], Plan]


class Switch(NamedTuple):
    """The transactions of a switch, and the record of the release that runs after it."""

    plans: tuple[Plan, ...]
    record: Record


def service_of(want: Want, known: Layout, target: str) -> ServiceWant:
    """Return what service_config is to bring about where `target` runs: the call's own files, and the two links."""
    verify = for_version(want.params.get("verify") or {}, target)
    links: list[dict[str, Any]] = [{"path": want.current, "link": f"releases/{target}"}]
    if want.state == "undone":
        links += [{"path": want.former, "state": "absent"}]
    elif known.active and known.active != target:
        links += [{"path": want.former, "link": f"releases/{known.active}"}]
    params = {**want.params, "verify": verify, "name": f"{want.app} {target}", "unit_state": "started"}
    # A reload would leave the process in the directory, and with the code, of the release before.
    params["on_change"] = params.get("on_change") or "restart" if known.active == target else "restart"
    params["files"] = [*(want.params.get("files") or ()), *links]
    wells = (*(checks.unit(name) for name in want.sockets), *_checks.checks_from(verify))
    return service_want.parse(params, want.contents, wells, rehearsal=want.rehearsal)


def activate(want: Want, have: Have, entry: Record, converge: Converge) -> Switch:
    """Return how the release of `entry`, staged or about to be, comes to run; nothing where all is as wanted.

    Raise BadInput where its data is to be contracted in the same call.
    """
    switching = have.layout.active != entry.version
    if switching:
        _refuse_contraction(want, entry)
    place = _place(want, have, entry.version)
    tries = switching and not entry.failed
    entry = entry._replace(failed=entry.failed or switching)
    tried = (_noting(want, entry, "try"),) if tries else ()
    before: tuple[Step, ...] = ()
    if switching:
        entry = _as_its_data_is(entry, have.layout.complete(have.layout.active))
        before = (*_hooks(place, want, "before"), *_expand(want, place, entry))
        entry = entry._replace(
            failed=False,
            activated_at=want.now,
            activated_by=want.run_id,
            expanded=(*entry.expanded, *(_remembered(one) for one in _unexpanded(want, entry))),
            hooks_due=bool(want.after_hooks),
            undo_due=False,
        )
    noted = (_note(want, entry),) if switching else ()
    main = _converged(want, have, entry.version, converge, before=before, after=noted)
    after, entry = _after(want, have, entry)
    contract, entry = _contract(want, have, entry)
    return Switch((*tried, main, *after, *contract), entry)


def _as_its_data_is(entry: Record, running: Record | None) -> Record:
    """Return the record with the migrations that the data has when this release comes to it.

    What predecessors have expanded is not expanded again, and stays when this one is taken back. An undo that came to no end
    leaves nobody knowing what is there: what has an undo is expanded anew.
    """
    if entry.undo_due:
        entry = entry._replace(expanded=tuple(one for one in entry.expanded if not one["undo"]))
    if running is None:
        return entry
    own = {one["name"] for one in entry.expanded}
    theirs = dict.fromkeys((*running.inherited, *(str(one["name"]) for one in running.expanded)))
    return entry._replace(inherited=tuple(name for name in theirs if name not in own))


def go_back(want: Want, have: Have, target: Record, converge: Converge) -> Switch:
    """Return how the former release comes to run again, and how the migrations of the one that it replaces are undone."""
    left = have.layout.complete(have.layout.active)
    target = target._replace(activated_at=want.now, activated_by=want.run_id)
    noted = [_note(want, target)]
    undone: tuple[Plan, ...] = ()
    if left is not None:
        left = left._replace(undo_due=any(one["undo"] for one in left.expanded), hooks_due=False)
        noted.append(_note(want, left))
        undone = undo_migrations(want, have, left)
    return Switch((_converged(want, have, target.version, converge, after=noted), *undone), target)


def undo_migrations(want: Want, have: Have, left: Record) -> tuple[Plan, ...]:
    """Return the plan that takes back what a release that was left has expanded; nothing where none is due."""
    if not left.undo_due:
        return ()
    place = _place(want, have, left.version)
    taken = [
        command.hook(place, one["undo"], user=want.user, timeout_s=float(one["timeout_s"]), label=f"undo-{one['name']}")
        for one in reversed(left.expanded)
        if one["undo"]
    ]
    remaining = tuple(one for one in left.expanded if not one["undo"])
    noted = _note(want, left._replace(expanded=remaining, undo_due=False))
    stays = f"{left.version} was left all the same; a call with state=undone and version={left.version} undoes its migrations"
    return (Plan(f"{want.app} {left.version}: undo its migrations", (*taken, noted), stays=stays),)


def _place(want: Want, have: Have, version: str) -> command.Place:
    return command.Place(want.app, version, want.release_path(version), want.environment_file, given=have.given)


def _note(want: Want, entry: Record) -> Step:
    return steps.write(want.record_path(entry.version), record.dump(entry), owner="root", group="root", mode=0o600)


def _noting(want: Want, entry: Record, what: str) -> Plan:
    return Plan(f"{want.app} {entry.version}: {what}", (_note(want, entry),))


def _converged(
    want: Want, have: Have, target: str, converge: Converge, *, before: Sequence[Step] = (), after: Sequence[Step]
) -> Plan:
    """Return service_config's plan with ours woven in: commands before the switch, sockets before the service."""
    drawn = converge(have.wanted, have.service)
    taken = list(drawn.steps)
    switch = next(
        (number for number, step in enumerate(taken) if step.target in (want.current, want.former)), len(taken)
    )
    taken[switch:switch] = before
    taken = _with_sockets(want, have, taken)
    wells = drawn.checks or (have.wanted.checks if taken else ())
    # What follows may fail, and then this still is what runs.
    told = {**drawn.summary, "to": target}
    return drawn._replace(steps=(*taken, *after), checks=wells, summary=told)


def _with_sockets(want: Want, have: Have, planned: list[Step]) -> list[Step]:
    """A socket comes before its service, and systemd starts none whose service runs without it."""
    changed = {step.target.rpartition("/")[2] for step in planned if step.kind in ("write", "link")}
    enabling = [name for name in want.sockets if not have.sockets[name].is_enabled]
    starting = {
        name: "restart" if have.sockets[name].is_active else "start"
        for name in want.sockets
        if name in changed or not have.sockets[name].is_active
    }
    if not (enabling or starting):
        return planned
    stops = bool(starting) and bool(want.unit) and have.service.unit.is_active
    ours = [
        *([steps.unit(want.unit, "stop")] if stops else []),
        *(steps.unit(name, "enable") for name in enabling),
        *(steps.unit(name, action) for name, action in starting.items()),
    ]
    of_unit = [number for number, step in enumerate(planned) if step.kind == "unit" and step.target == want.unit]
    first = of_unit[0] if of_unit else len(planned)
    woven = [*planned[:first], *ours, *planned[first:]]
    begins = any(planned[number].args["action"] != "enable" for number in of_unit)
    return [*woven, steps.unit(want.unit, "start")] if stops and not begins else woven


def _hooks(place: command.Place, want: Want, which: str) -> Iterable[Step]:
    for number, one in enumerate(want.before_hooks if which == "before" else want.after_hooks):
        yield command.hook(place, one.argv, user=one.user, timeout_s=one.timeout_s, label=f"{which}-{number}")


def _unexpanded(want: Want, entry: Record) -> list[Migration]:
    known = {*(one["name"] for one in entry.expanded), *entry.inherited}
    return [one for one in want.migrations if one.expand and one.name not in known]


def _expand(want: Want, place: command.Place, entry: Record) -> Iterable[Step]:
    for one in _unexpanded(want, entry):
        yield command.undoable(
            place, one.expand, one.undo, user=want.user, timeout_s=one.timeout_s, label=f"expand-{one.name}"
        )


def _remembered(one: Migration) -> dict[str, Any]:
    return {"name": one.name, "undo": list(one.undo), "timeout_s": one.timeout_s}


def _after(want: Want, have: Have, entry: Record) -> tuple[tuple[Plan, ...], Record]:
    """A transaction of its own: the release is well, and stays, whatever becomes of these."""
    if not entry.hooks_due:
        return (), entry
    done = entry._replace(hooks_due=False)
    taken = (*_hooks(_place(want, have, entry.version), want, "after"), _note(want, done))
    stays = f"{entry.version} runs and stays; the next call runs hooks.after again"
    return (Plan(f"{want.app} {entry.version}: what follows, with the release in place", taken, stays=stays),), done


def _refuse_contraction(want: Want, entry: Record) -> None:
    """Where nothing ran here before, the release before may still run as another instance with the same data."""
    names = ", ".join(one.name for one in _uncontracted(want, entry))
    if names:
        raise BadInput(
            f"contract is asked for together with the switch of {want.app} to {entry.version}: {names} would end the way back before "
            f"anybody knows whether {entry.version} is well; switch without contract, and contract in a later call"
        )


def _uncontracted(want: Want, entry: Record) -> list[Migration]:
    return [
        one
        for one in want.migrations
        if want.contract and one.contract and (one.name not in entry.contracted or one.name in entry.contract_due)
    ]


def _contract(want: Want, have: Have, entry: Record) -> tuple[tuple[Plan, ...], Record]:
    """It is noted first that there is no way back: half of a contraction ends it as well as the whole."""
    todo = _uncontracted(want, entry)
    if not todo:
        return (), entry
    names = tuple(one.name for one in todo)
    before = entry
    entry = entry._replace(contracted=tuple(dict.fromkeys((*entry.contracted, *names))), contract_due=names)
    plans = [_noting(want, entry, "no way back from here on")] if entry != before else []
    place = _place(want, have, entry.version)
    stays = f"{entry.version} runs and stays, without a way back; another call with contract takes it up again"
    for one in todo:
        entry = entry._replace(contract_due=tuple(name for name in entry.contract_due if name != one.name))
        step = command.hook(place, one.contract, user=want.user, timeout_s=one.timeout_s, label=f"contract-{one.name}")
        plans.append(Plan(f"{want.app} {entry.version}: contract {one.name}", (step, _note(want, entry)), stays=stays))
    return tuple(plans), entry
