# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The layers of hardening in their order; those that can cut access come last, as one transaction with a proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import BadInput
from .facts import Facts
from .layers import (
    apparmor,
    audit,
    banners,
    coredumps,
    cron,
    fail2ban,
    firewall,
    integrity,
    kernel,
    login,
    modules,
    mounts,
    packages,
    pam,
    permissions,
    sandboxing,
    ssh,
    sudo,
    updates,
)
from .rule import Rule

LAYERS: Mapping[str, Any] = {
    "packages": packages,
    "updates": updates,
    "kernel": kernel,
    "modules": modules,
    "mounts": mounts,
    "permissions": permissions,
    "login": login,
    "coredumps": coredumps,
    "cron": cron,
    "banners": banners,
    "apparmor": apparmor,
    "audit": audit,
    "sandboxing": sandboxing,
    "integrity": integrity,
    "fail2ban": fail2ban,
    "sudo": sudo,
    "pam": pam,
    "ssh": ssh,
    "firewall": firewall,
}
ACCESS = frozenset({"kernel", "sudo", "pam", "ssh", "firewall"})

# Which rules these have depends on the host, or on what is asked for.
OF_THE_HOST = frozenset({"kernel", "modules", "permissions", "sandboxing"})


def rules(layers: Sequence[str], settings: Mapping[str, Mapping[str, Any]], facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of the layers for this host; raise BadInput where a setting cannot be right."""
    except_for = set(settings["exceptions"])
    found = [rule for layer in layers for rule in LAYERS[layer].rules(settings[layer], facts)]
    known = {rule.id for rule in found}
    unknown = [name for name in sorted(except_for) if name not in known and not _may_be_elsewhere(name, layers)]
    if unknown:
        raise BadInput(
            f"exceptions name rules that are not there: {', '.join(unknown)}; hardening_info lists all of them"
        )
    return tuple(
        rule._replace(skip=settings["exceptions"][rule.id]) if rule.id in except_for else rule for rule in found
    )


def _may_be_elsewhere(name: str, layers: Sequence[str]) -> bool:
    """Whether a rule of that name may be one of another call, or of another host."""
    layer = name.partition("-")[0]
    return layer in OF_THE_HOST or (layer in LAYERS and layer not in layers)


def in_order(layers: Sequence[str]) -> tuple[str, ...]:
    """Return the layers that are asked for, all if none is, in the order in which they are taken."""
    return tuple(layer for layer in LAYERS if not layers or layer in layers)
