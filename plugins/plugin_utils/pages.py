# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboards as pages that Prometheus serves itself, from its console templates and user assets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

from .pages_app import APP
from .pages_fleet import FLEET
from .pages_host import HOST
from .pages_model import Page, Panel
from .pages_operations import LOAD_BALANCER, ONCALL
from .pages_patches import PATCHED

PAGES = (FLEET, HOST, APP, LOAD_BALANCER, ONCALL, PATCHED)
ASSETS = Path(__file__).resolve().parents[2] / "roles/monitoring/files/pages"
# Prometheus takes what stands in its console templates for Go's template language; Ansible's would be templated here.
TEMPLATES = ("{{", "{%", "{#")

SHELL = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%(title)s</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="../user/dygraphs/dygraph.min.css">
<link rel="stylesheet" href="%(assets)spages.css">
<script src="../user/dygraphs/dygraph.min.js" defer></script>
<script src="%(assets)spage.js" type="module"></script>
</head>
<body>
<noscript>This page asks Prometheus by script, and scripts are off.</noscript>
<script type="application/json" id="definition">%(definition)s</script>
</body>
</html>
"""


def console_pages(slos: Sequence[Mapping[str, Any]], scrape_interval_s: float | str = 15) -> list[dict[str, str]]:
    """Return the files of the pages: those below `consoles` are console templates, those below `user` are user assets.

    An SLO tells which backend of the load balancer is its app's; an app of which none tells has the backend of its name. A rate
    is never taken over less than four scrapes. Raise BadInput for an SLO without its app.
    """
    # ansible-core 2.16 makes a string of any number that has gone through a variable of a play.
    window_s = 4 * _seconds(scrape_interval_s)
    assets = {path.name: path.read_text(encoding="utf-8") for path in sorted(ASSETS.iterdir())}
    # Each version has names of its own: a browser keeps scripts for weeks, and must not mix those of two.
    prefix = f"user/pages/{_digest(assets)}-"
    shared = {"backends": backends(slos), "window_s": window_s, "pages": [_entry(page) for page in PAGES]}
    pages = {f"consoles/{page.name}.html": _shell(page, prefix, shared) for page in PAGES}
    # Prometheus links its own pages to a console of this name.
    pages["consoles/index.html"] = pages[f"consoles/{FLEET.name}.html"]
    files = {**pages, **{f"{prefix}{name}": _named(text, prefix) for name, text in assets.items()}}
    return [{"path": path, "content": content} for path, content in files.items()]


def backends(slos: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the backends of each app that has an SLO which names one."""
    found: dict[str, list[str]] = {}
    for slo in slos:
        if not isinstance(slo, Mapping) or not slo.get("app"):
            raise BadInput(
                f"SLO {slo!r} lacks its app: give `app`, the name that its hosts and series have as label `app`"
            )
        if slo.get("backend") and str(slo["backend"]) not in found.get(str(slo["app"]), []):
            found.setdefault(str(slo["app"]), []).append(str(slo["backend"]))
    return found


def _seconds(value: float | str) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = 0
    if not seconds > 0:
        raise BadInput(f"scrape_interval_s is {value!r}: give the seconds between two scrapes, a number above 0")
    return seconds


def _digest(assets: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(assets, sort_keys=True).encode()).hexdigest()[:12]


def _named(script: str, prefix: str) -> str:
    """The script with what it imports under the names that they are given."""
    return script.replace('from "./', f'from "./{prefix.rpartition("/")[2]}')


def _entry(page: Page) -> dict[str, str]:
    return {"name": page.name, "title": page.title, "parameter": page.parameter}


def _shell(page: Page, prefix: str, shared: Mapping[str, Any]) -> str:
    definition = {**shared, "page": {**page._asdict(), "panels": [_panel(panel) for panel in page.panels]}}
    text = json.dumps(definition, separators=(",", ":")).replace("<", r"\u003c")
    for mark in TEMPLATES:
        # Two braces in a row can only stand in a string, where JSON lets a character be written by its number.
        text = text.replace(mark, f"{mark[0]}\\u{ord(mark[1]):04x}")
    return SHELL % {"title": page.title, "assets": f"../{prefix}", "definition": text}


def _panel(panel: Panel) -> dict[str, Any]:
    """The panel as plain data, without what it leaves at its default."""
    queries = [_told(query) for query in panel.queries]
    return {**_told(panel), "queries": queries}


def _told(what: Any) -> dict[str, Any]:
    told = {key: value._asdict() if hasattr(value, "_asdict") else value for key, value in what._asdict().items()}
    return {key: value for key, value in told.items() if value not in ("", None, False, ())}
