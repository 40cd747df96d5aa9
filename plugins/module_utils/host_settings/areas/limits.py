# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Limits of what users' sessions may take: a file of ours in /etc/security/limits.d, which pam_limits reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..._errors import BadInput
from ..area import Asked, Have, Part, Wanted, conf, no_doubles, one_line, paths_of, settle

AREA = "limits"
PATH = "/etc/security/limits.d/groundcrew.conf"
# limits.conf(5).
DOMAIN = re.compile(r"\*|%|[@%]?[A-Za-z0-9_][A-Za-z0-9_.-]*\$?|[@%]?[0-9]*:[0-9]*")
ITEMS = (
    *("core", "data", "fsize", "memlock", "nofile", "rss", "stack", "cpu", "nproc", "as", "maxlogins"),
    *("maxsyslogins", "nonewprivs", "priority", "locks", "sigpending", "msgqueue", "nice", "rtprio"),
)
VALUE = re.compile(r"-?[0-9]+|unlimited|infinity")


def parse(params: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the lines, None where they are not asked for; raise BadInput for one that pam_limits would not take."""
    if params["limits"] is None:
        return None
    lines = [_line(one) for one in params["limits"]]
    no_doubles("limit", (line.rsplit(" ", 1)[0] for line in lines))
    return tuple(lines)


def _line(one: Mapping[str, Any]) -> str:
    domain, kind, item = one["domain"], one["type"], one["item"]
    if not DOMAIN.fullmatch(domain):
        raise BadInput(f"limit's domain {domain!r} is none: give a user, @group, * or a range such as 1000:1999")
    if item not in ITEMS:
        raise BadInput(f"limit's item {item!r} is none of limits.conf(5): give one of {', '.join(ITEMS)}")
    value = one_line(f"limit {domain} {item}", one["value"])
    if not VALUE.fullmatch(value):
        raise BadInput(f"limit {domain} {kind} {item} is {value!r}: give a number or unlimited")
    return f"{domain} {kind} {item} {value}"


def reads(_want: tuple[str, ...], past: Mapping[str, Any]) -> Asked:
    """Return what the plan has to know of the host."""
    return Asked((PATH, *paths_of(past)))


def plan(want: tuple[str, ...], have: Have) -> Part:
    """Return the file; sessions that are open keep the limits that they began with."""
    wanted: dict[str, Wanted] = {PATH: conf(want)} if want else {}
    settled = settle(AREA, wanted, have)
    return Part(settled, facts={"paths": list(settled.paths)} if wanted else {})
