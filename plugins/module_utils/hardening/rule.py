# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""A rule of hardening, as data: what should be so, why, and the one thing on the host that makes it so.

A thing says what it is about and nothing of how: kinds/ has, for each type of thing, how it is judged and brought about.
"""

from __future__ import annotations

from typing import NamedTuple, Union

from .._transaction.steps import Step


class File(NamedTuple):
    """A file that is wholly ours, root's; without content it shall not be there. `then` makes its readers read it.

    `gid` is the number of its group, for readers that have no right but that one.
    """

    path: str
    content: str | None
    mode: int = 0o644
    then: tuple[Step, ...] = ()
    gid: int = 0


class Line(NamedTuple):
    """One setting in a file of the distribution: the first line of its key is replaced, further ones go.

    Where the file has only a comment of that setting, the line follows it; else it comes last.
    """

    path: str
    key: str
    value: str
    separator: str = " "
    then: tuple[Step, ...] = ()


class KernelModule(NamedTuple):
    """A kernel module that is not to be loaded."""

    name: str


class Sshd(NamedTuple):
    """A setting of the SSH server, as sshd_config(5) writes it."""

    keyword: str
    value: str


class Mode(NamedTuple):
    """What stands at a path has no permission beyond `at_most`, and this owner and group where they are given.

    What is not there is as it should be, unless it is a `folder`: that is made, before a package makes a wider one.
    `groups` are those that will do; the first is given.
    """

    path: str
    at_most: int
    owner: int | None = 0
    groups: tuple[str, ...] = ("root",)
    folder: bool = False


class Sysctl(NamedTuple):
    key: str
    value: str


class Package(NamedTuple):
    name: str
    present: bool = True


class Unit(NamedTuple):
    """A unit that is `enabled` (and runs), or `masked` (and does not); one that is not there counts as masked.

    One that stays active when its work is done has its effect as long as the command `effect` ends with 0.
    """

    name: str
    want: str = "enabled"
    effect: tuple[str, ...] = ()


class Mount(NamedTuple):
    """Options that a mount point has; where nothing is mounted there is nothing to harden."""

    point: str
    options: tuple[str, ...]


Thing = Union[File, Line, KernelModule, Sshd, Mode, Sysctl, Package, Unit, Mount]


class Rule(NamedTuple):
    """What should be so (`title`, one sentence), why, by which thing, and which numbers it has elsewhere.

    `weight` counts in the score: 1 low, 2 medium, 3 high. `skip` tells why this host cannot take it.
    """

    id: str
    layer: str
    title: str
    why: str
    thing: Thing
    refs: tuple[str, ...] = ()
    weight: int = 1
    skip: str = ""


class Look(NamedTuple):
    """How a thing is and how it should be, in words; `skip` where the host cannot take the last part of it."""

    now: str
    should: str
    ok: bool
    skip: str = ""
