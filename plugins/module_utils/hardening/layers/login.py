# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Login definitions: ages of passwords, umask, hashes, and what a shell begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import Facts
from ..rule import File, Line, Rule

DEFS = "/etc/login.defs"
OPTIONS: Mapping[str, Any] = {
    "pass_max_days": {"type": "int", "no_log": False, "default": 365},
    "pass_min_days": {"type": "int", "no_log": False, "default": 1},
    "pass_warn_days": {"type": "int", "no_log": False, "default": 7},
    "umask": {"type": "str", "default": "027"},
    "idle_logout_s": {"type": "int", "default": 900},
    "console_ttys": {"type": "list", "elements": "str", "default": ["console", *(f"tty{one}" for one in range(1, 7))]},
}
SHELL = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
umask {umask}
ulimit -c 0 > /dev/null 2>&1
"""
IDLE = "TMOUT={0}\nreadonly TMOUT\nexport TMOUT\n"


def rules(settings: Mapping[str, Any], _facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    of_defs = [
        Rule(
            f"login-{key.lower().replace('_', '-')}",
            "login",
            f"{key} is {value}",
            why,
            Line(DEFS, key, value, "\t"),
            refs,
            weight,
        )
        for key, value, why, refs, weight in _lines(settings)
    ]
    shell = SHELL.format(umask=settings["umask"])
    if settings["idle_logout_s"]:
        shell += IDLE.format(settings["idle_logout_s"])
    ttys = "".join(f"{one}\n" for one in settings["console_ttys"])
    return (
        *of_defs,
        Rule(
            "login-shell",
            "login",
            "A shell begins with that umask",
            "What somebody makes is not everybody's.",
            File("/etc/profile.d/groundcrew-hardening.sh", shell),
            ("CIS Debian 12 5.4.3.2", "CIS Debian 12 5.4.3.3"),
        ),
        Rule(
            "login-securetty",
            "login",
            "root logs in at consoles only",
            "Emergency access is at the console, and there alone.",
            File("/etc/securetty", ttys, 0o400),
        ),
    )


def _lines(settings: Mapping[str, Any]) -> tuple[tuple[str, str, str, tuple[str, ...], int], ...]:
    """Return key, value, reason, numbers and weight of each line of login.defs."""
    return (
        (
            "PASS_MAX_DAYS",
            str(settings["pass_max_days"]),
            "A password that was lost ends some day.",
            ("CIS Debian 12 5.4.1.1",),
            2,
        ),
        (
            "PASS_MIN_DAYS",
            str(settings["pass_min_days"]),
            "Nobody goes round the history of passwords in a minute.",
            ("CIS Debian 12 5.4.1.2",),
            1,
        ),
        (
            "PASS_WARN_AGE",
            str(settings["pass_warn_days"]),
            "Nobody finds out when it is too late.",
            ("CIS Debian 12 5.4.1.3",),
            1,
        ),
        ("UMASK", settings["umask"], "What somebody makes is not everybody's.", ("CIS Debian 12 5.4.3.3",), 2),
        ("ENCRYPT_METHOD", "YESCRYPT", "A stolen hash is slow to guess.", ("CIS Debian 12 5.4.1.4",), 2),
        ("SHA_CRYPT_MIN_ROUNDS", "640000", "Where a tool still makes a SHA-512 hash, it is slow to guess too.", (), 1),
        ("SHA_CRYPT_MAX_ROUNDS", "640000", "Where a tool still makes a SHA-512 hash, it is slow to guess too.", (), 1),
        ("LOG_OK_LOGINS", "yes", "Who logged in is told.", (), 1),
        ("LOGIN_RETRIES", "3", "Guessing at the console is slow.", (), 1),
        ("LOGIN_TIMEOUT", "60", "Nobody keeps a login prompt.", (), 1),
    )
