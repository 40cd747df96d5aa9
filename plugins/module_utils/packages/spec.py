# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The options of the module packages."""

from __future__ import annotations

from typing import Any

from .._argspec import RUN_OPTIONS

STATE: dict[str, Any] = {"type": "str", "choices": ["present", "absent"], "default": "present"}
# An entry may be a plain name, so Ansible does not look into them: want.parse does.
PACKAGE: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "state": STATE,
    "version": {"type": "str"},
    "held": {"type": "bool"},
    "purge": {"type": "bool", "default": False},
}
PIN: dict[str, dict[str, Any]] = {
    "priority": {"type": "int", "required": True},
    "packages": {"type": "list", "elements": "str", "default": ["*"]},
    "match": {"type": "str"},
}
REPOSITORY: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "state": STATE,
    "uris": {"type": "list", "elements": "str", "default": []},
    "types": {"type": "list", "elements": "str", "choices": ["deb", "deb-src"], "default": ["deb"]},
    "suites": {"type": "list", "elements": "str", "default": []},
    "components": {"type": "list", "elements": "str", "default": []},
    "architectures": {"type": "list", "elements": "str", "default": []},
    "key": {"type": "str", "no_log": False},
    "pin": {"type": "dict", "options": PIN},
}
SPEC: dict[str, dict[str, Any]] = {
    "packages": {"type": "list", "elements": "raw", "default": []},
    "repositories": {"type": "list", "elements": "dict", "default": [], "options": REPOSITORY},
    "name": {"type": "str", "default": "fleet"},
    "purge_unlisted": {"type": "bool", "default": True},
    "allow_removals": {"type": "bool", "default": False},
    "cache_valid_time_s": {"type": "int", "default": 3600},
    "force": {"type": "bool", "default": False},
    **RUN_OPTIONS,
}
