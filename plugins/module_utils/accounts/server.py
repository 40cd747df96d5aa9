# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Which keys the SSH server reads: those of the host's own setting, and ours before them."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence

from .._errors import BadInput

KEYS = "/etc/groundcrew/authorized_keys"
# Keys lie where only root writes: a home belongs to its owner, who could lead root's hand elsewhere by a link.
OURS = f"{KEYS}/%u"
KEYWORD = "AuthorizedKeysFile"
CONFIG = "/etc/ssh/sshd_config"
DROPIN = "/etc/ssh/sshd_config.d/10-groundcrew-keys.conf"
# What sshd_config(5) says where nothing is set.
USUAL = ".ssh/authorized_keys .ssh/authorized_keys2"


def effective(sshd: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the patterns that the server reads now (`sshd -T`), () where it cannot be asked."""
    return tuple((sshd.get(KEYWORD.lower()) or [""])[0].split())


def of_the_host(value: str) -> tuple[str, ...]:
    """Return the patterns besides ours, as they stand in the host's own setting; `value` is "" where it has none."""
    told = (value or USUAL).partition(" #")[0].split()
    return tuple(one for one in told if one not in (OURS, "none"))


def dropin(patterns: Collection[str], alone: Collection[str]) -> str:
    """Return our file's text: our keys before those by `patterns`, and nothing but ours for those who stand `alone`."""
    text = f"{KEYWORD} {' '.join((OURS, *patterns))}\n"
    if alone:
        text += f"Match User {','.join(sorted(alone))}\n    {KEYWORD} {OURS}\nMatch all\n"
    return text


def standing_alone(text: str) -> frozenset[str]:
    """Return whose keys are nothing but ours, by the text of our file."""
    found = re.search(r"^Match User (\S+)$", text, re.MULTILINE)
    return frozenset(found[1].split(",") if found else ())


def refuse_unread(first: tuple[str, str]) -> None:
    """Raise BadInput where our file would count for nothing; `first` are file and value of the setting that counts.

    It is as logins.sshd_first tells it with our file in place: the server takes the first value that it reads.
    """
    path, value = first
    if OURS in value.split():
        return
    folder = os.path.dirname(DROPIN)
    if not path:
        raise BadInput(
            f"the SSH server does not read {folder} here, so that our keys would not count: begin {CONFIG} with the line "
            f"'Include {folder}/*.conf'"
        )
    raise BadInput(
        f"{path} sets {KEYWORD} before {DROPIN} could, so that our keys would not count: add {OURS} to that line, or let "
        "it come later"
    )
