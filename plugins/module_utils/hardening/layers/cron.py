# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""cron and at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import Facts
from ..rule import File, Mode, Rule

FOLDERS = tuple(f"/etc/cron.{name}" for name in ("hourly", "daily", "weekly", "monthly", "d"))
OPTIONS: Mapping[str, Any] = {"allow": {"type": "list", "elements": "str", "default": ["root"]}}
WHY = "What runs as root by itself is nobody else's to read or to add to."


# crontab and at read their list by the right of their group only, and take one that they cannot read for none.
READERS = {"cron": "crontab", "at": "daemon"}


def rules(settings: Mapping[str, Any], facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    names = "".join(f"{name}\n" for name in settings["allow"])
    return (
        Rule(
            "cron-crontab",
            "cron",
            "/etc/crontab is root's alone",
            WHY,
            Mode("/etc/crontab", 0o600),
            ("CIS Debian 12 2.4.1.2",),
        ),
        *(
            Rule(
                f"cron-{one.rsplit('.', 1)[1]}",
                "cron",
                f"{one} is root's alone",
                WHY,
                Mode(one, 0o700, folder=True),
                ("CIS Debian 12 2.4.1",),
            )
            for one in FOLDERS
        ),
        *(
            Rule(
                f"cron-{what}-allow",
                "cron",
                f"{what} is for {', '.join(settings['allow'])}",
                WHY,
                File(f"/etc/{what}.allow", names, 0o640, gid=facts.groups.get(READERS[what], 0)),
                (ref,),
            )
            for what, ref in (("cron", "CIS Debian 12 2.4.1.8"), ("at", "CIS Debian 12 2.4.2.1"))
        ),
    )
