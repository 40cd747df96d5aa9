# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What is told before a login: whose the host is, and nothing of what it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import Facts
from ..rule import File, Rule

TEXT = (
    "This system is for authorized use only. Activity on it is monitored and recorded.\n"
    "Unauthorized access is prohibited, and evidence of it is passed on to law enforcement.\n"
)
OPTIONS: Mapping[str, Any] = {"text": {"type": "str", "default": TEXT}}
WHY = "A stranger is told that he is one, and not which version to attack."


def rules(settings: Mapping[str, Any], _facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    text = settings["text"].rstrip("\n") + "\n"
    return tuple(
        Rule(
            f"banners-{name.replace('.', '-')}",
            "banners",
            f"/etc/{name} warns, and tells nothing",
            WHY,
            File(f"/etc/{name}", text),
            (ref,),
        )
        for name, ref in (("issue", "CIS Debian 12 1.6.2"), ("issue.net", "CIS Debian 12 1.6.3"))
    )
