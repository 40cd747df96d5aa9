# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an alert leads: its page in the runbooks, and the dashboard that shows it."""

from __future__ import annotations

from typing import NamedTuple

DEFAULT_RUNBOOKS_URL = "https://github.com/groundcrew/fleet/blob/main/docs/runbooks"


class Links(NamedTuple):
    """`monitoring_url` is Prometheus as people reach it; without one the links are paths on whichever server shows them."""

    runbooks_url: str
    monitoring_url: str

    def of(self, alert: str, page: str) -> dict[str, str]:
        """Return the annotations of an alert and its page, such as `host.html?host=app1`."""
        return {
            "runbook_url": f"{self.runbooks_url.rstrip('/')}/{alert}.md",
            "dashboard": f"{self.monitoring_url.rstrip('/')}/consoles/{page}",
        }
