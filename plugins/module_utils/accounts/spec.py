# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The options of the module accounts."""

from __future__ import annotations

from typing import Any

from .._argspec import PROOF_OPTIONS, RUN_OPTIONS

ACCOUNT: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "locked", "absent"], "default": "present"},
    "uid": {"type": "int"},
    "group": {"type": "str"},
    "groups": {"type": "list", "elements": "str"},
    "groups_exclusive": {"type": "bool", "default": False},
    "comment": {"type": "str"},
    "home": {"type": "path"},
    "shell": {"type": "path"},
    "system": {"type": "bool", "default": False},
    "expires": {"type": "str"},
    "password_hash": {"type": "str", "no_log": True},
    "ssh_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "ssh_keys_exclusive": {"type": "bool", "default": False, "no_log": False},
    "sudo": {"type": "raw", "default": False},
    "sudo_password": {"type": "bool", "default": False, "no_log": False},
}
GROUP: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "gid": {"type": "int"},
    "system": {"type": "bool", "default": False},
}
SPEC: dict[str, dict[str, Any]] = {
    "accounts": {"type": "list", "elements": "dict", "default": [], "options": ACCOUNT},
    "groups": {"type": "list", "elements": "dict", "default": [], "options": GROUP},
    "purge": {"type": "str", "choices": ["absent", "locked", "kept"], "default": "absent"},
    "break_glass": {"type": "str", "default": "root"},
    "allow_lockout": {"type": "str"},
    **PROOF_OPTIONS,
    **RUN_OPTIONS,
}
