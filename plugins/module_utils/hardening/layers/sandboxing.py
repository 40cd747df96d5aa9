# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""systemd's sandbox for the services of this fleet's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._transaction import steps
from ..facts import Facts
from ..rule import File, Rule

OPTIONS: Mapping[str, Any] = {"units": {"type": "list", "elements": "str", "default": []}}
SANDBOX = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
[Service]
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=full
ProtectHome=read-only
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes
"""
WHY = "A service that was taken over reaches neither the system's files nor its devices."


def rules(settings: Mapping[str, Any], _facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    return tuple(
        Rule(
            f"sandboxing-{name.rsplit('.', 1)[0].replace('@', '-').replace('_', '-')}",
            "sandboxing",
            f"{name} runs in a sandbox",
            WHY,
            File(
                f"/etc/systemd/system/{name}.d/50-groundcrew-hardening.conf",
                SANDBOX,
                0o644,
                (steps.unit(name, "restart"),),
            ),
            (),
            2,
        )
        for name in settings["units"]
    )
