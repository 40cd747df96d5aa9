# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Rotation of logs: a file of ours in /etc/logrotate.d for each rule, which logrotate itself has looked at before."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..._errors import BadInput
from ..._host import run
from ..._host.run import Completed
from ..area import Ask, Asked, Content, Have, Part, Wanted, conf, no_doubles, paths_of, settle

AREA = "logrotate"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
TOOL = "logrotate"
CURE = "install the package logrotate first"
# It says that of every log that is yet to be written, and that it only looks.
HARMLESS = re.compile(r"stat of .* failed: No such file or directory|logrotate in debug mode does nothing")


class Rule(NamedTuple):
    name: str
    paths: tuple[str, ...]
    options: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"/etc/logrotate.d/groundcrew-{self.name}"

    @property
    def content(self) -> Content:
        quoted = " ".join(f'"{path}"' for path in self.paths)
        options = [f"    {line}" for option in self.options for line in option.splitlines()]
        return conf([f"{quoted} {{", *options, "}"])


def parse(params: Mapping[str, Any]) -> tuple[Rule, ...] | None:
    """Return the rules, None where they are not asked for; raise BadInput for a name or path that cannot be."""
    if params["logrotate"] is None:
        return None
    rules = tuple(_rule(one) for one in params["logrotate"])
    no_doubles("logrotate rule", (one.name for one in rules))
    return rules


def _rule(one: Mapping[str, Any]) -> Rule:
    name, paths = one["name"], one["paths"]
    if not NAME.fullmatch(name):
        raise BadInput(f"logrotate rule {name!r} is no good file name: use lower case letters, digits, - and _")
    if not paths:
        raise BadInput(f"logrotate rule {name} has no paths: give the logs that it is for, or leave it out")
    for path in paths:
        if not path.startswith("/") or '"' in path or "\n" in path:
            raise BadInput(f"path {path!r} of logrotate rule {name} cannot be: give a full path, wildcards allowed")
    return Rule(name, tuple(paths), tuple(one["options"]))


def reads(want: tuple[Rule, ...], past: Mapping[str, Any]) -> Asked:
    """Return what the plan has to know of the host."""
    looks: dict[str, Callable[[], Any]] = {TOOL: lambda: bool(shutil.which(TOOL, path=run.PATH))}
    return Asked((*(one.path for one in want), *paths_of(past)), (), looks)


def plan(want: tuple[Rule, ...], have: Have) -> Part:
    """Return the files, and the question whether logrotate takes those that change."""
    if want and not have.seen[TOOL] and not have.rehearsal:
        raise BadInput(f"logrotate rules {', '.join(one.name for one in want)} need logrotate: {CURE}")
    wanted: dict[str, Wanted] = {one.path: one.content for one in want}
    settled = settle(AREA, wanted, have, brought=not have.seen[TOOL])
    asks = [
        Ask(f"logrotate rule {one.name}", (TOOL, "-d", "{tree}/rule"), judge, CURE, {"rule": one.content.data})
        for one in want
        if one.path in settled.changed
    ]
    return Part(settled, asks=tuple(asks), facts={"paths": list(settled.paths)} if wanted else {})


def judge(done: Completed) -> str:
    """Return what logrotate holds against the rule; it ends with 0 even where it ignores a line."""
    said = [line for line in (done.err + done.out).splitlines() if re.match(r"(error|warning):", line)]
    return "; ".join(line for line in said if not HARMLESS.search(line))
