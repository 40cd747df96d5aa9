# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The environments that a release goes through, as data: which branch or tag, whom they follow, what they ask for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput

# Doc fragment `environments` tells it to the user.
ENVIRONMENTS_OPTIONS: dict[str, dict[str, Any]] = {
    "environments": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "branch": {"type": "str"},
            "tag": {"type": "str"},
            "target": {"type": "str"},
            "after": {"type": "str"},
            "tests": {"type": "list", "elements": "str", "default": []},
            "soak_s": {"type": "float", "default": 0},
            "gate": {"type": "bool", "default": False},
            "approvals": {"type": "int", "default": 0},
            "approvers": {"type": "list", "elements": "str", "default": []},
            "own_approval": {"type": "bool", "default": False},
        },
    },
}
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)


class Environment(NamedTuple):
    """What a release must have proven before it comes into this environment; `after` is the one that proves it."""

    name: str
    after: str = ""
    tests: tuple[str, ...] = ()
    soak_s: float = 0
    gate: bool = False
    approvals: int = 0
    approvers: tuple[str, ...] = ()
    own_approval: bool = False


def check_name(name: str, option: str) -> str:
    """Return the environment's name; raise BadInput for one that cannot be part of a file's name."""
    if not NAME.fullmatch(name):
        raise BadInput(
            f"{option}: {name!r} must be small letters, digits, '-' and '_', and begin with a letter or a digit"
        )
    return name


def find(told: Sequence[Mapping[str, Any]], name: str) -> Environment:
    """Return the environment of that name.

    Raise BadInput where there is none, or the list cannot be right: a name twice, one that follows nobody known or, in
    the end, itself, or more approvals than approvers.
    """
    known = {check_name(str(one["name"]), "environments"): _environment(one) for one in told}
    if len(known) != len(told):
        raise BadInput(
            f"environments: a name is there twice in {', '.join(str(one['name']) for one in told)}; name each once"
        )
    for one in known.values():
        _check(one, known)
    if name not in known:
        raise BadInput(f"promote_to: {name!r} is no environment; environments has {', '.join(known) or 'none'}")
    return known[name]


def _environment(one: Mapping[str, Any]) -> Environment:
    return Environment(
        name=str(one["name"]),
        after=one.get("after") or "",
        tests=tuple(one.get("tests") or ()),
        soak_s=float(one.get("soak_s") or 0),
        gate=bool(one.get("gate")),
        approvals=int(one.get("approvals") or 0),
        approvers=tuple(one.get("approvers") or ()),
        own_approval=bool(one.get("own_approval")),
    )


def _check(one: Environment, known: Mapping[str, Environment]) -> None:
    if one.approvers and one.approvals > len(set(one.approvers)):
        raise BadInput(
            f"environments: {one.name} asks for {one.approvals} approvals, and has {len(set(one.approvers))} approvers; name more, or ask for fewer"
        )
    if not one.after and (one.soak_s or one.gate):
        raise BadInput(
            f"environments: {one.name} asks for a soak or a gate, and has no environment to prove it in; give after"
        )
    seen = [one.name]
    while one.after:
        if one.after not in known:
            raise BadInput(
                f"environments: {one.name} comes after {one.after!r}, which is not in the list; add it, or correct after"
            )
        if one.after in seen:
            raise BadInput(
                f"environments: {' after '.join([*seen, one.after])} has no beginning; one of them must have no after"
            )
        one = known[one.after]
        seen.append(one.name)
