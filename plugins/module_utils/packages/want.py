# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What a call of packages asks for: its options, understood and refused before anything is read."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput
from .spec import PACKAGE

PRESENT, ABSENT = "present", "absent"
# Debian Policy 5.6.1, with the architecture that apt takes after a colon.
NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?", re.ASCII)
VERSION = re.compile(r"[0-9][A-Za-z0-9.+:~-]*", re.ASCII)
# Without a dot: apt passes over preferences that have one in their name.
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
WORD = re.compile(r"[^\s#,\[\]]+")
ARMOUR_BEGIN, ARMOUR_END = "-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----"
ARMOUR_WIDTH = 64


class Package(NamedTuple):
    """One package. `version` "" is any, `held` None is as it is; `purge` takes its configuration too when it goes."""

    name: str
    state: str = PRESENT
    version: str = ""
    held: bool | None = None
    purge: bool = False


class Pin(NamedTuple):
    """What apt_preferences(5) says of a repository's packages; `match` "" is the hosts that it comes from."""

    priority: int
    packages: tuple[str, ...] = ("*",)
    match: str = ""


class Repository(NamedTuple):
    """One source. `key` is its key in ASCII armour, `keyring` the path of one that is on the host already."""

    name: str
    state: str = PRESENT
    uris: tuple[str, ...] = ()
    types: tuple[str, ...] = ("deb",)
    suites: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    key: str = ""
    keyring: str = ""
    pin: Pin | None = None


class Want(NamedTuple):
    """The whole call; `name` is that of the list, so that several can stand side by side.

    With `exactly_back` what came along goes with what it came for, even if something that was there before recommends it.
    """

    packages: tuple[Package, ...] = ()
    repositories: tuple[Repository, ...] = ()
    name: str = "fleet"
    purge_unlisted: bool = True
    allow_removals: bool = False
    lists_valid_s: int = 3600
    force: bool = False
    exactly_back: bool = False

    @property
    def present(self) -> tuple[Package, ...]:
        return tuple(one for one in self.packages if one.state == PRESENT)

    @property
    def absent(self) -> tuple[Package, ...]:
        return tuple(one for one in self.packages if one.state == ABSENT)


def parse(params: Mapping[str, Any]) -> Want:
    """Return what the module's options ask for; raise BadInput, naming value and cure, for what cannot be right."""
    packages = tuple(_package(one) for one in params.get("packages") or ())
    repositories = tuple(_repository(one) for one in params.get("repositories") or ())
    _refuse_twice("package", [one.name for one in packages])
    _refuse_twice("repository", [one.name for one in repositories])
    name = params["name"]
    if not FILE_NAME.fullmatch(name):
        raise BadInput(f"name {name!r} of the list is no good name: use letters, digits, - and _")
    return Want(
        packages,
        repositories,
        name,
        params["purge_unlisted"],
        params["allow_removals"],
        params["cache_valid_time_s"],
        params["force"],
    )


def _package(given: Any) -> Package:
    entry = {"name": given} if isinstance(given, str) else given
    if not isinstance(entry, Mapping):
        raise BadInput(
            f"package {given!r} is neither a name nor a dictionary: write curl, or {{name: curl, held: true}}"
        )
    # Only what comes from a task needs Ansible; a list that another engine makes is planned without it.
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

    checked = ArgumentSpecValidator(PACKAGE).validate(dict(entry))
    if checked.error_messages:
        raise BadInput(f"package {entry.get('name', given)}: {'; '.join(checked.error_messages)}")
    found = checked.validated_parameters
    one = Package(found["name"], found["state"], found["version"] or "", found["held"], found["purge"])
    if not NAME.fullmatch(one.name):
        raise BadInput(
            f"package {one.name!r} is no name of a package: lower case letters, digits, + - and .; a version is an option"
        )
    if one.version and not VERSION.fullmatch(one.version):
        raise BadInput(
            f"version {one.version!r} of package {one.name} is no whole version: give one that `apt-cache madison` shows"
        )
    if one.state == ABSENT and (one.version or one.held):
        raise BadInput(f"package {one.name} is to be absent, so it can have neither version nor held: leave them out")
    return one


def _repository(one: Mapping[str, Any]) -> Repository:
    name = one["name"]
    if not FILE_NAME.fullmatch(name):
        raise BadInput(
            f"repository {name!r} is no good name: use letters, digits, - and _, since files are named after it"
        )
    if one["state"] == ABSENT:
        return Repository(name, ABSENT)
    words = {option: tuple(one[option]) for option in ("uris", "suites", "components", "architectures")}
    _refuse_words(words, name)
    key, keyring = _key(one.get("key"), name)
    return Repository(
        name, PRESENT, types=tuple(one["types"]), key=key, keyring=keyring, pin=_pin(one.get("pin"), name), **words
    )


def _refuse_words(words: Mapping[str, tuple[str, ...]], name: str) -> None:
    for option, values in words.items():
        for value in values:
            if not WORD.fullmatch(value):
                raise BadInput(
                    f"{option} of repository {name} has {value!r}: give each as an entry of its own, without blanks"
                )
    for option in ("uris", "suites"):
        if not words[option]:
            raise BadInput(f"repository {name} has no {option}: give at least one")
    for uri in words["uris"]:
        if not re.match(r"[a-z0-9+]+:/", uri):
            raise BadInput(f"uri {uri!r} of repository {name} is none: write it like https://deb.example.com/debian")
    flat = [suite for suite in words["suites"] if suite.endswith("/")]
    if bool(flat) == bool(words["components"]) or (flat and len(flat) < len(words["suites"])):
        raise BadInput(
            f"repository {name} needs components, such as main; none if its suites are paths, which end with a slash"
        )


def _pin(given: Mapping[str, Any] | None, name: str) -> Pin | None:
    if given is None:
        return None
    packages, match = tuple(given["packages"]), given.get("match") or ""
    if not packages or any(not WORD.fullmatch(one) for one in packages):
        raise BadInput(
            f"pin of repository {name} has packages {list(packages)}: give names or patterns, each as an entry of its own"
        )
    if match and not re.fullmatch(r"(origin|release|version) [^\n]+", match):
        raise BadInput(
            f"match {match!r} in the pin of repository {name} begins with neither origin, release nor version: see apt_preferences(5)"
        )
    return Pin(given["priority"], packages, match)


def _key(given: str | None, name: str) -> tuple[str, str]:
    """Return the key in ASCII armour, or the path of a keyring."""
    text = (given or "").strip()
    if not text or text.startswith("/"):
        return "", text
    blocks = re.findall(f"{ARMOUR_BEGIN}(.*?){ARMOUR_END}", text, re.DOTALL) if text.startswith("-----") else [text]
    # What stands before a block's empty line are its headers; the line with = is its sum.
    bodies = [
        re.sub(r"\A.*?\n\s*\n", "", block, flags=re.DOTALL) if text.startswith("-----") else block for block in blocks
    ]
    if not bodies or not all(_holds_a_key(body) for body in bodies):
        raise BadInput(
            f"key of repository {name} is no public key: give the content of its .asc file, its .gpg file as base64, or the path "
            "of a keyring on the host"
        )
    return (f"{text}\n" if text.startswith("-----") else _armoured(text)), ""


def _holds_a_key(body: str) -> bool:
    """Tell whether the base64 is a packet of a public key (RFC 4880, 4.2 and 4.3)."""
    try:
        data = base64.b64decode("".join(line for line in body.split() if not line.startswith("=")), validate=True)
    except (binascii.Error, ValueError):
        return False
    first = data[0] if data else 0
    return first & 0x80 != 0 and (first & 0x3F if first & 0x40 else first >> 2 & 0xF) == 6


def _armoured(text: str) -> str:
    body = "".join(text.split())
    lines = [body[start : start + ARMOUR_WIDTH] for start in range(0, len(body), ARMOUR_WIDTH)]
    return "\n".join([ARMOUR_BEGIN, "", *lines, ARMOUR_END, ""])


def _refuse_twice(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadInput(f"{what} {name} is given twice: keep one of them")
        seen.add(name)


def names_of(entries: Sequence[Package] | Sequence[Repository]) -> frozenset[str]:
    """Return the names of packages or repositories."""
    return frozenset(one.name for one in entries)
