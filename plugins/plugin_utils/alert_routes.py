# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told of an alert with these labels at that moment: the routing of Alertmanager 0.25, simulated. Pure.

`amtool config routes test` ignores time, so it cannot tell who is paged on a Sunday at three.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TextIO

import yaml
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import alert_times

Config = Mapping[str, Any]
_INHERITED: dict[str, Any] = {
    "receiver": None,
    "group_by": [],
    "group_wait": "30s",
    "group_interval": "5m",
    "repeat_interval": "4h",
}
# A flag in the server's YAML, where it is a text here.
_YES = ("true", "yes", "on", "y")
_MATCHER = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)


class _Texts(yaml.SafeLoader):
    """Reads every scalar but null as text, as the server's fields want it: 17:00 is a time of day, and `on` a value of a label."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's way
        letter: [(tag, fits) for tag, fits in known if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")]
        for letter, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def load(file: TextIO | str) -> Any:
    """Return a configuration, values as the server has them. Raise YAMLError for what is no YAML, which quotes a text and no file."""
    return yaml.load(file, _Texts)  # noqa: S506 - a SafeLoader that knows fewer types


class Notice(NamedTuple):
    """A route that an alert comes to, and whether it is told there; `why` names what keeps it back, "" when nothing does.

    `path` has the matchers of each route on the way, the root left out; `ways` are kinds of integration.
    """

    receiver: str
    ways: tuple[str, ...]
    told: bool
    why: str
    path: tuple[str, ...]
    group_by: tuple[str, ...]
    group_wait: str
    group_interval: str
    repeat_interval: str


class _Route(NamedTuple):
    """A route with what it inherits. Time intervals are not inherited."""

    own: Config
    settings: Mapping[str, Any]
    path: tuple[str, ...]


def notices(config: Config, labels: Mapping[str, str], at: datetime) -> list[Notice]:
    """Return the routes that an alert comes to, in the order of the configuration, with what becomes of it at that moment.

    Raise BadInput for a configuration that cannot be read, with the value. Whether the server takes it, amtool knows.
    """
    root = config.get("route")
    if not isinstance(root, Mapping) or not root.get("receiver"):
        raise BadInput("the configuration has no route with a receiver. Give Alertmanager's whole configuration")
    ways = {str(one.get("name")): _ways(one) for one in config.get("receivers") or []}
    named = {
        one["name"]: one.get("time_intervals") or []
        for key in ("time_intervals", "mute_time_intervals")
        for one in config.get(key) or []
    }
    reached = _reached(_Route(root, _settings(root, _INHERITED), ()), labels)
    return [_notice(route, ways, named, at) for route in reached]


def paged(config: Config, labels: Mapping[str, str], at: datetime) -> list[str]:
    """Return the receivers that are told, each once."""
    return list(dict.fromkeys(one.receiver for one in notices(config, labels, at) if one.told))


def _ways(receiver: Config) -> tuple[str, ...]:
    """Return the kinds of integration, without what they hold: those are secrets."""
    suffix = "_configs"
    return tuple(key[: -len(suffix)] for key in sorted(receiver) if key.endswith(suffix) and receiver[key])


def _settings(route: Config, above: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: route[key] if route.get(key) not in (None, "", []) else value for key, value in above.items()}


def _reached(route: _Route, labels: Mapping[str, str]) -> list[_Route]:
    """Return the deepest routes that take the alert; it goes on to the next sibling only where one says `continue`."""
    found: list[_Route] = []
    for child in route.own.get("routes") or []:
        if not all(matches(one, labels) for one in matchers(child)):
            continue
        path = (*route.path, ", ".join(map(str, matchers(child))) or "any alert")
        found += _reached(_Route(child, _settings(child, route.settings), path), labels)
        if str(child.get("continue")).lower() not in _YES:
            break
    return found or [route]


def _notice(route: _Route, ways: Mapping[str, tuple[str, ...]], named: Mapping[str, Any], at: datetime) -> Notice:
    receiver = str(route.settings["receiver"])
    if receiver not in ways:
        raise BadInput(f"the receiver {receiver!r} is not in the configuration. Known are {', '.join(ways) or 'none'}")
    muted = [name for name in route.own.get("mute_time_intervals") or [] if _holds(name, named, at)]
    active = route.own.get("active_time_intervals") or []
    closed = bool(active) and not any(_holds(name, named, at) for name in active)
    why = f"muted by {', '.join(muted)}" if muted else f"outside {', '.join(active)}" if closed else ""
    return Notice(
        receiver,
        ways[receiver],
        not why,
        why,
        route.path,
        tuple(route.settings["group_by"]),
        *(str(route.settings[key]) for key in ("group_wait", "group_interval", "repeat_interval")),
    )


def _holds(name: str, named: Mapping[str, Any], at: datetime) -> bool:
    if name not in named:
        raise BadInput(
            f"the time interval {name!r} is not in the configuration. Known are {', '.join(named) or 'none'}"
        )
    return alert_times.holds(named[name], at)


class Matcher(NamedTuple):
    """One condition on a label; a label that is not there is empty."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'


def matchers(route: Config) -> list[Matcher]:
    """Return the conditions of a route, in all three ways that Alertmanager has for them."""
    found = [Matcher(label, "=", str(value)) for label, value in sorted((route.get("match") or {}).items())]
    found += [Matcher(label, "=~", str(value)) for label, value in sorted((route.get("match_re") or {}).items())]
    return [*found, *(one for text in route.get("matchers") or [] for one in parse(str(text)))]


def parse(text: str) -> list[Matcher]:
    """Return the matchers of one text, which may be several, in braces or not. Raise BadInput for what is none."""
    inner = text.strip()
    if inner.startswith("{") != inner.endswith("}"):
        raise BadInput(f"matchers: {text!r} has one brace of two. Close it")
    if inner.startswith("{"):
        inner = inner[1:-1]
    return [_parse_one(part) for part in _parts(inner) if part.strip()]


def _parts(text: str) -> Iterator[str]:
    """Yield what lies between commas, those in quotes left alone."""
    part, quoted, escaped = "", False, False
    for letter in text:
        if letter == "," and not quoted:
            yield part
            part = ""
            continue
        if letter == '"' and not escaped:
            quoted = not quoted
        escaped = letter == "\\" and not escaped
        part += letter
    yield part


def _parse_one(text: str) -> Matcher:
    match = _MATCHER.fullmatch(text)
    if match is None:
        raise BadInput(f'matchers: {text!r} is none. Write label="value", with =, !=, =~ or !~')
    return Matcher(match[1], match[2], _unquoted(match[3]))


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    known = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}
    return re.sub(r"\\.", lambda found: known.get(found[0], found[0]), text, flags=re.DOTALL)


def matches(one: Matcher, labels: Mapping[str, str]) -> bool:
    """Return whether the condition holds; a regular expression must fit the whole value."""
    value = labels.get(one.label, "")
    if one.operator in ("=", "!="):
        return (value == one.value) == (one.operator == "=")
    try:
        # In Go's expressions \d, \w and \s are ASCII.
        found = re.fullmatch(one.value, value, re.ASCII) is not None
    except re.error as error:
        raise BadInput(f"matchers: {one.value!r} is no regular expression: {error}") from error
    return found == (one.operator == "=~")


def as_data(found: Sequence[Notice]) -> list[dict[str, Any]]:
    """Return the notices as plain data."""
    return [
        {key: list(value) if isinstance(value, tuple) else value for key, value in one._asdict().items()}
        for one in found
    ]
