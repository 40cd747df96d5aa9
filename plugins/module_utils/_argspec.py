# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Option groups that several modules share; the doc fragments of the same names tell them to the user."""

from __future__ import annotations

from typing import Any

# A run hands these to every module through module_defaults of the action group (doc fragment `run`).
RUN_OPTIONS: dict[str, dict[str, Any]] = {
    "run_id": {"type": "str"},
    "run_attempt": {"type": "int", "default": 1},
    "owner": {"type": "str"},
    "reason": {"type": "str"},
    "lock_wait_s": {"type": "int", "default": 60},
    "lock_ttl_s": {"type": "int", "default": 3600},
}

# For modules whose change could cut us off (doc fragment `proof`).
PROOF_OPTIONS: dict[str, dict[str, Any]] = {
    "proof_within_s": {"type": "float", "default": 60},
}

# Which updates are let through (doc fragment `updates`).
UPDATES_OPTIONS: dict[str, dict[str, Any]] = {
    "only": {"type": "list", "elements": "str", "default": []},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "security_only": {"type": "bool", "default": False},
    "min_priority": {"type": "str", "choices": ["low", "medium", "high", "critical"]},
    "min_age_days": {"type": "float", "default": 0},
    "allow_removals": {"type": "bool", "default": False},
    "patch_set": {"type": "dict"},
    "security_tracker": {"type": "path"},
    "config_files": {"type": "str", "choices": ["keep", "take", "refuse"], "default": "keep"},
    "require_way_back": {"type": "bool", "default": False},
    "restart": {"type": "bool", "default": True},
    "keep_running": {"type": "list", "elements": "str", "default": []},
    "update_cache": {"type": "bool", "default": True},
    "cache_valid_time_s": {"type": "int", "default": 3600},
    "manager": {"type": "str", "choices": ["auto", "apt", "dnf"], "default": "auto"},
}
