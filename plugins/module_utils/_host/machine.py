# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Read what a machine is: distribution, size, kind, and which packages it has."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence

from .run import require, run

OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
PACKAGE_MANAGERS = (("apt", "/usr/bin/apt-get"), ("dnf", "/usr/bin/dnf"))


def os_release() -> dict[str, str]:
    """Return the fields of os-release, with their names as they stand there; {} where there is no such file."""
    for path in OS_RELEASE:
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                return parse_os_release(file.read())
    return {}


def parse_os_release(text: str) -> dict[str, str]:
    """Return the shell-quoted assignments of `text`, unquoted."""
    pairs = (word.partition("=") for line in text.splitlines() for word in shlex.split(line, comments=True))
    return {name: value for name, found, value in pairs if found}


def is_root_over_ssh() -> bool:
    """Whether root himself has logged in over SSH, not somebody who became root, from whom sudo takes these variables."""
    return os.geteuid() == 0 and "SSH_CONNECTION" in os.environ and "SUDO_USER" not in os.environ


def memory_mib() -> int:
    """Return the memory that the kernel manages, in MiB; in a container that is the machine's."""
    with open("/proc/meminfo", encoding="ascii") as file:
        total = next((line for line in file if line.startswith("MemTotal:")), "MemTotal: 0 kB")
    return int(total.split()[1]) // 1024


def architecture() -> str:
    """Return the machine's kind in the kernel's words, such as x86_64."""
    return os.uname().machine


def virtualization() -> str:
    """Return what this machine runs in, in systemd's words (`podman`, `kvm`), "none" for bare metal."""
    return run(["systemd-detect-virt"], timeout_s=10).out.strip() or "unknown"


def is_container() -> bool:
    return run(["systemd-detect-virt", "--quiet", "--container"], timeout_s=10).rc == 0


def service_manager() -> str:
    """Return `systemd` when it is in charge, "" otherwise: an image being built has it installed, not running."""
    return "systemd" if os.path.isdir("/run/systemd/system") else ""


def package_manager() -> str:
    return next((name for name, path in PACKAGE_MANAGERS if os.path.exists(path)), "")


def package_versions(names: Sequence[str]) -> Mapping[str, str | None]:
    """Return the installed version of each package, None for one that is not installed. Debian only."""
    if not names:
        return {}
    # dpkg-query ends with 1 when it does not know one of the names, and tells of the others all the same.
    done = run(["dpkg-query", "-W", "-f", "${db:Status-Status}\t${Package}\t${Version}\n", "--", *names])
    if done.rc not in (0, 1):
        require(done.argv)
    return parse_versions(done.out, names)


def parse_versions(out: str, names: Sequence[str]) -> dict[str, str | None]:
    """Return the versions of those `names` that are wholly installed, from lines of status, name and version."""
    rows = [line.split("\t") for line in out.splitlines()]
    installed = {row[1]: row[2] for row in rows if len(row) == 3 and row[0] == "installed"}
    return {name: installed.get(name.split(":", 1)[0]) for name in names}
