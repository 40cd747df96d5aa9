# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alert gate of a rollout: what Alertmanager says is firing."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable, Sequence

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, CommandFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._http import Server

# Seconds between two looks at alerts that hold the next wave.
PAUSE_S = 3.0


def check_url(url: str) -> None:
    """Raise BadInput unless the URL is http or https with a host."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"gate: alertmanager_url {url!r} is no http or https URL. For instance http://mon1:9093")


def check_wait(wait_s: int) -> None:
    """Raise BadInput unless it is a time to wait, which may be none."""
    if wait_s < 0:
        raise BadInput(f"gate: wait_s {wait_s} is no time to wait. Give seconds, 0 for none")


def wait_until_clear(
    ask: Callable[[], list[str]],
    wait_s: float,
    *,
    say: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Return [] as soon as `ask` finds nothing that closes the gate, else what closes it after `wait_s` seconds.

    What it waits for is said once.
    """
    ends, found = clock() + wait_s, ask()
    if found and wait_s:
        say(f"the gate waits up to {wait_s:g} s: {'; '.join(found)}")
    while found and clock() < ends:
        sleep(min(PAUSE_S, max(0.0, ends - clock())))
        found = ask()
    return found


def closed_by(server: Server, matchers: Sequence[str]) -> list[str]:
    """Return what closes the gate, [] when nothing does: alerts that fire, unsilenced, and match every matcher.

    An Alertmanager that gives no answer closes it too: nobody could know that all is well.
    """
    check_url(server.url)
    asked = [("active", "true"), ("silenced", "false"), ("inhibited", "false"), *(("filter", one) for one in matchers)]
    try:
        found = server.ask("GET", "api/v2/alerts", query=asked)
        return sorted({_named(alert.get("labels", {})) for alert in found})
    except CommandFailed as error:
        return [str(error)]
    except (AttributeError, TypeError):
        return [str(server.strange(found))]


def _named(labels: dict[str, str]) -> str:
    where = labels.get("instance") or labels.get("job") or ""
    return f"alert {labels.get('alertname', 'without a name')} fires" + (f" for {where}" if where else "")
