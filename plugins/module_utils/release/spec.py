# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The options of the modules release and release_info."""

from __future__ import annotations

from typing import Any

from .._argspec import RUN_OPTIONS
from ..service_config.spec import ACCESS, FILES_OPTIONS

STAGED, ACTIVE, UNDONE, ABSENT = "staged", "active", "undone", "absent"
SIGNERS = "/etc/groundcrew/allowed_signers"

_SHARED = {
    "path": {"type": "str", "required": True},
    "kind": {"type": "str", "choices": ["directory", "file"], "default": "directory"},
    **ACCESS,
}
_HOOK = {
    "argv": {"type": "list", "elements": "str", "required": True},
    "timeout_s": {"type": "float", "default": 60},
    "user": {"type": "str"},
}
_MIGRATION = {
    "name": {"type": "str", "required": True},
    "expand": {"type": "list", "elements": "str", "default": []},
    "undo": {"type": "list", "elements": "str", "default": []},
    "contract": {"type": "list", "elements": "str", "default": []},
    "timeout_s": {"type": "float", "default": 300},
}


def _many(options: dict[str, Any]) -> dict[str, Any]:
    return {"type": "list", "elements": "dict", "default": [], "options": options}


INFO: dict[str, dict[str, Any]] = {
    "app": {"type": "str", "required": True},
    "root": {"type": "path"},
    "keep": {"type": "int", "default": 5},
}

# Of release_info: one app, or several at once.
INFO_SPEC: dict[str, dict[str, Any]] = {
    **INFO,
    **RUN_OPTIONS,
    "app": {"type": "str"},
    "apps": {"type": "list", "elements": "str"},
}
INFO_EXCLUSIVE = [("app", "apps"), ("root", "apps")]
INFO_ONE_OF = [("app", "apps")]

SPEC: dict[str, dict[str, Any]] = {
    **INFO,
    **RUN_OPTIONS,
    "state": {"type": "str", "choices": [STAGED, ACTIVE, UNDONE, ABSENT], "required": True},
    "version": {"type": "str", "default": ""},
    "user": {"type": "str"},
    "artefact_name": {"type": "str"},
    "sha256": {"type": "str", "default": ""},
    "artefact": {"type": "path"},
    "source": {"type": "path"},
    "url": {"type": "str"},
    "manifest": {"type": "path"},
    "fetch_timeout_s": {"type": "float", "default": 300},
    "allowed_signers": {"type": "path"},
    "allowed_signers_content": {"type": "str", "default": ""},
    "python": {"type": "path", "default": "/usr/bin/python3"},
    "shared": _many(_SHARED),
    "hooks": {
        "type": "dict",
        "default": {},
        "options": {"staged": _many(_HOOK), "before": _many(_HOOK), "after": _many(_HOOK)},
    },
    "migrations": _many(_MIGRATION),
    "environment_file": {"type": "path"},
    "this_run": {"type": "bool", "default": False},
    "contract": {"type": "bool", "default": False},
    "change_version": {"type": "bool", "default": True},
    **FILES_OPTIONS,
    "unit": {"type": "str"},
    "on_change": {"type": "str", "choices": ["reload", "restart"], "default": "restart"},
    "sockets": {"type": "list", "elements": "str", "default": []},
    "manifest_text": {"type": "str"},
    "signature_text": {"type": "str"},
    "archive": {"type": "path"},
}

EXCLUSIVE = [("artefact", "source", "url"), ("artefact", "manifest"), ("source", "manifest")]
REQUIRED = [
    ("state", STAGED, ("version",)),
    ("state", ACTIVE, ("version",)),
    ("state", ABSENT, ("version",)),
]
