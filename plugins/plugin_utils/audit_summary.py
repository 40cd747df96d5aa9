# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audits of many hosts as one: the worst hosts first, and the rules that most of them break."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def audit_summary(audits: Mapping[str, Mapping[str, Any]], asked: Sequence[str]) -> dict[str, Any]:
    """Return what a page needs of the results of hardening_info by host; of `asked`, who has none could not be read.

    `hosts` has the lowest score first, each with its broken rules, the heaviest first; `rules` those that are broken
    anywhere, by weight times number of hosts.
    """
    hosts = [_host(name, audits[name]) for name in asked if name in audits]
    broken: dict[str, dict[str, Any]] = {}
    for host in hosts:
        for rule in host["broken"]:
            broken.setdefault(rule["id"], {**rule, "hosts": []})["hosts"].append(host["name"])
    return {
        "hosts": sorted(hosts, key=lambda one: (one["score"], one["name"])),
        "rules": sorted(broken.values(), key=lambda one: (-one["weight"] * len(one["hosts"]), one["id"])),
        "unread": sorted(set(asked) - set(audits)),
    }


def _host(name: str, audit: Mapping[str, Any]) -> dict[str, Any]:
    rules = audit["rules"]
    broken = [one for one in rules if not one["ok"] and not one["left_out"]]
    layers = dict.fromkeys(one["layer"] for one in rules)
    return {
        "name": name,
        "score": audit["score"],
        "kept": sum(1 for one in rules if one["ok"] and not one["left_out"]),
        "broken": sorted(broken, key=lambda one: (-one["weight"], one["id"])),
        "left_out": [one for one in rules if one["left_out"]],
        "layers": {layer: sum(1 for one in broken if one["layer"] == layer) for layer in layers},
    }
