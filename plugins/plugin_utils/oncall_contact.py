# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contacts of an on-call file as the integrations of an Alertmanager receiver. Their values are secrets and are never told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import Contact
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_node import Node

_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_URL = re.compile(r"https?://[^\s/]+\S*")
_PASSED_THROUGH = re.compile(r"[a-z]+_configs")
# Short words: which integration, which of its keys the value is, and what such a value looks like.
_WORDS: dict[str, tuple[str, str, Callable[[str], object], str]] = {
    "email": ("email_configs", "to", _ADDRESS.fullmatch, "Give an address with an @"),
    "webhook": ("webhook_configs", "url", _URL.fullmatch, "Give an http or https URL, from the vault"),
    "chat": (
        "slack_configs",
        "api_url",
        _URL.fullmatch,
        "Give the http or https URL of its incoming webhook, from the vault",
    ),
}


def plain(value: Any) -> Any:
    """Return a value with every text in it decrypted and a text like any other.

    Before core 2.19 one that is vaulted in place is no text yet; since then it remembers its ciphertext, which YAML would get.
    """
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, Sequence) and not isinstance(value, bytes) else value


def contact(node: Node) -> Contact:
    """Return the integrations of a contact, in the order of their names; note what cannot be one. None is no contact.

    A value may be one or a list; a mapping is passed through with its key put in by name. Resolved alerts are told too.
    """
    if node.value is None:
        return {}
    node = node.holding(plain(node.value))
    if not isinstance(node.value, Mapping):
        node.refuse(
            f"this is no mapping. Give one or several of {', '.join(_WORDS)}, or an integration as Alertmanager has it"
        )
        return {}
    found: dict[str, list[Mapping[str, Any]]] = {}
    for key in sorted(node.value, key=str):
        child = node.child(str(key))
        if key in _WORDS:
            found.setdefault(_WORDS[key][0], []).extend(_integrations(child, key))
        elif isinstance(key, str) and _PASSED_THROUGH.fullmatch(key):
            found.setdefault(key, []).extend(_passed(child))
        else:
            node.refuse(
                f"the key {key!r} is unknown. Known are {', '.join(_WORDS)}, and email_configs and the like of Alertmanager"
            )
    return {key: tuple(found[key]) for key in sorted(found) if found[key]}


def _integrations(node: Node, word: str) -> list[Mapping[str, Any]]:
    _integration, key, fits, cure = _WORDS[word]
    given = node.value if isinstance(node.value, list) else [node.value]
    found: list[Mapping[str, Any]] = []
    for one in given:
        told: dict[str, Any] = dict(one) if isinstance(one, Mapping) else {key: one}
        if isinstance(told.get(key), str) and fits(told[key]):
            found.append({"send_resolved": True, **told})
        else:
            node.refuse(f"this is no {word}. {cure}")
    return found


def _passed(node: Node) -> list[Mapping[str, Any]]:
    if isinstance(node.value, list) and all(isinstance(one, Mapping) for one in node.value):
        return [dict(one) for one in node.value]
    node.refuse("this is no list of mappings. Give it as Alertmanager has it")
    return []
