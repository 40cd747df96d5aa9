# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Understand what a call of hardening asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .._managed import Managed
from .registry import LAYERS, in_order


class Want(NamedTuple):
    """The layers in their order, the settings of each, and whether they shall be there."""

    layers: tuple[str, ...]
    settings: Mapping[str, Any]
    present: bool = True
    force: bool = False
    proof_within_s: float = 60


def parse(params: Mapping[str, Any]) -> Want:
    """Return the module's options as a Want. What a layer cannot be is told by its rules, which know the host."""
    settings: dict[str, Any] = {layer: params.get(layer, {}) for layer in LAYERS}
    settings["exceptions"] = {str(name): str(why) for name, why in params["exceptions"].items()}
    return Want(
        in_order(params["layers"]),
        settings,
        params.get("state", "present") == "present",
        params.get("force", False),
        params.get("proof_within_s", 0),
    )


def port_of(want: Want, managed: Mapping[str, Managed]) -> int | None:
    """Return where the SSH server shall listen after the call, as far as that is ours: as wished, or where it did before us."""
    if "ssh" not in want.layers:
        return None
    wished = want.settings["ssh"]["port"] if want.present else None
    before = managed["ssh"].facts.get("port") if "ssh" in managed else None
    port: int | None = wished or before
    return port
