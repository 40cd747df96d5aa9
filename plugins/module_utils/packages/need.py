# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Find out what is to be done before apt is asked about it: pure, and empty on a host that is as wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .._host.dpkg import HOLD, Known
from .._host.files import FileState
from .._managed import Managed
from . import memory
from .memory import WAS_ABSENT, WAS_AUTOMATIC, Memory, Past
from .repositories import Filed, plan_files
from .want import ABSENT, Package, Want, names_of

# Without these nobody could log in, become root or run a module here: they only go by their own name.
LIFELINES = frozenset({"openssh-server", "python3", "python3-minimal", "sudo", "systemd", "systemd-sysv", "init"})


class Host(NamedTuple):
    """The host before apt is asked. `interrupted` is what dpkg did not finish, `broken` that it cannot do so alone,
    `half` what has to be installed anew for that: archives, or name=version.
    """

    known: Mapping[str, Known]
    automatic: frozenset[str]
    files: Mapping[str, FileState]
    managed: Managed = Managed()
    interrupted: tuple[str, ...] = ()
    broken: bool = False
    half: Sequence[str] = ()

    @property
    def memory(self) -> Memory:
        return memory.load(self.managed.facts)

    def is_there(self, name: str) -> bool:
        return name in self.known and self.known[name].is_there

    def is_held(self, name: str) -> bool:
        return name in self.known and self.known[name].selected == HOLD


class Need(NamedTuple):
    """What is missing: `install` with "" for any version; `leaving` left the list and was not there before us.

    `demoted` left it too, and was there for other packages' sake, for which it stays.
    """

    install: Mapping[str, str] = {}
    remove: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    demoted: tuple[str, ...] = ()
    files: Filed = Filed()

    @property
    def asks_apt(self) -> bool:
        return bool(self.install or self.remove or self.leaving or self.demoted)


def find(want: Want, host: Host) -> Need:
    """Return what has to be asked of apt, and the files of the repositories."""
    wanted = {one.name: one.version for one in want.present if _is_missing(one, host)}
    past = host.memory.past
    left = [name for name in departed(want, host) if host.is_there(name) and name not in LIFELINES]
    return Need(
        wanted,
        tuple(one.name for one in want.absent if host.is_there(one.name)),
        tuple(name for name in left if past.get(name, Past()).was == WAS_ABSENT),
        tuple(name for name in left if past.get(name, Past()).was == WAS_AUTOMATIC),
        plan_files(want.repositories, _departed_sources(want, host), host.files, host.managed, force=want.force),
    )


def departed(want: Want, host: Host) -> tuple[str, ...]:
    """Return the packages that left this list and that no other list has."""
    if not want.purge_unlisted:
        return ()
    listed = host.memory.lists.get(want.name, frozenset())
    return tuple(sorted(listed - names_of(want.packages) - host.memory.elsewhere(want.name)))


def _departed_sources(want: Want, host: Host) -> tuple[str, ...]:
    if not want.purge_unlisted:
        return ()
    listed = host.memory.sources.get(want.name, frozenset())
    return tuple(sorted(listed - names_of(want.repositories) - host.memory.sources_elsewhere(want.name)))


def _is_missing(one: Package, host: Host) -> bool:
    if one.state == ABSENT:
        return False
    return not host.is_there(one.name) or one.version not in ("", host.known[one.name].version)
