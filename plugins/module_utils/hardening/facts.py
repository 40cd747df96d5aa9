# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What must be known of a host before the rules for it can be told."""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from .._host import confines, files, logins, machine, run

NET_ADMIN = 12
PASSWD, GROUP = "/etc/passwd", "/etc/group"
SSHD_DROP_IN = "/etc/ssh/sshd_config.d/00-groundcrew-hardening.conf"
# Keys of the kernel that make a host pass packets on.
FORWARDING = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
# Where commands are looked for; /bin and /sbin are links to two of them.
COMMANDS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin")
# Names for what is a link to a link on most hosts.
COMPILERS = tuple(f"/usr/bin/{name}" for name in ("as", "cc", "c++", "gcc", "g++", "clang"))


class Person(NamedTuple):
    """One line of passwd(5); `home` is "" where that is no path from the root."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str


def _unknown(_name: str) -> frozenset[str]:
    return frozenset()


class Facts(NamedTuple):
    """`container` is the kind of container that this host is, "" for a machine; `loose` are commands that others may write.

    `strange_homes` are homes that belong to somebody else than their person, with the number of the owner.
    `sshd` is the SSH server's effective configuration, `pam` the files of the PAM stack as the layer pam wants them,
    `pam_waiting` the profiles of others that would come along. `sshd_includes` is whether it reads our file among others.
    `forwards` are the keys by which the running kernel passes packets on. `groups_of` tells the groups of an account by
    every source that the host has, none for one that is not known.
    """

    debian: int = 12
    openssh: tuple[int, int] = (0, 0)
    container: str = ""
    net_admin: bool = True
    efi: bool = False
    people: tuple[Person, ...] = ()
    groups: Mapping[str, int] = {}
    members: Mapping[str, frozenset[str]] = {}
    loose: tuple[str, ...] = ()
    strange_homes: Mapping[str, int] = {}
    compilers: tuple[str, ...] = ()
    file_systems: frozenset[str] = frozenset()
    sshd: Mapping[str, list[str]] = {}
    ssh_ports: tuple[int, ...] = (22,)
    pam: Mapping[str, str] = {}
    pam_waiting: tuple[str, ...] = ()
    machine: str = "x86_64"
    forwards: frozenset[str] = frozenset()
    sshd_includes: bool = True
    groups_of: Callable[[str], frozenset[str]] = _unknown


def read() -> Facts:
    """Return the facts of this host."""
    inside = machine.virtualization() if machine.is_container() else ""
    release = machine.os_release().get("VERSION_ID", "")
    sshd = logins.sshd_settings()
    everybody = people(_text(PASSWD))
    return Facts(
        debian=int(release) if release.isdigit() else 0,
        openssh=openssh(run.run(["ssh", "-V"]).err),
        container=inside,
        net_admin=confines.may(NET_ADMIN),
        efi=os.path.isdir("/sys/firmware/efi"),
        people=everybody,
        groups=groups(_text(GROUP)),
        members=members(_text(GROUP), everybody),
        loose=loose(COMMANDS),
        strange_homes=strange_homes(everybody),
        compilers=tuple(sorted({os.path.realpath(path) for path in COMPILERS if os.path.exists(path)})),
        file_systems=frozenset(line.split()[2] for line in _text("/proc/mounts").splitlines() if len(line.split()) > 2),
        sshd=sshd,
        ssh_ports=tuple(int(port) for port in sshd.get("port", ("22",))),
        machine=os.uname().machine,
        forwards=frozenset(key for key in FORWARDING if _text(f"/proc/sys/{key.replace('.', '/')}").strip() == "1"),
        sshd_includes=includes(_text(logins.SSHD_CONFIG)),
        groups_of=groups_of,
    )


def openssh(said: str) -> tuple[int, int]:
    """Return the version that `ssh -V` tells, (0, 0) where there is none."""
    found = re.search(r"OpenSSH_(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def people(text: str) -> tuple[Person, ...]:
    """Return the lines of passwd(5); those that have another source tell who is in it (NIS) are none."""
    rows = (line.split(":") for line in text.splitlines() if not line.startswith(("+", "-")))
    return tuple(
        Person(row[0], int(row[2]), int(row[3]), _home(row[5]), row[6])
        for row in rows
        if len(row) == 7 and row[2].isdigit() and row[3].isdigit()
    )


def _home(path: str) -> str:
    """A path has one name only, since what stands there is had once."""
    return (re.sub("/+", "/", path).rstrip("/") or "/") if path.startswith("/") else ""


def groups(text: str) -> dict[str, int]:
    """Return the number of each group."""
    rows = (line.split(":") for line in text.splitlines())
    return {row[0]: int(row[2]) for row in rows if len(row) == 4 and row[2].isdigit()}


def members(text: str, everybody: Iterable[Person]) -> dict[str, frozenset[str]]:
    """Return who belongs to each group, by its own line or as his primary group."""
    found = {}
    for row in (line.split(":") for line in text.splitlines()):
        if len(row) == 4:
            primary = {one.name for one in everybody if str(one.gid) == row[2]}
            found[row[0]] = frozenset({*filter(None, row[3].split(",")), *primary})
    return found


def groups_of(name: str) -> frozenset[str]:
    """Return the groups of an account by every source that the host has, as sshd asks for them."""
    try:
        numbers = os.getgrouplist(name, pwd.getpwnam(name).pw_gid)
    except KeyError:
        return frozenset()
    # Each by its number: a directory need not list all that it has.
    return frozenset(filter(None, map(_group, numbers)))


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return ""


def includes(text: str) -> bool:
    """Return whether sshd_config(5) has our file read for everybody, not only for some by a Match."""
    probe = {logins.SSHD_CONFIG: text, SSHD_DROP_IN: "Probe yes\n"}
    return logins.sshd_first("Probe", probe)[0] == SSHD_DROP_IN


def loose(folders: Iterable[str]) -> tuple[str, ...]:
    """Return the files of `folders` that group or others may write."""
    found = []
    for folder in folders:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        for entry in entries:
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(info.st_mode) and info.st_mode & 0o022:
                found.append(entry.path)
    return tuple(sorted(found))


def strange_homes(everybody: Iterable[Person]) -> dict[str, int]:
    """Return the homes that are there and belong to somebody else, with the number of their owner."""
    there = ((one, files.read(one.home, content=False)) for one in everybody if one.home)
    return {one.home: state.uid for one, state in there if state.exists and state.uid != one.uid}


def _text(path: str) -> str:
    # Files of /proc tell no size, which files.read does not need.
    return (files.read(os.path.realpath(path)).content or b"").decode("utf-8", "replace")
