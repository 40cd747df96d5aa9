"""Tell all about this host that an update may leave wrong, as one JSON object."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from . import processes
from .strike import JOURNAL, MARKS, lines

# Both come with the first transaction.
BASE, COMMAND = "/var/lib/groundcrew", "/usr/local/sbin/groundcrew"
FORM = "${binary:Package}\t${db:Status-Abbrev}\t${Version}\n"


def run(*argv: str) -> str:
    """Return what a command says, whichever way it ends."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}".strip()


def flock_is_free() -> bool:
    """Whether no process changes the host through us."""
    if not os.path.isdir(BASE):
        return True
    with open(f"{BASE}/flock", "a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def replaced_code() -> list[str]:
    """Return what the service has mapped although it is not on the disk any more."""
    pid = run("systemctl", "show", "--property=MainPID", "--value", "kill.service")
    return [line for line in lines(f"/proc/{pid}/maps") if "libkill" in line and "(deleted)" in line]


def changed_packages(line: Mapping[str, Any]) -> bool:
    """Whether this line of the ledger tells of packages that were changed, and stand so."""
    return line["result"] in ("done", "finished") and any(one["kind"] == "package" for one in line["changes"])


def main() -> None:
    rows = [line.split("\t") for line in run("dpkg-query", "-W", "-f", FORM, "kill-*").splitlines() if "\t" in line]
    # What was there when the case began is left out.
    ledger = [json.loads(line) for line in lines(f"{BASE}/ledger.jsonl")[len(lines("/srv/ledger")) :]]
    told = {
        "packages": {name: [state.strip(), version] for name, state, version in rows if state[1] != "n"},
        "hold": run("apt-mark", "showhold").split(),
        "auto": [name for name in run("apt-mark", "showauto").split() if name.startswith("kill-")],
        "audit": run("dpkg", "--audit"),
        "check": subprocess.run(["apt-get", "-qq", "check"], capture_output=True, text=True, check=False).stderr,
        "updates": os.listdir("/var/lib/dpkg/updates"),
        "journal": os.listdir(JOURNAL) if os.path.isdir(JOURNAL) else [],
        "quarantined": os.path.exists(f"{BASE}/quarantine"),
        "lock": run("groundcrew", "lock") if os.path.exists(COMMAND) else "nobody holds this host",
        "flock_is_free": flock_is_free(),
        "ledger": [f"{one['result']} {one['what']}" for one in ledger],
        "runs": list(dict.fromkeys(one["run_id"] for one in ledger if changed_packages(one))),
        "service": run("systemctl", "is-active", "kill.service"),
        "replaced_code": replaced_code(),
        "config": lines("/etc/kill-app.conf"),
        "at_work": [one.argv for kind in ("apt-get", "dpkg", "script") for one in processes.all_of(kind)],
        "marks": lines(MARKS),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
