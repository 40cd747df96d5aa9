# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Take the steps that touch packages: exact versions, marks and holds kept, whichever package manager does it.

A package manager cannot be turned back half-way, so an interrupted step is finished: what is unpacked gets configured,
then the step is taken once more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .._errors import CommandFailed
from .._host import dpkg
from .._host.run import Completed
from . import archives, by_apt, by_dnf
from .journal import Entry
from .steps import Step
from .world import World

SAID = 1500
INSTALLED, CONFIG_FILES, HALF_INSTALLED = by_apt.INSTALLED, by_apt.CONFIG_FILES, by_apt.HALF_INSTALLED
_MANAGERS: Mapping[str, Any] = {"apt": by_apt, "dnf": by_dnf}


def _manager(step: Step) -> Any:
    return _MANAGERS[step.args.get("manager", "apt")]


def survey(steps: Sequence[Step]) -> Mapping[str, Any] | None:
    """Return the installed versions, the state of what is not quite there, marks and holds; None without a package step."""
    step = next((step for step in steps if step.kind == "package"), None)
    if step is None:
        return None
    known = _manager(step).known()
    return {
        "installed": {name: version for name, (state, version) in known.items() if state == INSTALLED},
        "others": {name: state for name, (state, _version) in known.items() if state != INSTALLED},
        **_manager(step).marks(),
    }


def version_in(installed: Mapping[str, str], name: str) -> str:
    """Return the version of `name`, "" where it is not installed.

    dpkg may know it by name and architecture. Of several that stand side by side, each with its version in its name, it
    is that of the one that came last.
    """
    if name in installed:
        return installed[name]
    foreign = dpkg.foreign()
    found = [version for known, version in installed.items() if dpkg.own_name(known, foreign) == name]
    beside = [version for known, version in installed.items() if known == f"{name}-{version}"]
    return next(iter(found or reversed(beside)), "")


def stage(world: World, entry: Entry, store: str) -> None:
    """Bring what the step needs, and what its undo will, to the store of archives, before anything changes.

    Raise CommandFailed where what it brings cannot be had; what it replaces is saved as far as it can be, unless a way
    back is required: the plan has told what cannot.
    """
    args, manager = entry.step.args, _manager(entry.step)
    if not args.get("archived"):
        return
    bring = {name: version for name, version in args["packages"].items() if version}
    replaced = {name: version_in(entry.before["installed"], name) for name in args["packages"]}
    save = {name: version for name, version in replaced.items() if version}
    archives.prepare(world, store, [archives.stem(*pair) for pair in (*bring.items(), *save.items())])
    if archives.missing(store, bring):
        manager.fetch(world, store, archives.missing(store, bring))
    _save(world, store, archives.missing(store, save), args.get("lost", ()), manager)
    world.sync(store)
    unsaved = archives.missing(store, save)
    if unsaved and args.get("way_back"):
        told = ", ".join(f"{name} {version}" for name, version in sorted(unsaved.items()))
        raise CommandFailed(f"a way back is required, and nothing could be had to return to of {told}")


def _save(world: World, store: str, wanted: Mapping[str, str], lost: Sequence[str], manager: Any) -> None:
    """Save what is installed: from repositories in one go, and packed anew what is `lost` to them."""
    there = {name: version for name, version in wanted.items() if name not in lost}
    with contextlib.suppress(CommandFailed):
        if there:
            manager.fetch(world, store, there)
    for name, version in archives.missing(store, wanted).items():
        manager.pack(world, store, name, version)


def apply(world: World, entry: Entry, store: str) -> None:
    """Install or remove exactly what the step names; raise CommandFailed with the package manager's own words."""
    step, manager = entry.step, _manager(entry.step)
    timeout_s = float(step.args["timeout_s"])
    if step.args["action"] == "remove":
        _must(manager.remove(world, sorted(step.args["packages"]), timeout_s=timeout_s))
    elif words := _words(entry, store, manager.known()):
        answer = step.args.get("config_files", "keep")
        _must(manager.install(world, words, config_files=answer, release_held=False, timeout_s=timeout_s))
    _keep_marks(world, entry)


def _words(entry: Entry, store: str, now: Mapping[str, tuple[str, str]]) -> list[str]:
    """Return what is asked for: by archive where the step brought them, so that it is these and no network is needed.

    What an interrupted run has brought already is not asked for again. Raise CommandFailed where another one has changed
    what this was planned for: older archives would take it back.
    """
    asked = entry.step.args["packages"]
    if not entry.step.args.get("archived"):
        return [name + (f"={version}" if version else "") for name, version in sorted(asked.items())]
    there = {name: version for name, (state, version) in now.items() if state == INSTALLED}
    found = {name: version_in(there, name) for name in asked}
    moved = [
        f"{name} is {found[name]} now" for name in sorted(asked) if found[name] and _is_others(entry, name, found[name])
    ]
    if moved:
        raise CommandFailed(f"somebody else has changed packages meanwhile: {', '.join(moved)}; make a new plan")
    bring = {name: version for name, version in asked.items() if version and found[name] != version}
    return archives.words(store, bring) + [f"{name}-" for name in sorted(asked) if not asked[name]]


def _is_others(entry: Entry, name: str, version: str) -> bool:
    """Tell whether somebody else brought the package to this version: it is neither the one before the step nor the step's."""
    return version not in (version_in(entry.before["installed"], name), entry.step.args["packages"][name])


def repair(world: World, steps: Sequence[Step]) -> None:
    """End what was interrupted; waits while another one, such as an orphan of ours, still works.

    What it cannot end by itself the step does, which is taken once more.
    """
    for step in steps:
        if step.kind == "package":
            _repair(world, _manager(step))
            return


def _repair(world: World, manager: Any) -> None:
    settled = manager.repair(world)
    if manager.is_busy(settled):
        raise CommandFailed(f"another package manager is still at work: {settled.explain()}")


def undo(world: World, entry: Entry, store: str) -> str | None:
    """Put back what was replaced or removed, purge what is newly installed; return a remark where it cannot be.

    Neither the store nor an archive having the former version is the usual reason. What was half installed before the
    step is not ours to purge; of what had left its configuration, that stays.
    """
    step, manager = entry.step, _manager(entry.step)
    # A package whose own script fails cannot be configured; it is purged all the same.
    _repair(world, manager)
    timeout_s = float(step.args["timeout_s"])
    now = manager.known()
    left, moved = not_ours(entry, now)
    purge, remove, back = way_back(entry.before, now, left=left)
    halves = [name for name in purge if now[name][0] == HALF_INSTALLED]
    if halves:
        # Stopped at their first unpacking. Beside them apt plans nothing, unless it has an archive of theirs at hand.
        manager.drop(world, halves, purge=True, timeout_s=timeout_s)
    going = [name for name in (*purge, *remove) if name not in halves]
    remark = _bring_back(world, manager, back, going, store, timeout_s) if back else ""
    for names, gone in ((purge, True), (remove, False)):
        done = manager.drop(world, names, purge=gone, timeout_s=timeout_s) if names else None
        # What could not go back may well need it.
        if done and not remark:
            _must(done)
    mark_back(world, manager, entry.before, set(step.args["packages"]) if step.args.get("archived") else None)
    return "; ".join(filter(None, (remark, moved))) or None


def not_ours(entry: Entry, now: Mapping[str, tuple[str, str]]) -> tuple[frozenset[str], str]:
    """Return what the way back leaves alone, and a remark on what of it somebody else has brought elsewhere meanwhile.

    A step with archives names all that it touches. What came beside it since, on a host that lay half-way for a day, is
    somebody's work. Of another step nobody knows what came along for its sake.
    """
    asked, was, foreign = entry.step.args["packages"], entry.before["installed"], dpkg.foreign()
    if not entry.step.args.get("archived"):
        return frozenset(), ""
    touched = {*asked, *(f"{name}-{version}" for name, version in asked.items())}
    beside = {name for name in (*was, *now) if dpkg.own_name(name, foreign) not in touched}
    moved = {
        name: version
        for name, (state, version) in now.items()
        if state == INSTALLED
        and name not in beside
        and version not in (was.get(name), asked.get(dpkg.own_name(name, foreign), version))
    }
    told = ", ".join(f"{name} {version}" for name, version in sorted(moved.items()))
    return frozenset(beside | set(moved)), f"left as somebody else has made them meanwhile: {told}" if told else ""


def _bring_back(
    world: World, manager: Any, back: Mapping[str, str], going: Sequence[str], store: str, timeout_s: float
) -> str:
    """Install the former versions, and in the same breath remove what goes: what needs it now would be dragged along."""
    words = [*archives.words(store, back), *(f"{name}-" for name in going)]
    done = manager.install(world, words, config_files="keep", release_held=True, timeout_s=timeout_s)
    now = manager.known()
    left = " ".join(f"{name}={version}" for name, version in back.items() if now.get(name) != (INSTALLED, version))
    return f"packages that could not return to their former version: {left} ({done.explain()})" if left else ""


def way_back(
    before: Mapping[str, Any], now: Mapping[str, tuple[str, str]], left: Collection[str] = ()
) -> tuple[list[str], list[str], dict[str, str]]:
    """Return what to purge, what to remove and which versions to install, to come from `now` to `before` but for `left`."""
    was, others = before["installed"], before["others"]
    there = [name for name, (state, _version) in now.items() if state != CONFIG_FILES and name not in {*was, *left}]
    back = {
        name: version
        for name, version in sorted(was.items())
        if now.get(name) != (INSTALLED, version) and name not in left
    }
    purge = sorted(name for name in there if name not in others)
    remove = sorted(name for name in there if others.get(name) == CONFIG_FILES)
    return purge, remove, back


def mark_back(world: World, manager: Any, before: Mapping[str, Any], of: Collection[str] | None = None) -> None:
    """Give marks and holds back as they were: what had to be asked for by name is now marked as asked for.

    Where `of` is given, to these packages alone.
    """
    now = manager.marks()
    there = _plain(before["installed"])
    of = there if of is None else _plain(of)
    manager.mark(world, "auto", (_plain(before["auto"]) - _plain(now["auto"])) & there & of)
    held, holds = _plain(before.get("hold", ())), _plain(now["hold"])
    manager.mark(world, "hold", (held - holds) & of)
    manager.mark(world, "unhold", (holds - held) & there & of)


def _plain(names: Any) -> set[str]:
    """The tools tell one and the same package with and without its architecture."""
    return {name.split(":", 1)[0] for name in names}


def _keep_marks(world: World, entry: Entry) -> None:
    """What is asked for by name is marked so; what was automatic stays automatic, and what comes along becomes it."""
    args, there, auto = entry.step.args, entry.before["installed"], set(entry.before["auto"])
    again = {name for name in args["packages"] if name in auto and version_in(there, name)}
    _manager(entry.step).mark(world, "auto", again | set(args.get("along", ())))


def _must(done: Completed) -> None:
    if done.rc != 0:
        # What the packages' own scripts said is in the output; apt's errors tell no more than that they failed.
        raise CommandFailed(done._replace(err=f"{done.out[-SAID:]}\n{done.err}").explain())
