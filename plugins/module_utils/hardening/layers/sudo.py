# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""sudo: no way round its log, and no stale right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._transaction import steps
from ..facts import Facts
from ..rule import File, Rule

OPTIONS: Mapping[str, Any] = {"timestamp_timeout_min": {"type": "int", "default": 5}}
PATH = "/etc/sudoers.d/00-groundcrew-hardening"
TEST = steps.argv(["visudo", "-c", "-q", "-f", PATH])
TEXT = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
Defaults use_pty
Defaults logfile="/var/log/sudo.log"
Defaults passwd_tries=3
Defaults timestamp_timeout={timestamp_timeout_min}
Defaults env_reset
Defaults !visiblepw
"""


ROTATE = "/etc/logrotate.d/groundcrew-sudo"
ROTATION = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
/var/log/sudo.log {
    monthly
    maxsize 10M
    rotate 12
    compress
    delaycompress
    missingok
    notifempty
    create 0600 root root
}
"""


def rules(settings: Mapping[str, Any], _facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    why = "A command cannot live on in a terminal that it was given, and what was done is told."
    text = TEXT.format(**settings)
    refs = ("CIS Debian 12 5.2.2", "CIS Debian 12 5.2.3", "CIS Debian 12 5.2.6")
    return (
        Rule(
            "sudo-defaults",
            "sudo",
            "sudo uses a terminal of its own, keeps a log and forgets soon",
            why,
            File(PATH, text, 0o440, (TEST,)),
            refs,
            2,
        ),
        Rule(
            "sudo-log-rotation",
            "sudo",
            "Its log does not grow for ever",
            "A disk that is full of the past keeps nothing of today.",
            File(ROTATE, ROTATION),
        ),
    )
