# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The options of the modules hardening and hardening_info."""

from __future__ import annotations

from typing import Any

from .._argspec import PROOF_OPTIONS, RUN_OPTIONS
from .registry import LAYERS

SHARED: dict[str, dict[str, Any]] = {
    "layers": {"type": "list", "elements": "str", "choices": list(LAYERS), "default": []},
    "exceptions": {"type": "dict", "default": {}},
    **{
        name: {"type": "dict", "options": dict(layer.OPTIONS), "apply_defaults": True}
        for name, layer in LAYERS.items()
        if layer.OPTIONS
    },
    **RUN_OPTIONS,
}
SPEC: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "force": {"type": "bool", "default": False},
    **SHARED,
    **PROOF_OPTIONS,
}
