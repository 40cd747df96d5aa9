# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alert gate of a rollout: what Alertmanager says is firing."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
from collections.abc import Sequence

from ansible.module_utils.urls import ConnectionError as CannotConnect
from ansible.module_utils.urls import open_url
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput


def check_url(url: str) -> None:
    """Raise BadInput unless the URL is http or https with a host."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"gate: alertmanager_url {url!r} is no http or https URL. For instance http://mon1:9093")


def closed_by(url: str, matchers: Sequence[str], *, timeout_s: float = 5) -> list[str]:
    """Return what closes the gate, [] when nothing does: alerts that fire, unsilenced, and match every matcher.

    An Alertmanager that gives no answer closes it too: nobody could know that all is well.
    """
    check_url(url)
    asked = [("active", "true"), ("silenced", "false"), ("inhibited", "false"), *(("filter", one) for one in matchers)]
    address = f"{url.rstrip('/')}/api/v2/alerts?{urllib.parse.urlencode(asked)}"
    try:
        with open_url(address, timeout=timeout_s, http_agent="groundcrew.fleet") as answer:
            return sorted({_named(alert.get("labels", {})) for alert in json.load(answer)})
    except urllib.error.HTTPError as error:
        said = error.read(200).decode("utf-8", "replace").strip()
        return [f"Alertmanager at {url} answered {error.code}: {said}"]
    except (OSError, CannotConnect, ValueError, AttributeError) as error:
        return [f"Alertmanager at {url} gave no answer: {error}"]


def _named(labels: dict[str, str]) -> str:
    where = labels.get("instance") or labels.get("job") or ""
    return f"alert {labels.get('alertname', 'without a name')} fires" + (f" for {where}" if where else "")
