# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Understand what a call of kernel_settings asks for; refuse what cannot be right before the host is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._errors import BadInput
from .._host import sysctl

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_:@./-]*")
# After the distribution's own files, whose last are 99-sysctl.conf and 99-protect-links.conf.
FILE = "/etc/sysctl.d/99-zz-groundcrew-{name}.conf"


class Want(NamedTuple):
    """The settings by dotted key, in the order given, with fields one space apart."""

    name: str
    settings: Mapping[str, str]
    purge: bool = True
    allow_unknown: bool = False
    allow_overridden: bool = False
    force: bool = False
    present: bool = True
    proof_within_s: float = 0

    @property
    def path(self) -> str:
        return FILE.format(name=self.name)

    @property
    def manifest(self) -> str:
        return f"kernel-{self.name}"


def parse(params: Mapping[str, Any]) -> Want:
    """Return the module's options as a Want; raise BadInput with the value and the cure."""
    if not NAME.fullmatch(params["name"]):
        raise BadInput(f"name {params['name']!r} is no good file name: use lower case letters, digits, - and _")
    present = params["state"] == "present"
    if params["settings"] and not present:
        raise BadInput("settings are given with state absent, which takes back all of them: leave one of the two out")
    return Want(
        params["name"],
        _settings(params["settings"]),
        params["purge"],
        params["allow_unknown"],
        params["allow_overridden"],
        params["force"],
        present,
        params["proof_within_s"],
    )


def _settings(asked: Mapping[Any, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in asked.items():
        name = sysctl.key_name(sysctl.key_path(str(key).strip()))
        if not KEY.fullmatch(name) or {"", ".", ".."} & set(sysctl.key_path(name).split("/")):
            raise BadInput(f"kernel setting {key!r} is no key: write it like net.ipv4.ip_forward, without wildcards")
        if name in found:
            raise BadInput(f"kernel setting {name} is given twice, once as {key}: leave one of them out")
        found[name] = _value(name, value)
    return found


def _value(key: str, value: object) -> str:
    if isinstance(value, bool):
        raise BadInput(f"kernel setting {key} is {value}, which the kernel does not know: write {int(value)}")
    if not isinstance(value, (str, int)) or "\n" in str(value) or "\0" in str(value):
        raise BadInput(f"kernel setting {key} is {value!r}: give one line of text or a number")
    return sysctl.normal(str(value))
