# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Ask Debian's pam-auth-update what the PAM stack would be with some more profiles, away from the host's own files."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping

from .._errors import CommandFailed
from . import run

PROFILES, STACK, SAVED = "/usr/share/pam-configs", "/etc/pam.d", "/var/lib/pam"
KINDS = ("account", "auth", "password", "session", "session-noninteractive")
DEBCONF = """Config: configdb
Templates: templatedb

Name: configdb
Driver: File
Filename: {tree}/config.dat

Name: templatedb
Driver: File
Filename: {tree}/templates.dat
"""


def enabled(name: str, kind: str) -> bool:
    """Tell whether the profile of that name is in use for that kind of work, as pam-auth-update keeps it."""
    try:
        with open(f"{SAVED}/{kind}", encoding="utf-8") as file:
            return f"Module: {name}\n" in file.read()
    except FileNotFoundError:
        return False


def waiting(ours: Iterable[str], profiles: str = PROFILES, saved: str = SAVED) -> tuple[str, ...]:
    """Return the profiles, besides ours, that nobody has decided on and that the next pam-auth-update would enable by itself."""
    seen = set(_read(f"{saved}/seen").split())
    names = sorted(os.listdir(profiles)) if os.path.isdir(profiles) else []
    new = [name for name in names if name not in seen and name not in set(ours) and not name.endswith("~")]
    return tuple(name for name in new if re.search(r"^Default:\s*yes\s*$", _read(f"{profiles}/{name}"), re.MULTILINE))


def staged(profiles: Mapping[str, str]) -> dict[str, str]:
    """Return the files, by their path, that make these profiles (name to text) part of the stack; {} if it may not be touched.

    Raise CommandFailed where pam-auth-update fails. Those are the profiles, the common-* files that they are in, and what pam-auth-update keeps of these.
    """
    tree = tempfile.mkdtemp(prefix="groundcrew-pam-")
    try:
        for folder in (PROFILES, STACK, SAVED):
            shutil.copytree(folder, f"{tree}{folder}", symlinks=True)
        for name, text in profiles.items():
            _write(f"{tree}{PROFILES}/{name}", text)
        # debconf's own databases may be locked by an installation, and are not ours to write.
        _write(f"{tree}/debconf.conf", DEBCONF.format(tree=tree))
        env = {"DEBIAN_FRONTEND": "noninteractive", "DEBCONF_SYSTEMRC": f"{tree}/debconf.conf"}
        done = run.run(["pam-auth-update", "--root", tree, "--package", "--enable", *profiles], env=env)
        if done.rc != 0:
            raise CommandFailed(f"the PAM stack cannot be put together: {done.explain()}")
        found = {f"{PROFILES}/{name}": text for name, text in profiles.items()}
        used = [
            kind for kind in KINDS if any(f"Module: {name}\n" in _read(f"{tree}{SAVED}/{kind}") for name in profiles)
        ]
        for kind in used:
            for path in (f"{STACK}/common-{kind}", f"{SAVED}/{kind}"):
                found[path] = _read(f"{tree}{path}")
        return found if used else {}
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _read(path: str) -> str:
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
