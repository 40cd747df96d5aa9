# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Locales that the host can speak (/etc/locale.gen, locale-gen), and the one that it does speak (/etc/default/locale)."""

from __future__ import annotations

import difflib
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..._errors import BadInput
from ..._host import checks, files, run
from ..._transaction import steps
from ..._transaction.steps import Step
from ..area import Asked, Content, Have, Part, Wanted, as_it_is, paths_of, settle, shared

AREA = "locale"
# A link to /etc/locale.conf on Debian 13.
DEFAULT, CONF = "/etc/default/locale", "/etc/locale.conf"
LIST = "/etc/locale.gen"
SUPPORTED = "/usr/share/i18n/SUPPORTED"
NAME = re.compile(r"[a-z]{2,3}_[A-Z]{2}(\.[A-Za-z0-9-]+)?(@[a-z]+)?")
BUILT_IN = ("C.UTF-8", "C", "POSIX")
# Each takes about a second on a fast machine, and several on a slow one.
GENERATE_S = 900
TOOL = "locale-gen"


class Want(NamedTuple):
    """The default ("" goes back, None leaves it alone) and the list (None leaves it alone)."""

    default: str | None
    listed: tuple[str, ...] | None


def parse(params: Mapping[str, Any]) -> Want | None:
    """Return the wanted locales, None where none is asked for; raise BadInput for what cannot be one."""
    default, listed = params["locale"], params["locales"]
    if default is None and listed is None:
        return None
    for name in [*([default] if default else []), *(listed or ())]:
        if name not in BUILT_IN and not NAME.fullmatch(name):
            raise BadInput(f"locale {name!r} is no locale: write it like de_DE.UTF-8")
    return Want(default, None if listed is None else tuple(dict.fromkeys(one for one in listed if one not in BUILT_IN)))


def reads(_want: Want, past: Mapping[str, Any]) -> Asked:
    """Return what the plan has to know of the host."""
    looks: dict[str, Callable[[], Any]] = {
        "locales": lambda: tuple(run.run(["locale", "-a"]).out.split()),
        "supported": lambda: (files.read(SUPPORTED).content or b"").decode("utf-8", "replace"),
        TOOL: lambda: bool(shutil.which(TOOL, path=run.PATH)),
    }
    return Asked((DEFAULT, CONF, LIST, *paths_of(past)), (), looks)


def plan(want: Want, have: Have) -> Part:
    """Return the list, its generation, and the default; raise BadInput for a locale that this host cannot have."""
    past = have.past(AREA)
    listed = list(past.get("listed", ())) if want.listed is None else list(want.listed)
    lines, text = _generation(want, have)
    settled = settle(AREA, _wanted(want.default, listed, have), have)
    facts = {"paths": list(settled.paths), "listed": listed, "lines": lines}
    missing = [name for name in listed if text and _plain(name) not in _known(have)]
    return Part(
        settled,
        edits=_edits(have, text),
        after=() if text is None else (steps.argv([TOOL], timeout_s=GENERATE_S),),
        checks=tuple(checks.command(["validlocale", name]) for name in missing),
        facts={key: value for key, value in facts.items() if value},
    )


def _wanted(default: str | None, listed: Sequence[str], have: Have) -> dict[str, Wanted]:
    """Return the file with the default; nothing to go back, and what is there where the call does not ask for it."""
    ours = paths_of(have.past(AREA))
    path = _default_path(have) if default or ours else DEFAULT
    if default:
        _refuse_default(default, listed, have)
        return {path: Content(_default(have.text(path), default).encode("utf-8", "surrogateescape"))}
    return {path: as_it_is(path, have)} if default is None and path in ours else {}


def _generation(want: Want, have: Have) -> tuple[list[str], str | None]:
    """Return the lines that are ours in the list, and its new text where it has to be generated, else None."""
    past = have.past(AREA).get("lines", [])
    if want.listed is None:
        return past, None
    lines = [f"{name} {_charset(name, have)}" for name in want.listed]
    text = shared(LIST, have)
    active = {line.strip() for line in text.splitlines() if not line.startswith("#")}
    # What somebody else had listed is not ours to take away later.
    ours = [line for line in lines if line in past or line not in active]
    edited = _listed(text, ours, [line for line in past if line not in lines])
    known = _known(have)
    if edited == text and all(_plain(name) in known for name in want.listed):
        return ours, None
    if not have.seen[TOOL] and not have.rehearsal:
        raise BadInput(
            f"locales {', '.join(want.listed) or 'that left'} need {TOOL}: install the package locales first"
        )
    return ours, edited


def _edits(have: Have, text: str | None) -> tuple[Step, ...]:
    """The first step does nothing but have an undo: it comes last on the way back, when the list is as it was."""
    if text is None:
        return ()
    # The package brings the list along with the tool.
    is_there = have.files[LIST].exists or not have.seen[TOOL]
    before = (steps.argv(["true"], undo=[TOOL], timeout_s=GENERATE_S),) if is_there else ()
    write = (steps.write(LIST, text.encode("utf-8", "surrogateescape")),) if text != shared(LIST, have) else ()
    return (*before, *write)


def _listed(text: str, ours: Sequence[str], gone: Sequence[str]) -> str:
    """Return the list with `ours` in it and `gone` commented out; a line of ours that is there as a comment is uncommented."""
    missing = list(ours)
    lines = []
    for line in text.splitlines():
        plain = line.lstrip("# ").strip()
        if plain in missing and (not line.startswith("#") or line.lstrip("#").strip() == plain):
            missing.remove(plain)
            lines.append(plain)
        elif plain in gone and not line.startswith("#"):
            lines.append(f"# {plain}")
        else:
            lines.append(line)
    return "".join(f"{line}\n" for line in (*lines, *missing))


def _charset(name: str, have: Have) -> str:
    """Return the character set that SUPPORTED gives the locale."""
    rows = dict(line.split(None, 1) for line in have.seen["supported"].splitlines() if len(line.split()) == 2)
    if name in rows:
        return str(rows[name]).strip()
    if not rows and have.rehearsal:
        return name.partition("@")[0].partition(".")[2] or "ISO-8859-1"
    if not rows:
        raise BadInput(f"locale {name} needs {SUPPORTED}: install the package locales first")
    near = ", ".join(difflib.get_close_matches(name, rows, 3))
    meant = f"did you mean {near}? " if near else ""
    raise BadInput(f"locale {name} is none that can be generated here: {meant}See {SUPPORTED}")


def _known(have: Have) -> set[str]:
    return {_plain(name) for name in have.seen["locales"]}


def _plain(name: str) -> str:
    """`locale -a` tells de_DE.UTF-8 as de_DE.utf8."""
    base, _at, modifier = name.partition("@")
    place, _dot, charset = base.partition(".")
    return f"{place}.{re.sub('[^a-z0-9]', '', charset.lower())}@{modifier}"


def _default_path(have: Have) -> str:
    state = have.files[DEFAULT]
    if state.kind != files.LINK:
        return DEFAULT
    path = os.path.normpath(os.path.join(os.path.dirname(DEFAULT), state.target or ""))
    if path != CONF:
        raise BadInput(f"{DEFAULT} is a link to {path}, which is not understood: let it be a file, or lead to {CONF}")
    return path


def _default(text: str, name: str) -> str:
    """Return the defaults with this LANG; other variables stay."""
    lines = text.splitlines()
    found = [number for number, line in enumerate(lines) if re.match(r"\s*LANG=", line)]
    if found:
        lines[found[-1]] = f"LANG={name}"
    else:
        lines.append(f"LANG={name}")
    return "".join(f"{line}\n" for line in lines)


def _refuse_default(name: str, listed: Sequence[str], have: Have) -> None:
    if name not in (*BUILT_IN, *listed) and _plain(name) not in _known(have):
        raise BadInput(f"locale {name} is not generated on this host: add it to locales too")
