"""Wait on this host for a moment of an update, kill what is named, and leave in /srv/struck what was going on.

The moment is that of dpkg's log having so many lines more, of a script having begun, or of a mark in the journal: a
busy machine does not shift it.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import signal
import sys
import time
from collections.abc import Callable

from . import processes

LOG, MARKS, JOURNAL = "/var/log/dpkg.log", "/srv/marks", "/var/lib/groundcrew/journal"
TOLD = "/srv/struck"
WAIT_S, PAUSE_S = 60, 0.003


def lines(path: str) -> list[str]:
    """Return the whole lines of the file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().split("\n")[:-1]
    except FileNotFoundError:
        return []


def reached(at: str) -> Callable[[], bool]:
    """Return what tells whether the moment has come: `lines:N`, `log:TEXT`, `script:NAME`, `journal` or `applied`."""
    what, _colon, value = at.partition(":")
    if what == "lines":
        wanted = len(lines(LOG)) + int(value)
        return lambda: len(lines(LOG)) >= wanted
    if what == "log":
        # A line is the last one for some milliseconds, in which a busy machine may not look.
        begun = len(lines(LOG))
        return lambda: any(value in line for line in lines(LOG)[begun:])
    if what == "script":
        return lambda: any(line.startswith(f"begin {value} ") for line in lines(MARKS)[-1:])
    if what == "journal":
        return lambda: bool(glob.glob(f"{JOURNAL}/*/plan.json"))
    return lambda: any('"applied"' in line for path in glob.glob(f"{JOURNAL}/*/log") for line in lines(path))


def wait(until: Callable[[], bool]) -> None:
    """Wait for it; end in the open when it does not come."""
    deadline = time.monotonic() + WAIT_S
    while not until():
        if time.monotonic() > deadline:
            sys.exit(f"the moment did not come within {WAIT_S} s; dpkg's last line: {lines(LOG)[-1:]}")
        time.sleep(PAUSE_S)


def kill(kinds: list[str]) -> list[processes.Process]:
    """Kill every process of these kinds, once there is one of each; the first named goes first."""
    found: dict[str, list[processes.Process]] = {}
    wait(lambda: all(found.update({kind: processes.all_of(kind)}) or found[kind] for kind in kinds))
    for kind in kinds:
        for one in found[kind]:
            os.kill(one.pid, signal.SIGKILL)
    return [one for kind in kinds for one in found[kind]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", required=True)
    parser.add_argument("--then", type=float, default=0, help="seconds after that")
    parser.add_argument("--kill", default="", help="kinds of processes, with commas between")
    options = parser.parse_args()
    moment = reached(options.at)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    wait(moment)
    time.sleep(options.then)
    killed = kill(options.kill.split(",")) if options.kill else []
    script = [line.split()[1] for line in lines(MARKS)[-1:] if line.startswith("begin")]
    told = {
        "killed": [[one.kind, one.pid, " ".join(one.argv)[:80]] for one in killed],
        "doing": " ".join(lines(LOG)[-1].split()[2:]),
        "script": "".join(script),
    }
    # A machine under load has been seen to lose the last words of an exec.
    with open(TOLD, "w", encoding="utf-8") as file:
        json.dump(told, file)


if __name__ == "__main__":
    main()
