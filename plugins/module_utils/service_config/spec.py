# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The options that say which files a service has and when it is well (doc fragment `service_files`)."""

from __future__ import annotations

from typing import Any

from .._checks import CHECK_OPTIONS

ACCESS: dict[str, dict[str, Any]] = {"owner": {"type": "str"}, "group": {"type": "str"}, "mode": {"type": "raw"}}
_FILE = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "no_log": True},
    "template": {"type": "str"},
    "src": {"type": "str"},
    "link": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "sensitive": {"type": "bool", "default": False},
    **ACCESS,
}
_DIRECTORY = {
    "path": {"type": "path", "required": True},
    "purge": {"type": "bool", "default": False},
    **ACCESS,
}

FILES_OPTIONS: dict[str, dict[str, Any]] = {
    "files": {"type": "list", "elements": "dict", "default": [], "options": _FILE},
    "directories": {"type": "list", "elements": "dict", "default": [], "options": _DIRECTORY},
    "validate": {"type": "list", "elements": "list", "default": []},
    "unit_enabled": {"type": "bool"},
    "verify": {"type": "dict", "options": CHECK_OPTIONS},
    "payload": {"type": "str", "no_log": True},
    "code": {"type": "str"},
}
