# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Permissions, owners and setuid bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts import Facts, Person
from ..rule import File, Mode, Rule

DATABASES = ("/etc/passwd", "/etc/group", "/etc/passwd-", "/etc/group-")
SECRETS = ("/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/gshadow-")
HOST_KEYS = tuple(f"/etc/ssh/ssh_host_{kind}_key" for kind in ("rsa", "ecdsa", "ed25519"))
ROOTS: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("/root", 0o700, ("CIS Debian 12 7.2.9",)),
    ("/boot/grub/grub.cfg", 0o600, ("CIS Debian 12 1.4.2",)),
    ("/etc/ssh/sshd_config", 0o600, ("CIS Debian 12 5.1.1",)),
    ("/etc/sudoers", 0o440, ()),
    ("/etc/sudoers.d", 0o750, ()),
    ("/etc/security/opasswd", 0o600, ("CIS Debian 12 7.1.10",)),
)
# Privileged for the sake of something that a server does not do.
SETUID = (
    *("/usr/bin/rcp", "/usr/bin/rlogin", "/usr/bin/rsh", "/usr/lib/openssh/ssh-keysign", "/usr/sbin/usernetctl"),
    *("/usr/sbin/userisdnctl", "/usr/sbin/pppd", "/usr/bin/lockfile", "/usr/bin/mail-lock", "/usr/bin/mail-unlock"),
    *("/usr/bin/mail-touchlock", "/usr/bin/dotlockfile", "/usr/bin/arping", "/usr/sbin/uuidd", "/usr/bin/mtr"),
    *("/usr/lib/pt_chown", "/usr/lib/eject/dmcrypt-get-device", "/usr/lib/mc/cons.saver"),
)
OPTIONS: Mapping[str, Any] = {
    "setuid_absent": {"type": "list", "elements": "str", "default": list(SETUID)},
    "su_for_all": {"type": "bool", "default": False},
    "keep_homes": {"type": "list", "elements": "str", "default": []},
    "compilers_for_root": {"type": "bool", "default": True},
}


def rules(settings: Mapping[str, Any], facts: Facts) -> tuple[Rule, ...]:
    """Return the rules of this layer."""
    return (*_databases(), *_roots(settings, facts), *_setuid(settings), *_loose(facts), *_homes(settings, facts))


def _rule(path: str, title: str, why: str, thing: File | Mode, refs: tuple[str, ...] = (), weight: int = 2) -> Rule:
    name = path.strip("/").replace("/", "-").replace(".", "-").replace("_", "-").replace("+", "p")
    if path.endswith("-"):
        name = f"{name}-backup"
    return Rule(f"permissions-{name.replace('--', '-')}", "permissions", title, why, thing, refs, weight)


def _databases() -> list[Rule]:
    why = "Who may write it can make himself root; who reads the hashes can guess passwords at leisure."
    return [
        *(_rule(one, f"{one} is root's", why, Mode(one, 0o644), ("CIS Debian 12 7.1",), 3) for one in DATABASES),
        *(
            _rule(
                one,
                f"{one} is read by nobody else",
                why,
                Mode(one, 0o640, 0, ("root", "shadow")),
                ("CIS Debian 12 7.1",),
                3,
            )
            for one in SECRETS
        ),
        *(
            _rule(
                one,
                f"{one} is read by nobody else",
                "Whoever has it can be this host.",
                Mode(one, 0o600, 0, ("root", "_ssh")),
                ("CIS Debian 12 5.1.2",),
                3,
            )
            for one in HOST_KEYS
        ),
    ]


def _roots(settings: Mapping[str, Any], facts: Facts) -> list[Rule]:
    why = "It tells how this host is protected, and by whom."
    found = [_rule(path, f"{path} is root's alone", why, Mode(path, mode), refs) for path, mode, refs in ROOTS]
    if not settings["su_for_all"]:
        why = "sudo tells who did what; su tells of a shared password."
        found.append(
            _rule(
                "/usr/bin/su",
                "su is for root and its group",
                why,
                Mode("/usr/bin/su", 0o4750),
                ("CIS Debian 12 5.2.7",),
            )
        )
    if settings["compilers_for_root"]:
        why = "An intruder without rights builds nothing here."
        found += [_rule(one, f"{one} is root's alone", why, Mode(one, 0o750), (), 1) for one in facts.compilers]
    trust = "It lets others in by their word alone."
    return [
        *found,
        _rule("/etc/hosts.equiv", "/etc/hosts.equiv is not there", trust, File("/etc/hosts.equiv", None), (), 3),
    ]


def _setuid(settings: Mapping[str, Any]) -> list[Rule]:
    why = "Each program that gives rights is one more way to get them."
    return [
        _rule(f"{one}-setuid", f"{one} gives no rights", why, Mode(one, 0o755, None, ()), ("CIS Debian 12 7.1.13",))
        for one in settings["setuid_absent"]
    ]


def _loose(facts: Facts) -> list[Rule]:
    why = "Who may write a command of all decides what all run."
    return [
        _rule(one, f"{one} is written by root alone", why, Mode(one, 0o7755, None, ()), (), 3) for one in facts.loose
    ]


def _homes(settings: Mapping[str, Any], facts: Facts) -> list[Rule]:
    found = []
    for one in facts.people:
        if not one.home or (one.uid != 0 and not 1000 <= one.uid < 65534):
            continue
        found += _trust(one, facts)
        if one.uid and one.name not in settings["keep_homes"]:
            found.append(_home(one, facts))
    return found


def _trust(person: Person, facts: Facts) -> list[Rule]:
    """What a home has that opens this host, and what it has that opens others, which somebody's programs may need."""
    rhosts, netrc = (f"{person.home.rstrip('/')}/{name}" for name in (".rhosts", ".netrc"))
    refs = ("CIS Debian 12 7.2.10",)
    trust, secret = "It lets others in by their word alone.", "It keeps passwords for other hosts in the clear."
    own = Mode(netrc, 0o600, person.uid, ())
    return [
        _rule(f"/home/{person.name}/.rhosts", f"{rhosts} is not there", trust, File(rhosts, None), refs),
        _rule(f"/home/{person.name}/.netrc", f"{netrc} is read by its owner alone", secret, own, refs)._replace(
            skip=_strange(person, facts)
        ),
    ]


def _home(person: Person, facts: Facts) -> Rule:
    """A directory that is not his own, such as / or that of a site, is the home of others or of more than him."""
    rule = _rule(
        f"/home/{person.name}",
        f"The home of {person.name} is its own",
        "Keys and history in a home are its owner's.",
        Mode(person.home, 0o700, person.uid, ()),
        ("CIS Debian 12 7.2.9",),
    )
    return rule._replace(skip=_strange(person, facts))


def _strange(person: Person, facts: Facts) -> str:
    owner = facts.strange_homes.get(person.home)
    skip = f"{person.home} belongs to user {owner}: give {person.name} a home of his own, or name him in permissions.keep_homes"
    return "" if owner is None else skip
