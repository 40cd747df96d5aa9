# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Servers that answer in JSON over HTTP, such as Prometheus and Alertmanager: one question, and why it got no answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any, NamedTuple, Union
from urllib.error import HTTPError
from urllib.parse import urlencode

from ansible.module_utils.urls import ConnectionError as CannotConnect
from ansible.module_utils.urls import open_url

from ._errors import CommandFailed

# The options of modules that speak to such a server beside its URL; plugins/doc_fragments/server.py documents them.
ACCESS: dict[str, dict[str, Any]] = {
    "url_username": {"type": "str"},
    "url_password": {"type": "str", "no_log": True},
    "ca_path": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "timeout_s": {"type": "float", "default": 10},
}
ACCESS_TOGETHER = ("url_username", "url_password")
Fields = Union[Mapping[str, str], Sequence[tuple[str, str]]]
CURES = {401: "check user name and password", 403: "check user name and password", 404: "check the URL"}


class Refused(CommandFailed):
    """It answered with an HTTP `status` that is an error; `said` is the body of that answer."""

    def __init__(self, message: str, *, status: int, said: str) -> None:
        super().__init__(message)
        self.status = status
        self.said = said


class Server(NamedTuple):
    """What messages call a server, where it is and how to speak to it."""

    name: str
    url: str
    user: str | None = None
    password: str | None = None
    timeout_s: float = 10
    validate_certs: bool = True
    ca_path: str | None = None

    def ask(self, method: str, path: str, *, query: Fields = (), form: Fields = (), body: object = None) -> Any:
        """Return what it answers, None for nothing; `body` is sent as JSON.

        Raise CommandFailed naming URL and cure; of an HTTP error it is Refused.
        """
        address = f"{self.url.rstrip('/')}/{path}" + (f"?{urlencode(query)}" if query else "")
        if form:
            answer = self._read(method, address, urlencode(form), "application/x-www-form-urlencoded")
        else:
            answer = self._read(method, address, None if body is None else json.dumps(body), "application/json")
        try:
            return json.loads(answer) if answer else None
        except ValueError as error:
            raise self.strange(answer) from error

    def strange(self, answer: object) -> CommandFailed:
        """The error to raise for an answer that such a server does not give."""
        return CommandFailed(
            f"{self.url} does not speak {self.name}'s API, it answered {str(answer)[:100]!r}: check that the URL is {self.name}'s own"
        )

    def _read(self, method: str, address: str, data: str | None, content_type: str) -> str:
        try:
            with open_url(
                address,
                method=method,
                data=data,
                headers={"Content-Type": content_type},
                http_agent="groundcrew.fleet",
                timeout=self.timeout_s,
                url_username=self.user,
                url_password=self.password,
                force_basic_auth=self.user is not None,
                validate_certs=self.validate_certs,
                ca_path=self.ca_path,
                follow_redirects="safe",
            ) as answer:
                return str(answer.read(), "utf-8", "replace")
        except HTTPError as error:
            cure = f"; {CURES[error.code]}" if error.code in CURES else ""
            said = _said(error)
            raise Refused(
                f"{self.name} at {self.url} refused {method} {address} with {error.code}: {said[:500]}{cure}",
                status=error.code,
                said=said,
            ) from error
        except (OSError, ValueError, HTTPException, CannotConnect) as error:
            reason = getattr(error, "reason", None) or error
            raise CommandFailed(
                f"{self.name} at {self.url} cannot be reached ({reason}): check the URL, as seen from where this runs, "
                "and that the service is up"
            ) from error


def server_of(name: str, options: Mapping[str, Any]) -> Server:
    """Return the server that a module's options name: its `url`, and those of ACCESS."""
    return Server(
        name,
        options["url"],
        options["url_username"],
        options["url_password"],
        options["timeout_s"],
        options["validate_certs"],
        options["ca_path"],
    )


def _said(error: HTTPError) -> str:
    try:
        return error.read(5000).decode("utf-8", "replace").strip() or str(error.reason)
    except (OSError, HTTPException):
        return str(error.reason)
