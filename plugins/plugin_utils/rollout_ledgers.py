# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last line that the controller saw of each host's ledger, so that an edited or cut ledger shows."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import quote

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_record import write_file


def seen(root: str, host: str) -> str:
    """Return the digest of the last line seen of the host's ledger, "" when none was."""
    try:
        with open(_path(root, host), encoding="utf-8") as memory:
            return str(json.load(memory)["digest"])
    except (FileNotFoundError, ValueError, KeyError):
        return ""


def remember(root: str, host: str, digest: str, run_id: str) -> None:
    """Keep the digest as the last one seen."""
    os.makedirs(os.path.dirname(_path(root, host)), mode=0o700, exist_ok=True)
    kept: dict[str, Any] = {"host": host, "digest": digest, "run_id": run_id}
    write_file(_path(root, host), json.dumps(kept) + "\n")


def _path(root: str, host: str) -> str:
    """Host names may hold what a file name must not."""
    return os.path.join(root, "ledgers", quote(host, safe="") + ".json")
