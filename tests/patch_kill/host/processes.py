"""The processes that change packages on this host, found by what they are."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import NamedTuple

APT, DPKG, SCRIPT, MODULE = "apt-get", "dpkg", "script", "module"
SCRIPTS = ("/var/lib/dpkg/info/", "/var/lib/dpkg/tmp.ci/")


class Process(NamedTuple):
    """One process, with what it is to us: one of the names above, or ""."""

    pid: int
    parent: int
    argv: tuple[str, ...]

    @property
    def kind(self) -> str:
        name = os.path.basename(self.argv[0])
        if name == APT and "install" in self.argv and "-s" not in self.argv:
            return APT
        if name == DPKG and "--status-fd" in self.argv:
            return DPKG
        if any(word.startswith(SCRIPTS) for word in self.argv):
            return SCRIPT
        # With pipelining Ansible hands a module over on the standard input.
        return MODULE if self.argv == ("/usr/bin/python3",) else ""


def all_of(kind: str) -> list[Process]:
    """Return the running processes of that kind."""
    return [one for one in _every() if one.kind == kind]


def _every() -> Iterator[Process]:
    for name in os.listdir("/proc"):
        # Many have ended before we come to read them.
        with contextlib.suppress(OSError, IndexError):
            if name.isdigit():
                with open(f"/proc/{name}/cmdline", encoding="utf-8", errors="replace") as file:
                    argv = tuple(file.read().rstrip("\0").split("\0"))
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
                yield Process(int(name), parent, argv)
