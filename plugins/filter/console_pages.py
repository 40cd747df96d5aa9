# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: console_pages
short_description: The fleet's dashboards as pages that Prometheus serves itself
version_added: 0.1.0
description:
  - Makes the files of six pages - fleet, host, app, load balancer, on-call, patches and drift. Nothing has to be installed for them but
    Prometheus and the Debian package C(libjs-dygraphs), and nothing is asked of the internet.
  - Prometheus is given the files below C(consoles) by C(--web.console.templates) and those below C(user) by C(--web.user-assets). The files of
    C(/usr/share/javascript/dygraphs) belong in C(user/dygraphs), and who is on call in C(user/oncall.json).
  - That file is what filter C(groundcrew.fleet.oncall_page) makes, as JSON. The page goes by its reader's clock, and says so when the file
    is too old to tell who is on. A file without teams says that there is nobody on call.
author:
  - The groundcrew.fleet founders (@groundcrew)
positional: scrape_interval_s
options:
  _input:
    description:
      - The SLOs. One with an C(app) and a C(backend) tells which backend of the load balancer is that app's; an app of which none tells has the
        backend of its own name.
    type: list
    elements: dict
    required: true
  scrape_interval_s:
    description: Seconds between two scrapes. Rates are taken over at least four of them.
    type: float
    default: 15
"""

EXAMPLES = r"""
- name: Tell which pages there are
  ansible.builtin.debug:
    msg: "{{ [{'app': 'shop', 'backend': 'shop-http'}] | groundcrew.fleet.console_pages(15) | map(attribute='path') }}"
"""

RETURN = r"""
_value:
  description:
    - The files, each with its C(path) below the directory that Prometheus is given and its C(content). The names of
      scripts tell their version, so that no browser mixes those of two; C(user/pages) may be purged of all others.
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.pages import console_pages


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"console_pages": console_pages}
