# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Alertmanager's API v2: the three calls that silences need.

It changes a record in Alertmanager, not the host that the module runs on, so no transaction and no host lock is involved.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.error import HTTPError

from ansible.module_utils.urls import open_url

from .._errors import CommandFailed


class Server(NamedTuple):
    """Where Alertmanager is and how to speak to it."""

    url: str
    user: str | None = None
    password: str | None = None
    timeout_s: float = 10
    validate_certs: bool = True

    def silences(self) -> list[dict[str, Any]]:
        found = self._ask("GET", "silences")
        return found if isinstance(found, list) else []

    def put(self, silence: Mapping[str, Any]) -> str:
        """Create the silence, or change the one whose `id` it has; return its id."""
        return str(self._ask("POST", "silences", silence)["silenceID"])

    def expire(self, silence_id: str) -> None:
        self._ask("DELETE", f"silence/{silence_id}")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        url = f"{self.url.rstrip('/')}/api/v2/{path}"
        try:
            answer = open_url(
                url,
                method=method,
                data=json.dumps(body) if body else None,
                headers={"Content-Type": "application/json"},
                timeout=self.timeout_s,
                url_username=self.user,
                url_password=self.password,
                force_basic_auth=self.user is not None,
                validate_certs=self.validate_certs,
                follow_redirects="safe",
            ).read()
            return json.loads(answer) if answer else None
        except HTTPError as error:
            said = error.read().decode("utf-8", "replace").strip()[:500]
            raise CommandFailed(
                f"Alertmanager refused {method} {url} with {error.code}: {said or error.reason}"
            ) from error
        except json.JSONDecodeError as error:
            raise CommandFailed(f"{url} does not speak Alertmanager's API v2: it answered {answer[:100]!r}") from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise CommandFailed(
                f"Alertmanager at {self.url} cannot be reached ({reason}): check `url`, "
                "as seen from the host that the task runs on, and that the service is up"
            ) from error
