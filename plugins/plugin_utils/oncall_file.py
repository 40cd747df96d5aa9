# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An on-call file as somebody wrote it: understood, with everything that is wrong or odd about how it is written."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_hours, rollout_clock
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_contact import contact
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_model import (
    Finding,
    Layer,
    Patch,
    Person,
    Rota,
    Schedule,
    Swap,
    Team,
)
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.oncall_node import Node

_SCHEDULE = ("people", "start", "shift", "handover", "time_zone", "days", "hours")
_LAYER = ("schedules", "escalate_after_s")
_TEAM = ("time_zone", "layers", "tickets", "overrides", "swaps", "holidays")
ESCALATE_AFTER_S = 900
UTC = ZoneInfo("UTC")


def read(given: object) -> tuple[Rota | None, list[Finding]]:
    """Return the rota and what is odd about the file; None instead of a rota when something is wrong.

    What shows only as time goes by, such as a gap, is not looked for here.
    """
    found: list[Finding] = []
    root = Node("", given, found)
    if not root.has_only(("people", "teams", "default_team"), ("people", "teams")):
        return None, [one._replace(place="monitoring_oncall") for one in found]
    people = {name: _person(name, node) for name, node in root.child("people").named()}
    teams = [_team(name, node, people) for name, node in root.child("teams").named()]
    default = _default_team(root, [team.name for team in teams])
    if any(one.level == "error" for one in found):
        return None, found
    _used(root, people, teams)
    return Rota(MappingProxyType(people), MappingProxyType({team.name: team for team in teams}), default), found


def _person(name: str, node: Node) -> Person:
    if node.value is None:
        node = node.holding({})
    node.has_only(("time_zone", "contact"))
    zone = node.child("time_zone").zone() if "time_zone" in node else UTC
    return Person(name, zone or UTC, contact(node.child("contact")))


def _used(root: Node, people: Mapping[str, Person], teams: list[Team]) -> None:
    """Note who is on call and cannot be reached, and who can be reached and is in no team."""
    for name, person in people.items():
        node = root.child("people").child(name)
        turns = [team.name for team in teams if name in team.people]
        if turns and not person.contact:
            node.refuse(
                f"{name} is on call for {', '.join(turns)} and has no contact. Give an email, a webhook or a chat"
            )
        if not turns:
            node.warn(f"{name} is in no team. Add {name} to one, or leave {name} out")


def _default_team(root: Node, names: list[str]) -> str:
    node = root.child("default_team")
    if node.value is None and len(names) == 1:
        return names[0]
    if node.value not in names:
        node.error("is no team", f"Say who gets the alerts that no team owns; teams are {', '.join(names)}")
    return str(node.value)


def _team(name: str, node: Node, people: Mapping[str, Person]) -> Team:
    node.has_only(_TEAM, ("time_zone", "layers"))
    zone = (node.child("time_zone").zone() if "time_zone" in node else None) or UTC
    base = [_layer(layer, zone, people) for layer in node.child("layers").items()]
    patches = {key: node.child(key).items() for key in ("holidays", "swaps", "overrides")}
    layers = []
    for number, layer in enumerate(base):
        mine = {
            key: [one for one in entries if _layer_of(one, len(base)) == number] for key, entries in patches.items()
        }
        layers.append(
            Layer(
                layer.place,
                layer.schedules,
                layer.escalate_after_s,
                tuple(patch for one in mine["holidays"] for patch in _holiday(one, zone, people)),
                tuple(swap for one in mine["swaps"] if (swap := _swap(one, zone, people))),
                tuple(patch for one in mine["overrides"] if (patch := _override(one, zone, people))),
            )
        )
    for entry in [one for entries in patches.values() for one in entries if _layer_of(one, len(base)) is None]:
        entry.child("layer").error("is no layer of this team", f"Give 0 to {len(base) - 1}; 0 is paged first")
    return Team(name, zone, tuple(layers), contact(node.child("tickets")))


def _layer_of(entry: Node, count: int) -> int | None:
    """Return the layer that an override, swap or holiday is for, the first where it says nothing."""
    number = entry.value.get("layer", 0) if isinstance(entry.value, Mapping) else 0
    return number if number in range(count) and not isinstance(number, bool) else None


def _layer(node: Node, zone: ZoneInfo, people: Mapping[str, Person]) -> Layer:
    """A layer of one schedule may say at once what the schedule would."""
    several = "schedules" in node
    if node.has_only(_LAYER if several else (*_SCHEDULE, "escalate_after_s"), ("schedules",) if several else ()):
        after = node.child("escalate_after_s").number(60) if "escalate_after_s" in node else ESCALATE_AFTER_S
        entries = node.child("schedules").items() if several else [node]
        schedules = [_schedule(entry, zone, people, inline=not several) for entry in entries]
        return Layer(node.place, tuple(one for one in schedules if one), after or ESCALATE_AFTER_S)
    return Layer(node.place, (), ESCALATE_AFTER_S)


def _schedule(node: Node, zone: ZoneInfo, people: Mapping[str, Person], *, inline: bool) -> Schedule | None:
    if not node.has_only((*_SCHEDULE, "escalate_after_s") if inline else _SCHEDULE, ("people", "start")):
        return None
    own = node.child("time_zone").zone() if "time_zone" in node else zone
    names = [name for one in node.child("people").items() if (name := _known(one, people))]
    hours = oncall_hours.shift_hours(node.child("shift"))
    parts = oncall_hours.windows(node)
    anchor = oncall_hours.anchor(node, hours) if hours else None
    if own is None or not names or hours is None or parts is None or anchor is None:
        return None
    return Schedule(node.place, tuple(names), anchor, hours, own, parts)


def _known(node: Node, people: Mapping[str, Person]) -> str:
    """Return the name of somebody in `people`, "" after noting that it is nobody's."""
    if isinstance(node.value, str) and node.value in people:
        return node.value
    near = difflib.get_close_matches(str(node.value), list(people), 1)
    meant = f"Did you mean {near[0]}? " if near else ""
    node.error("is nobody in people", f"{meant}Known are {', '.join(people) or 'none'}")
    return ""


def _time(node: Node, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return from when to when, in UTC. A `to` that is only a day counts whole."""
    begins, ends = node.child("from").local(), node.child("to").local(end=True)
    if begins is None or ends is None:
        return None
    if ends <= begins:
        node.child("to").error(f"is not after from {str(node.child('from').value)!r}", "Swap or mend them")
        return None
    return rollout_clock.moment(begins, zone), rollout_clock.moment(ends, zone)


def _override(node: Node, zone: ZoneInfo, people: Mapping[str, Person]) -> Patch | None:
    if not node.has_only(("person", "from", "to", "layer", "reason"), ("person", "from", "to")):
        return None
    person, when = _known(node.child("person"), people), _time(node, zone)
    why = _text(node.child("reason"))
    return Patch(node.place, *when, person, f"override: {why}" if why else "override") if person and when else None


def _swap(node: Node, zone: ZoneInfo, people: Mapping[str, Person]) -> Swap | None:
    if not node.has_only(("people", "from", "to", "layer"), ("people", "from", "to")):
        return None
    names = [name for one in node.child("people").items() if (name := _known(one, people))]
    when = _time(node, zone)
    if len(set(names)) != 2 or len(names) != 2:
        node.child("people").refuse("these are not two who swap. Give two different people")
        return None
    return Swap(node.place, *when, (names[0], names[1])) if when else None


def _holiday(node: Node, zone: ZoneInfo, people: Mapping[str, Person]) -> list[Patch]:
    """Return one patch for each day: those who stand in take the days in turn."""
    if not node.has_only(("name", "dates", "people", "layer"), ("name", "dates", "people")):
        return []
    days = sorted(day for one in node.child("dates").items() if (day := one.day()))
    names = [name for one in node.child("people").items() if (name := _known(one, people))]
    why = f"holiday: {_text(node.child('name'))}"
    midnights = [datetime.combine(day, datetime.min.time()) for day in days]
    return [
        Patch(
            node.place,
            rollout_clock.moment(midnight, zone),
            rollout_clock.moment(midnight + timedelta(days=1), zone),
            names[number % len(names)],
            why,
        )
        for number, midnight in enumerate(midnights if names else [])
    ]


def _text(node: Node) -> str:
    value: Any = node.value
    return " ".join(str(value).split()) if value is not None else ""
