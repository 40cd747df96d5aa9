"""What must hold of a host on which an update was killed in the middle: each complaint is a sentence."""

from __future__ import annotations

import contextlib
import random
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ansible_collections.groundcrew.fleet.tests.patch_kill.case import (
    APT,
    BOTH,
    CONTROLLER,
    DPKG,
    LOCK,
    MODULE,
    ORPHAN,
    POWER,
    REBOOT,
    ROLLOUT,
    SCRIPT,
    TTL_S,
    TWICE,
    VICTIMS,
    Case,
    Normal,
    Story,
    look,
    play,
    take_back,
)

SEED = 20261125
SCRIPTS = (
    "kill-before.prerm",
    "kill-before.preinst",
    "kill-before.postinst",
    "kill-slow.postinst",
    "kill-app.postinst",
)
# Some milliseconds only, and apt plans nothing beside it: a package that was not there before is half unpacked.
HALF_NEW = "log:half-installed kill-fresh"
ATTEMPTS = 3
NOBODY = "nobody holds this host"
SAME = ("packages", "hold", "auto", "config")
EMPTY = ("audit", "check", "updates", "journal", "quarantined", "at_work")


def whole(found: Mapping[str, Any], expected: Mapping[str, Any], *, locked_s: float = 0) -> Iterator[str]:
    """Yield what is not as expected, or not in order; a lock may be left that ends by itself within `locked_s`."""
    yield from (f"{key} is {found[key]}, not {expected[key]}" for key in SAME if found[key] != expected[key])
    yield from (f"{key}: {found[key]}" for key in EMPTY if found[key])
    left = re.search(r"for (\d+) s more at most$", found["lock"])
    if not found["flock_is_free"] or (found["lock"] != NOBODY and not (left and int(left[1]) <= locked_s)):
        yield f"the host is still locked: {found['lock']}"
    if found["service"] != "active":
        yield f"the service is {found['service']}"


def overlaps(marks: Sequence[str], killed: Iterable[int]) -> Iterator[str]:
    """Yield the scripts that began while another one had not ended, and could have: it was not killed, nor its host."""
    open_ones: dict[tuple[str, str], str] = {}
    dead = {str(pid) for pid in killed}
    for mark in marks:
        what, name, pid, life, _when = mark.split()
        if what == "end":
            open_ones.pop((pid, life), None)
            continue
        alive = [one for (other, its_life), one in open_ones.items() if other not in dead and its_life == life]
        yield from (f"{name} began while {one} still ran" for one in alive)
        open_ones[pid, life] = name


def late(story: Story) -> bool:
    """Tell whether dpkg had gone on when it was killed: what it writes is its last word for some milliseconds only."""
    what, _colon, value = story.case.at.partition(":")
    return what == "log" and value not in story.struck["doing"]


def complaints(story: Story, normal: Normal) -> list[str]:
    """Return all that does not hold."""
    case, first, second = story.case, story.first, story.second
    found = []
    if case.kind in VICTIMS and not story.struck["killed"]:
        found.append("nothing was killed")
    if story.between and first["rc"] == 0:
        found += [f"between the runs: {one}" for one in whole(story.between, normal.new)]
    if story.between and first["rc"] != 0:
        found += [f"between the runs: {one}" for one in whole(story.between, normal.old)]
        found += [] if first.get("undone") else [f"the first run told no undo: {first.get('msg') or first['said']}"]
    if late(story):
        found.append(f"killed too late, {ATTEMPTS} times")
    if case.kind in (ROLLOUT, LOCK) and story.lock == NOBODY:
        found.append("the dead rollout had not locked the host")
    if second["rc"] != 0:
        found.append(f"the next run failed: {second.get('msg') or second['said']}")
    # A resumed rollout leaves a host alone whose update the dead one's module has finished by itself.
    locked_s = TTL_S if case.kind == ROLLOUT else 0
    found += [f"after the next run: {one}" for one in whole(story.after, normal.new, locked_s=locked_s)]
    found += [f"after the next run the service has mapped {one}" for one in story.after["replaced_code"]]
    found += overlaps(story.after["marks"], [pid for _kind, pid, _argv in story.struck["killed"]])
    return found + [f"after the way back: {one}" for one in whole(story.back, normal.old)]


def tell(story: Story) -> str:
    """Return one line about a case."""
    recovered = [one["result"] for one in story.second.get("recovered", ())]
    ledger = [line.split(" ", 1)[0] for line in story.after["ledger"]]
    during = f"{story.struck['doing']}{', ' + story.struck['script'] if story.struck['script'] else ''}"
    first = "undone" if story.first.get("undone") else f"rc {story.first['rc']}"
    return (
        f"killed: {story.case} ({during}): first {first} in {story.seconds[0]} s; next recovered {recovered or 'nothing'} "
        f"in {story.seconds[1]} s; ledger {' '.join(ledger)}"
    )


def moments(lines: int, count: int, draw: random.Random) -> list[tuple[str, float]]:
    """Return so many moments all over dpkg's work, each a little later than a line of its log."""
    spots = [1 + round((lines - 3) * number / max(count - 1, 1)) for number in range(count)]
    return [(f"lines:{spot}", draw.uniform(0, 0.12)) for spot in spots]


def short(lines: int) -> list[Case]:
    """Return a case of each kind, most at moments by chance."""
    draw = random.Random(SEED)
    spots = moments(lines, 12, draw)
    draw.shuffle(spots)
    script = draw.choice(SCRIPTS)
    return [
        Case("old", DPKG, *spots[0]),
        Case("new", BOTH, HALF_NEW),
        Case("old", ORPHAN, "script:kill-slow.postinst", 0.2),
        Case("new", APT, *spots[2]),
        Case("old", REBOOT, *spots[3]),
        Case("new", POWER, *spots[4]),
        Case("old", SCRIPT, f"script:{script}", 0.05),
        Case("new", MODULE, *spots[5]),
        Case("old", ROLLOUT, *spots[6]),
        Case("new", LOCK, *spots[7]),
    ]


def everywhere(lines: int) -> list[Case]:
    """Return 20 moments for each of dpkg, apt-get and both, and several for all the rest."""
    draw = random.Random(SEED)
    found = [(kind, at, then) for kind in (DPKG, APT, BOTH) for at, then in moments(lines, 20, draw)]
    found += [(kind, f"script:{name}", 0.05) for kind in (SCRIPT, ORPHAN) for name in SCRIPTS]
    for kind in (MODULE, CONTROLLER, REBOOT, POWER, ROLLOUT):
        found += [
            (kind, "journal", 0.0),
            *((kind, at, then) for at, then in moments(lines, 4, draw)),
            (kind, "applied", 0.0),
        ]
    found += [(TWICE, at, then) for at, then in moments(lines, 4, draw)]
    found += [(kind, HALF_NEW, then) for kind in (DPKG, BOTH, ORPHAN, TWICE) for then in (0.0, 0.001)]
    found.append((LOCK, "lines:20", 0.0))
    draw.shuffle(found)
    return [Case(("old", "new")[number % 2], *one) for number, one in enumerate(found)]


def play_all(cases: Sequence[Case], normal: Mapping[str, Normal], records: Path) -> dict[Case, Story | AssertionError]:
    """Play the cases, those of one host one after the other."""

    def of_host(host: str) -> dict[Case, Story | AssertionError]:
        told: dict[Case, Story | AssertionError] = {}
        for number, case in enumerate(cases):
            if case.host == host:
                told[case] = _played(case, normal[host], number, records / str(number))
        return told

    with ThreadPoolExecutor() as threads:
        return {case: story for told in threads.map(of_host, normal) for case, story in told.items()}


def _played(case: Case, normal: Normal, number: int, records: Path) -> Story | AssertionError:
    try:
        for attempt in range(ATTEMPTS):
            story = play(case, normal, number * ATTEMPTS + attempt, records / str(attempt))
            if not late(story):
                break
    except AssertionError as error:
        _say(f"killed: {case}: {str(error)[-1500:]}")
        # The next case is not to suffer for it.
        with contextlib.suppress(AssertionError):
            take_back(case.host, look(case.host)["runs"])
        return error
    _say(tell(story))
    for complaint in complaints(story, normal):
        _say(f"        {complaint}")
    return story


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
