"""Runs on the hardened host: reads controls as JSON, prints the names of those that do not hold."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any, Callable


def said(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout


def has(path: str, pattern: str) -> bool:
    with open(path, encoding="utf-8") as file:
        return bool(re.search(pattern, file.read(), re.MULTILINE))


def at_most(path: str, mode: str) -> bool:
    return not os.path.exists(path) or not os.stat(path).st_mode & 0o7777 & ~int(mode, 8)


def is_installed(package: str) -> bool:
    return said("dpkg-query", "-W", "-f", "${db:Status-Status}", package) == "installed"


JUDGES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "sshd": lambda one: f"\n{one['sshd']}\n".lower() in "\n" + said("sshd", "-T").lower(),
    "has": lambda one: has(one["file"], one["has"]),
    "at_most": lambda one: at_most(one["file"], one["at_most"]),
    "absent": lambda one: not os.path.lexists(one["absent"]),
    "package": lambda one: is_installed(one["package"]) is one["installed"],
    "unit": lambda one: said("systemctl", "is-enabled", one["unit"]).strip() == one["is"],
    "script": lambda one: subprocess.run(["sh", "-c", one["script"]], check=False, capture_output=True).returncode == 0,
    "left_out": lambda one: bool(one["left_out"]),
}


def holds(control: dict[str, Any]) -> bool:
    """A control that has a key of JUDGES is judged by it."""
    try:
        return next(judge(control) for key, judge in JUDGES.items() if key in control)
    except OSError:
        return False


def main() -> None:
    told = json.load(sys.stdin)
    with open("/etc/sysctl.d/99-zz-groundcrew-hardening.conf", encoding="utf-8") as file:
        lines = file.read().splitlines()
    failed = [f"sysctl {key}" for key, value in told["sysctl"].items() if f"{key} = {value}" not in lines]
    failed += [control["control"] for control in told["controls"] if not holds(control)]
    json.dump(failed, sys.stdout)


main()
