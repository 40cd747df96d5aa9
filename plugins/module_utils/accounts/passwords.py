# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Lines of shadow(5): passwords, how old they may get, and locks. Pure, on a table that was read before."""

from __future__ import annotations

from collections.abc import Mapping

from . import databases as db
from .databases import Table

NO_PASSWORD = "*"  # noqa: S105 - what shadow(5) calls a password that nothing matches; "!" would lock keys out too without PAM
# The first day that counts as expired: 0 would mean "never" to some tools (shadow(5)).
LONG_AGO = "1"
AGES = ((db.MINIMUM, "PASS_MIN_DAYS", "0"), (db.MAXIMUM, "PASS_MAX_DAYS", "99999"), (db.WARN, "PASS_WARN_AGE", "7"))


def has_one(shadow: Table, name: str) -> bool:
    """Tell whether `name` has a password, be it locked or not."""
    return shadow.field(name, db.HASH).lstrip("!")[:1] not in ("", "*")


def age(shadow: Table, name: str, settings: Mapping[str, str]) -> None:
    """Let the password of `name` get as old as login.defs(5) says."""
    for place, setting, default in AGES:
        shadow.change(name, place, settings.get(setting, default))


def never_age(shadow: Table, name: str) -> None:
    """Let nothing of `name` get old: PAM asks for a new password by key too, also of those who have none to change."""
    for place, _setting, _default in AGES:
        shadow.change(name, place, "")


def lock(shadow: Table, name: str, *, again: bool) -> None:
    """End all logins of `name`. With `again` it was locked before, and somebody may have unlocked it by hand since."""
    password = shadow.field(name, db.HASH)
    if not (again and password.startswith("!")):
        shadow.change(name, db.HASH, f"!{password}")
    shadow.change(name, db.EXPIRE, LONG_AGO)


def unlock(shadow: Table, name: str, expire: str) -> None:
    """Give `name` back the password and the end that it had before `lock`."""
    shadow.change(name, db.HASH, shadow.field(name, db.HASH).removeprefix("!") or NO_PASSWORD)
    shadow.change(name, db.EXPIRE, expire)
