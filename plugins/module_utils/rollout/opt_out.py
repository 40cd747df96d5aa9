# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Who takes no part in a rollout, since a variable of the host says so."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .._errors import BadInput

# What an inventory in INI form, or -e, makes of a yes and a no.
_NO = ("", "false", "no", "off")
_YES = ("true", "yes", "on")
_CURE = "Give a reason as text, true, or false"


def check_name(name: str) -> str:
    """Return the name of the variable; raise BadInput for one that no variable can have."""
    if name and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise BadInput(f"opt_out: {name!r} is no name of a variable. Name the variable itself, without braces")
    return name


def reasons(name: str, values: Mapping[str, object]) -> dict[str, str]:
    """Return why each host is out that is, from what the variable is on the hosts that have it.

    For instance `{"a": "audit until May"}` for a text, `{"a": "opted_out is true"}` for true, nothing for false or "".
    Raise BadInput naming the host whose value is of another kind, or a template that nobody can fill in.
    """
    told = {host: _reason(name, host, value) for host, value in values.items()}
    return {host: why for host, why in told.items() if why}


def _reason(name: str, host: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{name} is true" if value else ""
    if not isinstance(value, str):
        raise BadInput(f"opt_out: {name} of {host} is {value!r}, neither text nor a yes or no. {_CURE}")
    if "{{" in value or "{%" in value:
        raise BadInput(f"opt_out: {name} of {host} cannot be filled in: {value}. Mend its template, or {_CURE.lower()}")
    text = " ".join(value.split())
    if text.lower() in _NO:
        return ""
    return f"{name} is true" if text.lower() in _YES else text
