# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The servers in a configuration that the role load_balancer has written: read and edited as its template does. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .._errors import BadInput

# The first line of the role's template.
MARK = "# Managed by groundcrew.fleet.load_balancer"
SECTIONS = ("global", "defaults", "frontend", "backend", "listen", "ring", "peers", "userlist", "resolvers", "cache")
NAME = re.compile(r"[A-Za-z0-9_.:-]+", re.ASCII)


class Backend(NamedTuple):
    """One backend: its servers with their addresses, the keywords of its default-server, and the key of its cookies."""

    name: str
    servers: dict[str, str]
    keywords: str
    cookie_key: str


def backends(text: str, path: str) -> dict[str, Backend]:
    """Return the backends of the configuration in `text`; raise BadInput unless the role has written it."""
    if not text.startswith(MARK):
        raise BadInput(
            f"{path} was not written by the role load_balancer, so no server is written into it: run the role first, "
            "or give the file that it writes as config"
        )
    found: dict[str, Backend] = {}
    name = ""
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] in SECTIONS and not line[0].isspace():
            name = words[1] if words[0] == "backend" else ""
            found.update({name: Backend(name, {}, "", "")} if name else {})
        elif name:
            found[name] = _read(found[name], words)
    return found


def _read(backend: Backend, words: Sequence[str]) -> Backend:
    if words[0] == "server":
        return backend._replace(servers={**backend.servers, words[1]: words[2]})
    if words[0] == "default-server":
        return backend._replace(keywords=" ".join(words[1:]))
    if words[0] == "dynamic-cookie-key":
        return backend._replace(cookie_key=words[1])
    return backend


def known(text: str, path: str, backend: str) -> Backend:
    """Return the backend of that name; raise BadInput with those that there are."""
    found = backends(text, path)
    if backend not in found:
        raise BadInput(f"{path} has no backend {backend!r}; it has {', '.join(sorted(found)) or 'none'}")
    return found[backend]


def with_server(text: str, backend: str, server: str, address: str) -> str:
    """Return the configuration with the server in its place: the role sorts them as Jinja does, whatever their case."""
    lines = text.splitlines(keepends=True)
    begin, end = _span(lines, backend)
    own = [index for index in range(begin, end) if lines[index].split()[:1] == ["server"]]
    same = [index for index in own if lines[index].split()[1] == server]
    line = f"    server {server} {address}\n"
    if same:
        return "".join([*lines[: same[0]], line, *lines[same[0] + 1 :]])
    after = [index for index in own if lines[index].split()[1].lower() <= server.lower()]
    place = after[-1] + 1 if after else own[0] if own else end
    return "".join([*lines[:place], line, *lines[place:]])


def without_server(text: str, server: str, backend: str | None) -> str:
    """Return the configuration without the server, in one backend or in all."""
    lines = text.splitlines(keepends=True)
    kept, name = [], ""
    for line in lines:
        words = line.split()
        if words and words[0] in SECTIONS and not line[0].isspace():
            name = words[1] if words[0] == "backend" else ""
        if not (name and backend in (None, name) and words[:2] == ["server", server]):
            kept.append(line)
    return "".join(kept)


def _span(lines: Sequence[str], backend: str) -> tuple[int, int]:
    """Return where the lines of the backend begin, and where its last one with a word ends."""
    begin = next(index for index, line in enumerate(lines) if line.split() == ["backend", backend]) + 1
    end = begin
    for index in range(begin, len(lines)):
        if lines[index][:1] not in (" ", "\t", "\n"):
            break
        end = index + 1 if lines[index].strip() else end
    return begin, end
