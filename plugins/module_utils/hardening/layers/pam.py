# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""PAM and password policy: guessing ends for a while, and new passwords are not easy.

The stack is put together by Debian's own pam-auth-update, away from the host's files, and comes to them as content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import Facts
from ..rule import File, Line, Package, Rule

# The rule without which its module is missing, and with it every change of a password.
INSTALLED = "pam-pwquality-installed"
OPTIONS: Mapping[str, Any] = {
    "deny": {"type": "int", "default": 5},
    "unlock_s": {"type": "int", "default": 600},
    "minlen": {"type": "int", "default": 14},
    "remember": {"type": "int", "default": 24},
}
BEFORE = """Name: Groundcrew: refuse who has failed too often
Default: yes
Priority: 1024
Auth-Type: Primary
Auth:
\trequisite\tpam_faillock.so preauth
Account-Type: Primary
Account:
\trequired\tpam_faillock.so
"""
AFTER = """Name: Groundcrew: count who fails
Default: yes
Priority: 0
Auth-Type: Primary
Auth:
\trequired\tpam_faillock.so authfail
"""
PASSWORDS = """Name: Groundcrew: quality and history of passwords
Default: yes
Priority: 1000
Password-Type: Primary
Password:
{quality}\trequisite\tpam_pwhistory.so remember={remember} use_authtok enforce_for_root
Password-Initial:
{quality}\trequisite\tpam_pwhistory.so remember={remember} enforce_for_root
"""
QUALITY = "\trequisite\tpam_pwquality.so retry=3\n"
PWQUALITY = """# Managed by groundcrew.fleet.hardening: changes made here are replaced.
minlen = {minlen}
minclass = 3
maxrepeat = 3
dictcheck = 1
usercheck = 1
enforce_for_root
"""


def profiles(settings: Mapping[str, Any], *, quality: bool) -> dict[str, str]:
    """Return the profiles of pam-auth-update by name; without `quality` nothing asks for pam_pwquality."""
    return {
        "groundcrew-before": BEFORE,
        "groundcrew-after": AFTER,
        "groundcrew-passwords": PASSWORDS.format(quality=QUALITY if quality else "", remember=settings["remember"]),
    }


def rules(settings: Mapping[str, Any], facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    if not facts.pam_waiting:
        return _rules(settings, facts)
    names = ", ".join(facts.pam_waiting)
    # Any package with a profile would enable these too, outside of the transaction that is proven.
    skip = f"the PAM profiles {names} wait for somebody to decide on them: `pam-auth-update --enable` or `--disable` these first"
    return tuple(rule._replace(skip=skip) for rule in _rules(settings, facts))


def _rules(settings: Mapping[str, Any], facts: Facts) -> tuple[Rule, ...]:
    guessing = "Guessing a password takes years."
    easy = "A password that is long and new is not in the lists."
    deny, unlock = str(settings["deny"]), str(settings["unlock_s"])
    faillock = "/etc/security/faillock.conf"
    return (
        Rule(
            "pam-tmpdir",
            "pam",
            "Everybody has a directory for temporary files of his own",
            "Nobody lays a trap in another one's temporary files.",
            Package("libpam-tmpdir"),
        ),
        Rule(
            INSTALLED,
            "pam",
            "libpam-pwquality is installed",
            easy,
            Package("libpam-pwquality"),
            ("CIS Debian 12 5.3.1.3",),
        ),
        Rule(
            "pam-pwquality",
            "pam",
            f"A new password has {settings['minlen']} characters of three kinds",
            easy,
            File("/etc/security/pwquality.conf.d/50-groundcrew-hardening.conf", PWQUALITY.format(**settings)),
            ("CIS Debian 12 5.3.3.2",),
            2,
        ),
        Rule(
            "pam-faillock-deny",
            "pam",
            f"{deny} wrong passwords end it for a while",
            guessing,
            Line(faillock, "deny", deny, " = "),
            ("CIS Debian 12 5.3.3.1.1",),
            2,
        ),
        Rule(
            "pam-faillock-unlock",
            "pam",
            f"The while is {unlock} s",
            "An owner gets back in without help.",
            Line(faillock, "unlock_time", unlock, " = "),
            ("CIS Debian 12 5.3.3.1.2",),
        ),
        *_stack(facts),
    )


def _stack(facts: Facts) -> list[Rule]:
    guessing = "Guessing a password takes years."
    if not facts.pam:
        skip = "/etc/pam.d/common-* were edited by hand, which pam-auth-update leaves alone: `pam-auth-update --force` gives them back"
        return [
            Rule(
                "pam-stack",
                "pam",
                "The stack counts who fails",
                guessing,
                File("/etc/pam.d/common-auth", None),
                (),
                2,
                skip,
            )
        ]
    return [
        Rule(
            f"pam-stack-{path.strip('/').replace('/', '-')}",
            "pam",
            f"{path} has these modules",
            guessing,
            File(path, text),
            ("CIS Debian 12 5.3.2",),
            2,
        )
        for path, text in facts.pam.items()
    ]
