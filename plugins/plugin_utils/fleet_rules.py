# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alerts of every fleet as rules of Prometheus, from the table in fleet_rules.yml."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

from .alert_links import DEFAULT_RUNBOOKS_URL, Links

SEVERITIES = ("page", "ticket", "info")
CHANGES = ("severity", "for", "enabled")
PLACE = re.compile(r"\$\{(\w+)\}")
OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
BACKEND = re.compile(r"[A-Za-z0-9_.:-]+")
DURATION = re.compile(r"(\d+(ms|[smhdwy]))+|0")
# A list of file systems within a regular expression within quotes.
ALTERNATIVES = re.compile(r"[A-Za-z0-9_.*|]+")

Rule = dict[str, Any]


def table() -> dict[str, Any]:
    """Return the thresholds and groups of fleet_rules.yml."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("fleet_rules.yml").read_text(encoding="utf-8"))
    return found


def fleet_rules(
    thresholds: Mapping[str, Any],
    default_owner: str = "ops",
    runbooks_url: str = DEFAULT_RUNBOOKS_URL,
    monitoring_url: str = "",
    backend_owners: Mapping[str, str] | None = None,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return rule groups with these thresholds, the others as they are in the table.

    An alert's owner is the label `owner` of its series, or `backend_owners` for a backend of HAProxy, else the default.
    `changes` gives severity and `for` of an alert anew, or turns it off: {InstanceDown: {severity: page, for: 0s}}.
    Raise BadInput that names what is unknown or cannot be right, and what would be.
    """
    known = table()
    owners = _owners(default_owner, backend_owners or {})
    values = _values(known["thresholds"], thresholds)
    alerts = [rule["alert"] for group in known["groups"] for rule in group["rules"] if "alert" in rule]
    changed = _changed(changes or {}, alerts)
    links = Links(runbooks_url, monitoring_url)
    groups = []
    for group in known["groups"]:
        rules = [rule for rule in group["rules"] if changed.get(rule.get("alert"), {}).get("enabled", True)]
        made = [_rule({**rule, **changed.get(rule.get("alert"), {})}, values, owners, links) for rule in rules]
        if made:
            groups.append({"name": group["name"], "rules": made})
    return {"groups": groups}


def _rule(rule: Mapping[str, Any], values: Mapping[str, str], owners: Mapping[str, str], links: Links) -> Rule:
    expr = _filled(rule["expr"], values)
    if "record" in rule:
        return {"record": rule["record"], "expr": expr}
    hold = {"for": _filled(str(rule["for"]), values)} if "for" in rule else {}
    return {
        "alert": rule["alert"],
        "expr": expr,
        **hold,
        "labels": {"severity": rule["severity"], "owner": owners[rule.get("owner_from", "owner")]},
        "annotations": {
            "summary": _filled(rule["summary"], values),
            **links.of(rule["alert"], _page(rule["dashboard"])),
        },
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    return PLACE.sub(lambda found: values[found[1]], text)


def _page(dashboard: str) -> str:
    """Return the page with the value of the label that it is asked with: host.html?host gets the alert's host."""
    page, _mark, label = dashboard.partition("?")
    return f"{page}?{label}={{{{ $labels.{label} | urlquery }}}}" if label else page


def _owners(default: str, of_backends: Mapping[str, str]) -> dict[str, str]:
    """Return templates that Prometheus fills in, by the label that decides."""
    for backend in of_backends:
        if not BACKEND.fullmatch(str(backend)):
            raise BadInput(
                f"backend {backend!r}: give letters, digits, dots, colons, dashes and underscores, such as shop"
            )
    for value in (default, *of_backends.values()):
        if not OWNER.fullmatch(str(value)):
            raise BadInput(f"owner {value!r}: give letters, digits, dots, dashes and underscores, such as ops")
    plain = "{{ with $labels.owner }}{{ . }}{{ else }}" + default + "{{ end }}"
    cases = "".join(
        f'{{{{ {"else " if number else ""}if eq $labels.proxy "{backend}" }}}}{owner}'
        for number, (backend, owner) in enumerate(sorted(of_backends.items()))
    )
    of_proxy = f"{cases}{{{{ else }}}}{plain}{{{{ end }}}}" if cases else plain
    return {"owner": plain, "proxy": of_proxy, "team": "{{ $labels.team }}"}


def _values(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise BadInput(f"thresholds are {given!r}. Give a dictionary, such as {{disk_free_percent: 5}}")
    _refuse_unknown("threshold", given, known)
    return {name: _value(name, given.get(name, default), default) for name, default in known.items()}


def _value(name: str, value: object, default: object) -> str:
    if isinstance(default, str):
        if not ALTERNATIVES.fullmatch(str(value)):
            raise BadInput(f"threshold {name} is {value!r}. Give names with | between them, such as {default}")
        return str(value)
    # ansible-core 2.16 makes a string of any number that has gone through a variable of a play.
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"\d+", text):
        raise BadInput(f"threshold {name} is {value!r}. Give a whole number of 0 or more, such as {default}")
    return text


def _changed(given: Mapping[str, Mapping[str, Any]], alerts: Iterable[str]) -> dict[str, dict[str, Any]]:
    _refuse_unknown("alert", given, alerts)
    for alert, change in given.items():
        _refuse_unknown(f"change of {alert}:", change, CHANGES)
        if change.get("severity", "page") not in SEVERITIES:
            raise BadInput(f"alert {alert}: severity is {change['severity']!r}. Give one of {', '.join(SEVERITIES)}")
        if not DURATION.fullmatch(str(change.get("for", "0"))):
            raise BadInput(f"alert {alert}: for is {change['for']!r}. Give a time as Prometheus has it, such as 30s")
        if not isinstance(change.get("enabled", True), bool):
            raise BadInput(f"alert {alert}: enabled is {change['enabled']!r}. Give true or false")
    return {alert: dict(change) for alert, change in given.items()}


def _refuse_unknown(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    names = list(known)
    for name in given:
        if name not in names:
            close = difflib.get_close_matches(str(name), names, n=1)
            cure = f"Did you mean {close[0]}?" if close else f"There are {', '.join(names)}"
            raise BadInput(f"{what} {name} is unknown. {cure}")
